// Puts the page together.

import { Answer } from "./answer.js";
import { call } from "./api.js";
import { startCamera } from "./camera.js";
import { $ } from "./dom.js";
import { startDraw } from "./draw.js";
import { Keeping } from "./keeping.js";
import { startReview } from "./review.js";
import { startTabs } from "./tabs.js";
import { applyTexts, t } from "./texts.js";
import { startUpload } from "./upload.js";

applyTexts(document);
const keeping = new Keeping();
const answer = new Answer(keeping);
const ways = {};
let now = "";

const tabs = startTabs((way) => {
  if (way === now) return;
  ways[now]?.leave();
  now = way;
  answer.enter(way, ways);
  ways[way].enter();
});

ways.draw = startDraw(answer);
ways.upload = startUpload(answer, { show: () => tabs.choose("upload") });
ways.camera = startCamera(answer);
ways.review = startReview(answer, keeping);

tabs.begin();

$("theme").addEventListener("click", () => dispatchEvent(new Event("themetoggle")));
$("programs-code").textContent = t("programs.code", { origin: location.origin });
$("programs-open").addEventListener("click", () => $("programs").showModal());
$("programs-close").addEventListener("click", () => $("programs").close());
$("programs").addEventListener("click", (event) => event.target === $("programs") && $("programs").close());

// A service with a key says so at once, not at the first stroke.
call("/v1/models")
  .then(() => keeping.load())
  .then(() => now === "review" && !keeping.isPossible && tabs.choose("draw"))
  .catch(() => {})
  .finally(() => document.body.classList.add("is-ready"));
