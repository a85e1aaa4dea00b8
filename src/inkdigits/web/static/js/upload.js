// Upload: pictures from files, drops, the clipboard and a telephone's camera; several at once, pages of a document.

import { readPicture } from "./api.js";
import { $, make, pressable, toast } from "./dom.js";
import { encodePicture, makeId } from "./keeping.js";
import { Overlay } from "./overlay.js";
import { t } from "./texts.js";

const SIDE_BY_SIDE = 2; // pictures that are read at the same time
const MOST = 50;
const SHOWN_BY_BROWSERS = ["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp"];
const SAMPLES = ["amount", "blackboard", "postal-code", "list"];

export function startUpload(answer, { show }) {
  let pictures = []; // {name, blob, url, state, reading, ms, problem, page}
  let current = 0;
  let running = 0;
  let depth = 0; // of dragenter events without their dragleave
  const picture = make("img", { alt: "" });
  const layer = make("div", { className: "overlay", "aria-hidden": "true" });
  const overlay = new Overlay(layer);

  function add(files) {
    const room = MOST - pictures.length;
    if (files.length > room) toast(t("upload.many", { most: MOST }));
    const added = [...files].slice(0, Math.max(0, room)).map((file) => ({
      id: makeId(),
      name: file.name || "pasted.png",
      blob: file,
      url: SHOWN_BY_BROWSERS.includes(file.type) ? URL.createObjectURL(file) : "",
      state: "wait",
      page: 0,
    }));
    if (!added.length) return;
    current = pictures.length;
    pictures = [...pictures, ...added];
    show();
    render();
    work();
  }

  async function work() {
    const next = pictures.find((each) => each.state === "wait");
    if (!next || running >= SIDE_BY_SIDE) return;
    running += 1;
    next.state = "reading";
    render();
    work();
    try {
      const { reading, ms } = await readPicture(next.blob, { name: next.name, pages: !next.url });
      Object.assign(next, { state: "done", reading, ms });
    } catch (problem) {
      Object.assign(next, { state: "failed", problem: `${problem.message} ${problem.remedy ?? ""}`.trim() });
    }
    running -= 1;
    render();
    work();
  }

  function urlOf(item, page) {
    const sent = item.reading?.pictures?.[page];
    return sent ? `data:image/jpeg;base64,${sent}` : item.url;
  }

  function render() {
    const item = pictures[current];
    $("drop-empty").hidden = pictures.length > 0;
    $("viewer").hidden = pictures.length === 0;
    $("upload-tools").hidden = pictures.length === 0;
    renderStrip();
    if (!item) {
      answer.clear("upload");
      return;
    }
    renderPicture(item);
    const items = pictures.map((each) => (each.item = toItem(each)));
    if (item.state === "failed") answer.show("upload", { items, current, problem: item.problem });
    else answer.show("upload", { items, current, ms: item.ms, isWaiting: item.state !== "done" });
  }

  // The same object as long as the picture is the same: what the person says of it stays in it.
  function toItem(each) {
    if (each.item?.reading) return each.item;
    const { id, name, reading } = each;
    return { id, name, reading, isFinal: true, getPicture: (page) => getPicture(each, page) };
  }

  async function getPicture({ reading, blob }, page) {
    if (reading.pictures?.[page]) return reading.pictures[page];
    const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
    return encodePicture(bitmap, bitmap.width, bitmap.height);
  }

  function renderPicture(item) {
    const pages = item.reading?.pages.length ?? 1;
    $("pager").hidden = pages < 2;
    $("page-name").textContent = t("upload.page", { page: item.page + 1, pages });
    $("page-back").disabled = item.page === 0;
    $("page-next").disabled = item.page >= pages - 1;
    const url = urlOf(item, item.page);
    $("viewer").classList.toggle("is-reading", item.state === "reading");
    overlay.clear();
    if (!url) {
      const title = item.state === "failed" ? t("upload.failed") : t("upload.reading");
      $("viewer").replaceChildren(make("p", { className: "note" }, make("strong", { text: item.name }), title));
      return;
    }
    const fit = make("div", { className: "fit" }, picture, layer);
    $("viewer").replaceChildren(fit);
    picture.alt = t("upload.picture", { name: item.name });
    const size = item.reading?.pages[item.page];
    if (size) fit.style.setProperty("--ratio", size.width / size.height);
    picture.onload = () => {
      fit.style.setProperty("--ratio", picture.naturalWidth / picture.naturalHeight);
    };
    picture.onerror = () => {
      // A picture that this browser can't show may still be read; the service then sends it back.
      if (item.state === "done" || !item.url) return;
      item.url = "";
      item.state = item.state === "reading" ? "reading" : "wait";
    };
    picture.src = url;
    if (item.reading) overlay.show(item.reading, item.page);
  }

  function renderStrip() {
    const buttons = pictures.map((item, index) => {
      const state =
        item.state === "done" ? item.reading.text.replaceAll("\n", ", ") || t("answer.blank") : t(`upload.${item.state}`);
      const url = urlOf(item, 0);
      const button = make(
        "button",
        {
          className: item.state === "failed" ? "failed" : "",
          "aria-label": t("upload.file", { name: item.name, state }),
          "aria-current": String(index === current),
          title: item.name,
          onclick: () => {
            current = index;
            render();
          },
        },
        url ? make("img", { src: url, alt: "" }) : make("span", { text: item.name.split(".").at(-1).slice(0, 5) }),
      );
      return make("li", {}, button);
    });
    $("strip").replaceChildren(...buttons);
  }

  function turn(by) {
    pictures[current].page += by;
    render();
  }

  function remove() {
    const [gone] = pictures.splice(current, 1);
    if (gone.url) URL.revokeObjectURL(gone.url);
    current = Math.max(0, Math.min(current, pictures.length - 1));
    render();
    if (!pictures.length) $("choose").focus();
  }

  async function trySample(name) {
    const response = await fetch(`/static/samples/${name}.jpg`);
    add([new File([await response.blob()], `${name}.jpg`, { type: "image/jpeg" })]);
  }

  for (const name of SAMPLES) {
    const label = t("upload.sample", { name: t(`sample.${name}`) });
    const image = make("img", { src: `/static/samples/${name}.jpg`, alt: "", loading: "lazy" });
    const button = make("button", { "aria-label": label, title: label, onclick: () => trySample(name) }, image);
    $("samples").append(make("li", {}, button));
  }

  $("choose").addEventListener("click", () => $("files").click());
  $("more").addEventListener("click", () => $("files").click());
  $("photo").addEventListener("click", () => $("capture").click());
  for (const id of ["files", "capture"]) {
    $(id).addEventListener("change", (event) => {
      add(event.target.files);
      event.target.value = "";
    });
  }
  $("remove").addEventListener("click", remove);
  $("page-back").addEventListener("click", () => turn(-1));
  $("page-next").addEventListener("click", () => turn(1));
  pressable($("upload-boxes"), true, (isOn) => overlay.setShown(isOn));

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    show();
    $("drop-veil").hidden = false;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) $("drop-veil").hidden = true;
  });
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault(); // else the browser would leave this page for the file
    depth = 0;
    $("drop-veil").hidden = true;
    if (event.dataTransfer?.files.length) add(event.dataTransfer.files);
  });
  addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      add(event.clipboardData.files);
    }
  });

  return {
    enter: () => {},
    leave: () => {},
    pick: (index) => overlay.pick(index),
    relabel: (digits, labels) => overlay.relabel(digits, labels),
    pickAside: (reason) => overlay.pickAside(reason),
    showAsides: (areShown) => overlay.showAsides(areShown),
  };
}
