// Confirming and correcting the answer in front: one button, ten digits, "not a digit".

import { $, make, pressed, speak, toast } from "./dom.js";
import { NONE, isCorrected, listDigits } from "./labels.js";
import { judge, percent, t } from "./texts.js";

const LABELS = [..."0123456789"];
const SEND_MS = 700; // several corrections of one answer go out together
const QUEUE_MS = 1500; // an unsure drawing is queued once the pen has rested so long

export class Judging {
  constructor(answer, keeping) {
    this.answer = answer;
    this.keeping = keeping;
    this.timers = new Map(); // id -> timer
    this.queued = new Set();
    this.keys = new Map();
    for (const label of LABELS) this.keys.set(label, this.makeKey(label, label));
    $("keys").append(...this.keys.values());
    this.keys.set(NONE, $("key-none"));
    $("key-none").addEventListener("click", () => this.correct(NONE));
    $("confirm").addEventListener("click", () => this.confirm());
    $("detail").addEventListener("keydown", (event) => {
      if (!LABELS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.correct(event.key);
    });
    keeping.addEventListener("change", () => this.render());
  }

  makeKey(label, text) {
    return make("button", { className: "key", text, "aria-pressed": "false", onclick: () => this.correct(label) });
  }

  get item() {
    const { state } = this.answer;
    return state?.items[state.current] ?? null;
  }

  // Shows what can be said about the answer in front and its marked digit.
  render() {
    const { item } = this;
    const reading = item?.reading;
    const digits = reading ? listDigits(reading) : [];
    const picked = digits[this.answer.picked];
    const canJudge = digits.length > 0 && item.isFinal;
    $("confirm").hidden = !canJudge || !this.keeping.isPossible;
    $("keypad").hidden = !canJudge || !picked;
    if (!canJudge) return;
    pressed($("confirm"), Boolean(item.verdict));
    $("confirm").querySelector("span").textContent = t(item.verdict ? `judge.${item.verdict}` : "judge.confirm");
    $("judge-note").textContent = t(noteOf(item, this.keeping));
    if (!picked) return;
    const now = item.labels?.[this.answer.picked] ?? picked.label;
    for (const [label, key] of this.keys) pressed(key, label === now);
    $("keys").setAttribute("aria-label", t("judge.keypad", { label: picked.label }));
  }

  // What was read is right, or, after corrections, what now stands there.
  confirm() {
    const { item } = this;
    if (!item?.reading) return;
    this.say(item, item.labels ?? listDigits(item.reading).map((digit) => digit.label), 0);
  }

  correct(label) {
    const { item } = this;
    const place = this.answer.picked;
    if (!item?.reading || place < 0) return;
    const labels = item.labels ?? listDigits(item.reading).map((digit) => digit.label);
    this.say(item, labels.with(place, label), SEND_MS);
    const name = label === NONE ? t("judge.none") : label;
    speak(t("judge.spoken", { place: place + 1, label: name }), { afterMs: 0 });
  }

  async say(item, labels, afterMs) {
    item.labels = labels;
    item.verdict = isCorrected(item.reading, labels) ? "corrected" : "confirmed";
    item.isKept = false;
    this.answer.render();
    if (item.judge) {
      await this.judgeKept(item, labels, afterMs);
      return;
    }
    if (!(await this.keeping.ask())) {
      this.render();
      return;
    }
    this.later(item.id, afterMs, async () => {
      const isKept = await this.keeping.keep(item, item.labels);
      for (const each of [item, this.item]) if (each?.id === item.id) each.isKept = isKept;
      if (isKept) speak(t("judge.kept"), { afterMs: 0 });
      this.render();
    });
  }

  // An answer of the review: it is kept already.
  async judgeKept(item, labels, afterMs) {
    this.later(item.id, afterMs, async () => {
      try {
        await item.judge(item.labels, { isDone: afterMs === 0 });
        item.isKept = true;
        speak(t("judge.kept"), { afterMs: 0 });
      } catch (problem) {
        toast(`${t("keep.failed")} ${problem.message}`);
      }
      this.render();
    });
  }

  later(id, afterMs, work) {
    clearTimeout(this.timers.get(id));
    if (afterMs === 0) work();
    else this.timers.set(id, setTimeout(work, afterMs));
  }

  // Puts unsure answers into the review queue; takes a drawing out again that has become sure.
  consider(item, way) {
    if (!this.keeping.isOn || !item.isFinal || !item.reading || item.verdict || item.judge) return;
    const digits = listDigits(item.reading);
    const isUnsure = digits.some((digit) => digit.confidence < this.keeping.about.review_below);
    if (!isUnsure) {
      clearTimeout(this.timers.get(item.id));
      if (this.queued.delete(item.id)) this.keeping.forget(item.id).catch(() => {});
      return;
    }
    if (item.isConsidered) return;
    item.isConsidered = true;
    this.later(item.id, way === "draw" ? QUEUE_MS : SEND_MS, async () => {
      if (item.verdict) return;
      if (await this.keeping.keep(item, null)) this.queued.add(item.id);
    });
  }

  // The drawing is gone: what was about to be queued is not.
  drop(id) {
    clearTimeout(this.timers.get(id));
  }
}

function noteOf(item, keeping) {
  if (!item.verdict) return "judge.hint";
  if (item.isKept) return "judge.kept";
  return keeping.isOn ? "judge.keeping" : "judge.notKept";
}

// The label under a digit's form: what was read, or what the person says.
export function describeChip(digit, correction) {
  if (correction === undefined || correction === digit.label) {
    const label = digit.is_sure ? digit.label : `${digit.label}?`;
    return { label, small: percent(digit.confidence), tone: judge(digit.confidence, digit.is_sure), isChanged: false };
  }
  return { label: correction === NONE ? "–" : correction, small: t("judge.was", { label: digit.label }), tone: "changed", isChanged: true };
}
