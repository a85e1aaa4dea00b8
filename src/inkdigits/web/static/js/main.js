// Puts the page together.

import { Answer } from "./answer.js";
import { call } from "./api.js";
import { startCamera } from "./camera.js";
import { $ } from "./dom.js";
import { startDraw } from "./draw.js";
import { Keeping } from "./keeping.js";
import { startReview } from "./review.js";
import { startTabs } from "./tabs.js";
import { applyTexts } from "./texts.js";
import { startUpload } from "./upload.js";

const EXAMPLES = `# one picture
curl -F file=@photo.jpg ORIGIN/v1/read

# the picture with boxes, as PNG
curl -F file=@photo.jpg -o boxes.png "ORIGIN/v1/read?format=annotated"

# five digits with a check sum; unsure ones as "?"
curl -F file=@card.png "ORIGIN/v1/read?field=length=16,checksum=luhn&min_confidence=0.9"

# pen strokes, [x, y] or [x, y, seconds]
curl -H "Content-Type: application/json" ORIGIN/v1/strokes \\
  -d '{"strokes": [[[80, 70], [190, 64], [122, 226]], [[104, 150], [176, 142]]]}'`;

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
$("programs-code").textContent = EXAMPLES.replaceAll("ORIGIN", location.origin);
$("programs-open").addEventListener("click", () => $("programs").showModal());
$("programs-close").addEventListener("click", () => $("programs").close());
$("programs").addEventListener("click", (event) => event.target === $("programs") && $("programs").close());

// A service with a key says so at once, not at the first stroke.
call("/v1/models")
  .then(() => keeping.load())
  .then(() => now === "review" && !keeping.isPossible && tabs.choose("draw"))
  .catch(() => {})
  .finally(() => document.body.classList.add("is-ready"));
