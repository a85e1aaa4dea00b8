// Review: kept answers that want a person's eye, and those that were judged; the answer panel judges them.

import { $, make, pressed, speak, toast } from "./dom.js";
import { isCorrected, listDigits } from "./labels.js";
import { Overlay } from "./overlay.js";
import { t } from "./texts.js";

const STATES = ["open", "judged"];

export function startReview(answer, keeping) {
  let state = "open";
  let items = []; // of answer.js, with `kept`: as the service told it
  let next = null;
  let current = 0;
  let isShown = false;
  let loads = 0;
  const pictures = new Map(); // id -> address of the picture, or "" where none is kept
  const picture = make("img", { alt: "" });
  const layer = make("div", { className: "overlay", "aria-hidden": "true" });
  const overlay = new Overlay(layer);

  async function load({ more = false } = {}) {
    loads += 1;
    const turn = loads;
    try {
      const page = await keeping.list(state, more ? next : null);
      if (turn !== loads) return; // a newer list is on its way
      items = [...(more ? items : []), ...page.items.map(toItem)];
      next = page.next;
    } catch (problem) {
      toast(`${problem.message} ${problem.remedy ?? ""}`.trim());
    }
    current = Math.max(0, Math.min(current, items.length - 1));
    render();
  }

  function toItem(kept) {
    const reading = { ...kept.reading, forms: kept.digits.map((digit) => digit.form) };
    const isJudged = kept.state !== "open";
    const item = { id: kept.id, name: kept.id, reading, kept, isFinal: true };
    if (isJudged) {
      const labels = kept.digits.map((digit) => digit.correction ?? digit.label);
      Object.assign(item, { labels, verdict: kept.state, isKept: true });
    }
    const from = state;
    item.judge = async (labels, { isDone }) => {
      await keeping.judge(kept.id, labels);
      if (state !== from) load(); // the other list was chosen meanwhile, and may lack it
      else if (isDone && state === "open") advance(item);
    };
    return item;
  }

  // What is judged leaves the queue; the next one comes to the front.
  function advance(item) {
    const place = items.indexOf(item);
    if (place < 0) return;
    items.splice(place, 1);
    if (current > place || current >= items.length) current = Math.max(0, current - 1);
    if (!items.length && next !== null) load();
    else render();
  }

  function render() {
    const item = items[current];
    const { counts } = keeping.about;
    $("review-empty").hidden = Boolean(item);
    $("review-viewer").hidden = !item;
    $("review-tools").hidden = !item;
    $("review-title").textContent = t(`review.empty.${state}`);
    $("review-sub").textContent = t(keeping.isOn ? `review.sub.${state}` : "review.sub.off");
    $("review-open").querySelector("span").textContent = t("review.open", { count: counts.open });
    $("review-judged").querySelector("span").textContent = t("review.judged", { count: counts.confirmed + counts.corrected });
    for (const each of STATES) pressed($(`review-${each}`), each === state);
    $("forget-all").disabled = counts.open + counts.confirmed + counts.corrected === 0;
    renderStrip();
    if (!isShown) return;
    if (!item) {
      answer.clear("review");
      return;
    }
    renderPicture(item);
    answer.show("review", { items, current });
  }

  async function renderPicture(item) {
    const size = item.reading.pages[0];
    const fit = make("div", { className: "fit" });
    overlay.clear();
    if (item.kept.has_picture && !pictures.has(item.id)) {
      try {
        pictures.set(item.id, URL.createObjectURL(await keeping.loadPicture(item.id)));
      } catch {
        pictures.set(item.id, "");
      }
      if (items[current] !== item || !isShown) return;
    }
    const url = pictures.get(item.id);
    if (!url) {
      $("review-viewer").replaceChildren(make("p", { className: "note", text: t("review.noPicture") }));
      return;
    }
    fit.style.setProperty("--ratio", size.width / size.height);
    fit.append(picture, layer);
    $("review-viewer").replaceChildren(fit);
    picture.alt = t("review.picture", { text: item.reading.text });
    picture.src = url;
    overlay.show(item.reading, 0);
    overlay.relabel(listDigits(item.reading), item.labels);
    overlay.pick(answer.picked);
  }

  function renderStrip() {
    const buttons = items.map((item, index) => {
      const form = item.reading.forms.find(Boolean);
      const text = describe(item);
      const button = make(
        "button",
        {
          className: "kept",
          "aria-label": t("review.item", { text, place: index + 1 }),
          "aria-current": String(index === current),
          onclick: () => {
            current = index;
            render();
            $("review-strip").children[index]?.firstChild.focus();
          },
        },
        form ? make("img", { src: `data:image/png;base64,${form}`, alt: "" }) : "",
        make("span", { text }),
      );
      return make("li", {}, button);
    });
    if (next !== null) {
      const button = make("button", { className: "kept more", text: t("review.more"), onclick: () => load({ more: true }) });
      buttons.push(make("li", {}, button));
    }
    $("review-strip").replaceChildren(...buttons);
  }

  async function forget() {
    const item = items[current];
    try {
      await keeping.forget(item.id);
    } catch (problem) {
      toast(problem.message);
      return;
    }
    speak(t("review.forgotten"), { afterMs: 0 });
    advance(item);
    (items.length ? $("review-strip").children[current].firstChild : $("review-open")).focus();
  }

  async function forgetAll() {
    try {
      const count = await keeping.forgetAll();
      toast(t("review.forgottenAll", { count }));
    } catch (problem) {
      toast(problem.message);
    }
    for (const url of pictures.values()) if (url) URL.revokeObjectURL(url);
    pictures.clear();
    await load();
  }

  for (const each of STATES) {
    $(`review-${each}`).addEventListener("click", () => {
      state = each;
      current = 0;
      load();
    });
  }
  $("forget").addEventListener("click", forget);
  $("forget-all").addEventListener("click", () => {
    $("forget-dialog").returnValue = "";
    $("forget-dialog").showModal();
  });
  $("forget-dialog").addEventListener("close", () => {
    if ($("forget-dialog").returnValue === "delete") forgetAll();
  });
  keeping.addEventListener("change", () => {
    const isNew = keeping.isPossible && $("tab-review").hidden;
    $("tab-review").hidden = !keeping.isPossible;
    const { open } = keeping.about.counts;
    $("review-count").textContent = open > 99 ? "99+" : open || "";
    $("review-count").hidden = open === 0;
    if (isShown && isNew) load();
    else if (isShown) render();
  });

  return {
    enter: () => {
      isShown = true;
      if (keeping.isPossible) load();
    },
    leave: () => {
      isShown = false;
    },
    pick: (index) => overlay.pick(index),
    relabel: (digits, labels) => overlay.relabel(digits, labels),
    pickAside: (reason) => overlay.pickAside(reason),
    showAsides: (areShown) => overlay.showAsides(areShown),
  };
}

function describe({ reading, labels }) {
  const read = reading.text.replaceAll("\n", ", ");
  if (!isCorrected(reading, labels)) return read;
  return `${read} → ${labels.map((label) => (label === "none" ? "–" : label)).join("")}`;
}
