// Whether answers are kept: the person's consent, and the calls that keep, judge, list and delete them.

import { call } from "./api.js";
import { $, toast } from "./dom.js";
import { splitPages } from "./labels.js";
import { t } from "./texts.js";

const CONSENT = "inkdigits-keep";
const MOST_PX = 1600; // the service keeps no larger pictures
const QUALITY = 0.9;

export class Keeping extends EventTarget {
  constructor() {
    super();
    this.about = { is_on: false, place: "", review_below: 0, counts: { open: 0, confirmed: 0, corrected: 0 } };
    this.chosen = read(); // "on", "off" or "" while the person has not chosen
    this.asking = null;
    this.pending = new Map(); // id -> the call under way: calls for one answer go one after the other
    $("keep").addEventListener("click", () => this.choose(this.isOn ? "off" : "on"));
    $("keep-dialog").addEventListener("close", () => {
      if (this.chosen === "") this.choose($("keep-dialog").returnValue === "keep" ? "on" : "off");
      this.asking?.(this.isOn);
      this.asking = null;
    });
    this.render();
  }

  // True if the service has a place for answers.
  get isPossible() {
    return this.about.is_on;
  }

  get isOn() {
    return this.isPossible && this.chosen === "on";
  }

  async load() {
    try {
      this.about = await (await call("/v1/corrections")).json();
    } catch {
      return; // the page works without
    }
    this.changed();
  }

  choose(chosen) {
    this.chosen = chosen;
    try {
      localStorage.setItem(CONSENT, chosen);
    } catch {
      // private windows may refuse; the choice then lasts until the page is left
    }
    this.changed();
  }

  // Asks once, the first time that there is something to keep.
  async ask() {
    if (!this.isPossible) return false;
    if (this.chosen !== "" || $("keep-dialog").open) return this.isOn;
    return new Promise((resolve) => {
      this.asking = resolve;
      $("keep-dialog").returnValue = "";
      $("keep-dialog").showModal();
    });
  }

  changed() {
    this.render();
    this.dispatchEvent(new Event("change"));
  }

  render() {
    const host = location.hostname;
    const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(host);
    const place = t(`keep.place.${this.about.place || "file"}${isLocal ? "" : ".there"}`, { host });
    $("keep-row").hidden = !this.isPossible;
    $("keep").setAttribute("aria-checked", String(this.isOn));
    $("keep-note").textContent = t(this.isOn ? "keep.on" : "keep.off", { place });
    $("keep-dialog-text").textContent = t("keep.text", { place });
    $("private").hidden = this.isOn;
    $("private").textContent = t(isLocal ? "answer.private.here" : "answer.private.there", { host });
  }

  // Keeps an answer; labels null puts it into the review queue. Resolves to true once it is on the service's disk.
  async keep({ id, reading, getPicture }, labels) {
    if (!this.isOn) return false;
    const before = this.pending.get(id) ?? Promise.resolve();
    const now = before.catch(() => {}).then(() => this.send(id, reading, labels, getPicture));
    this.pending.set(id, now);
    try {
      await now;
    } catch (problem) {
      toast(`${t("keep.failed")} ${problem.message}`);
      return false;
    } finally {
      if (this.pending.get(id) === now) this.pending.delete(id);
    }
    await this.load();
    return true;
  }

  async send(id, reading, labels, getPicture) {
    const parts = splitPages(reading, labels);
    for (const part of parts) {
      const picture = await getPicture(part.page).catch(() => null);
      const body = { id: parts.length > 1 ? `${id}-p${part.page}` : id, consent: true, reading: part.reading, picture };
      if (part.labels) body.labels = part.labels;
      await call("/v1/corrections", { method: "POST", json: body });
    }
  }

  async judge(id, labels) {
    const answer = await call(`/v1/review/${id}`, { method: "POST", json: { labels } });
    const judged = await answer.json();
    await this.load();
    return judged;
  }

  async forget(id) {
    await call(`/v1/review/${id}`, { method: "DELETE" });
    await this.load();
  }

  async forgetAll() {
    const answer = await call("/v1/corrections", { method: "DELETE" });
    await this.load();
    return (await answer.json()).deleted;
  }

  async list(state, before) {
    const rest = before === null ? "" : `&before=${before}`;
    return (await call(`/v1/review?state=${state}&limit=20${rest}`)).json();
  }

  async loadPicture(id) {
    return (await call(`/v1/review/${id}/picture`)).blob();
  }
}

function read() {
  try {
    return localStorage.getItem(CONSENT) ?? "";
  } catch {
    return "";
  }
}

// crypto.randomUUID is there on https and this machine only.
export function makeId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.slice(reader.result.indexOf(",") + 1)));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

// A picture as base64, no larger than what is kept; source: anything that a canvas draws.
export async function encodePicture(source, width, height, { type = "image/jpeg" } = {}) {
  const scale = Math.min(1, MOST_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return toBase64(await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY)));
}
