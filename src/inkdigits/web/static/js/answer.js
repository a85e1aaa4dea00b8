// The answer: the number, how sure, each digit, what was set aside. Each way in keeps its own.

import { Bars } from "./bars.js";
import { $, make, speak, toast } from "./dom.js";
import { save, toCsv, toJson } from "./exports.js";
import { describeChip, Judging } from "./judging.js";
import { applyLabels, listDigits, listSigns } from "./labels.js";
import { hasText, judge, percent, t } from "./texts.js";
import { Why } from "./why.js";

const MOST_CHIPS = 60;

export class Answer {
  constructor(keeping) {
    this.kept = new Map(); // way in -> what it last showed
    this.way = "draw";
    this.ways = {};
    this.bars = new Bars();
    this.why = new Why();
    this.picked = -1;
    this.isPickedByHand = false;
    this.forms = []; // what was last shown, for answers that come without
    this.judging = new Judging(this, keeping);
    $("copy").addEventListener("click", () => this.copy());
    $("csv").addEventListener("click", () => save("inkdigits.csv", toCsv(this.items), "text/csv"));
    $("json").addEventListener("click", () => save("inkdigits.json", toJson(this.items), "application/json"));
    $("aside").addEventListener("toggle", () => this.ways[this.way]?.showAsides?.($("aside").open));
  }

  // Tells which way in is in front; its last answer comes back.
  enter(way, ways) {
    this.way = way;
    this.ways = ways;
    this.picked = -1;
    this.isPickedByHand = false;
    ways[way].showAsides($("aside").open);
    this.render();
  }

  get state() {
    return this.kept.get(this.way) ?? null;
  }

  // Everything that copy and downloads take: all pictures of this way in, with the person's corrections.
  get items() {
    const read = (this.state?.items ?? []).filter((item) => item.reading);
    return read.map((item) => ({ ...item, reading: applyLabels(item.reading, item.labels) }));
  }

  // items: [{id, name, reading, isFinal, getPicture}]; current: which of them is in front
  show(way, state) {
    const before = this.kept.get(way);
    for (const item of state.items) keepLabels(item, before?.items.find((each) => each.id && each.id === item.id));
    this.kept.set(way, { current: 0, ...state });
    for (const item of state.items) this.judging.consider(item, way);
    if (way !== this.way) return;
    const now = this.state.items[this.state.current]?.reading;
    const count = now ? listDigits(now).length : 0;
    const isOther = before?.items?.[before.current]?.name !== this.state.items[this.state.current]?.name;
    if (isOther || !this.isPickedByHand || this.picked >= count) {
      this.isPickedByHand = false;
      this.picked = way === "upload" ? Math.min(0, count - 1) : way === "review" ? findWeakest(now) : count - 1;
    }
    this.render();
  }

  clear(way) {
    for (const item of this.kept.get(way)?.items ?? []) if (way === "draw") this.judging.drop(item.id);
    this.kept.delete(way);
    if (way === this.way) this.render();
  }

  fail(way, { detail, remedy = "" }) {
    this.kept.set(way, { items: [], current: 0, problem: `${detail} ${remedy}`.trim() });
    if (way === this.way) this.render();
  }

  wait(way) {
    this.kept.set(way, { items: [], current: 0, isWaiting: true, ...this.kept.get(way) });
    if (way === this.way) $("status").textContent = t("answer.reading");
  }

  render() {
    const { state } = this;
    const item = state?.items[state.current];
    const reading = item?.reading && applyLabels(item.reading, item.labels);
    $("status").textContent = statusOf(state);
    for (const id of ["copy", "csv", "json"]) $(id).disabled = !this.items.some((each) => each.reading.numbers.length);
    this.renderNumber(reading);
    this.renderVerdict(state, reading, item?.verdict);
    this.renderDigits(item?.reading, item?.labels);
    this.renderAside(reading);
    this.pick(this.picked);
  }

  renderNumber(reading) {
    const element = $("number");
    const lines = reading?.text ? reading.text.split("\n") : [];
    element.classList.toggle("is-empty", !lines.length);
    element.classList.toggle("many", lines.length > 1);
    const longest = Math.max(3, ...lines.map((line) => line.length));
    element.style.setProperty("--chars", longest);
    element.style.setProperty("--lines", lines.length);
    if (reading?.numbers.length === 1) {
      const signs = listSigns(reading.numbers[0]).map((sign) => {
        const tone = judge(sign.confidence, sign.is_sure);
        const text = sign.is_sure ? sign.label : "?";
        return tone === "sure" ? text : make("span", { className: tone, text });
      });
      element.replaceChildren(...signs);
    } else {
      element.textContent = lines.join("\n");
    }
    const figure = $("figure"); // a long list scrolls, and must then be reached by keyboard
    if (figure.scrollHeight > figure.clientHeight) figure.tabIndex = 0;
    else figure.removeAttribute("tabindex");
  }

  renderVerdict(state, reading, judged) {
    const element = $("verdict");
    const { tone, text } = judged ? { tone: "sure", text: "" } : explain(this.way, state, reading);
    const lead = judged ? t(`judge.verdict.${judged}`) : tone === "plain" || state?.problem ? "" : t(`answer.${tone}`);
    element.replaceChildren(...(lead ? [make("strong", { text: lead }), ` ${text}`] : [text]));
    element.className = `verdict ${tone}`;
    if (reading?.numbers.length || state?.problem) {
      const verdict = `${lead} ${text}`.trim();
      speak(t("answer.spoken", { text: reading?.text.replaceAll("\n", ", ") ?? "", verdict }));
    }
  }

  renderDigits(reading, labels) {
    const groups = [];
    let index = 0;
    const digits = reading ? listDigits(reading) : [];
    const forms = digits.map(({ label }, place) => {
      const before = this.forms[place];
      return reading.forms ? reading.forms[place] : before?.label === label ? before.form : null;
    });
    this.forms = digits.map(({ label }, place) => ({ label, form: forms[place] }));
    for (const number of reading?.numbers ?? []) {
      if (index >= MOST_CHIPS) break;
      const chips = number.digits.map((digit, place) => {
        index += 1;
        return this.makeChip(digit, index - 1, forms[index - 1], place + 1, number.text, labels?.[index - 1]);
      });
      const label = t("answer.group", { number: number.text });
      groups.push(make("div", { className: "group", role: "group", "aria-label": label }, ...chips));
    }
    const rest = digits.length - index;
    if (rest > 0) groups.push(make("span", { className: "more", text: t("answer.more", { count: rest }) }));
    const hadFocus = $("digits").contains(document.activeElement);
    $("digits").replaceChildren(...groups);
    if (hadFocus) $("digits").querySelector('[aria-pressed="true"]')?.focus();
  }

  makeChip(digit, index, form, place, number, correction) {
    const { label, small, tone, isChanged } = describeChip(digit, correction);
    const spoken = t(isChanged ? "answer.digitChanged" : "answer.digit", { label, small, place, number });
    const picture = form
      ? make("img", { src: `data:image/png;base64,${form}`, alt: "" })
      : document.createTextNode(digit.label);
    return make(
      "button",
      {
        className: `digit ${tone}`,
        "aria-pressed": "false",
        "aria-label": spoken,
        "data-index": index,
        onclick: () => {
          this.isPickedByHand = true;
          this.pick(index);
        },
      },
      make("span", { className: "form" }, picture),
      make("b", { text: label }),
      make("small", { text: small }),
    );
  }

  pick(index) {
    const { state } = this;
    const reading = state?.items[state.current]?.reading;
    const digits = reading ? listDigits(reading) : [];
    this.picked = Math.min(index, digits.length - 1);
    for (const chip of $("digits").querySelectorAll(".digit")) {
      chip.setAttribute("aria-pressed", String(Number(chip.dataset.index) === this.picked));
    }
    this.bars.show(digits[this.picked] ?? null);
    this.showWhy(digits[this.picked]);
    this.ways[this.way]?.pick?.(this.picked);
    this.ways[this.way]?.relabel?.(digits, state?.items[state.current]?.labels);
    this.judging.render();
  }

  showWhy(digit) {
    const { state } = this;
    const form = this.forms[this.picked]?.form ?? null;
    this.why.show(digit ? { label: digit.label, form, isFinal: Boolean(state.items[state.current].isFinal) } : null);
  }

  renderAside(reading) {
    const rejected = reading?.rejected ?? [];
    $("aside").hidden = rejected.length === 0;
    if (!rejected.length) return;
    $("aside-title").textContent =
      rejected.length === 1 ? t("answer.aside.one") : t("answer.aside.many", { count: rejected.length });
    const counts = new Map();
    for (const { reason } of rejected) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const point = (reason) => () => this.ways[this.way]?.pickAside?.(reason);
    const rows = [...counts].map(([reason, count]) => {
      const words = hasText(`reason.${reason}`) ? t(`reason.${reason}`) : reason;
      const button = make(
        "button",
        {
          onpointerenter: point(reason),
          onfocus: point(reason),
          onclick: point(reason),
          onpointerleave: point(""),
          onblur: point(""),
        },
        make("span", { text: words }),
        make("span", { text: String(count) }),
      );
      return make("li", {}, button);
    });
    $("aside-list").replaceChildren(...rows);
  }

  async copy() {
    const text = this.items.map((item) => item.reading.text).join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      toast(t("answer.notCopied"));
      return;
    }
    const name = $("copy").querySelector("span");
    const icon = $("copy").querySelector("use");
    name.textContent = t("answer.copied");
    icon.setAttribute("href", "#i-check");
    speak(t("answer.copied"), { afterMs: 0 });
    setTimeout(() => {
      name.textContent = t("answer.copy");
      icon.setAttribute("href", "#i-copy");
    }, 1600);
  }
}

// What wants to be looked at first.
function findWeakest(reading) {
  const confidences = (reading ? listDigits(reading) : []).map(({ confidence }) => confidence);
  return confidences.indexOf(Math.min(...confidences));
}

// While nothing changed, what the person said of it stays.
function keepLabels(item, before) {
  if (!before || before === item || item.labels || !before.labels || before.reading?.text !== item.reading?.text) return;
  Object.assign(item, { labels: before.labels, verdict: before.verdict, isKept: before.isKept });
}

function statusOf(state) {
  if (state?.isWaiting) return t("answer.reading");
  if (!state || state.ms === undefined || state.ms === null) return "";
  return t("answer.took", { ms: state.ms < 10 ? state.ms.toFixed(1) : Math.round(state.ms) });
}

function explain(way, state, reading) {
  if (state?.problem) return { text: state.problem, tone: "unsure" };
  if (!reading) return { text: t(`answer.idle.${way}`), tone: "plain" };
  const digits = listDigits(reading);
  if (!digits.length) {
    return { text: t(reading.rejected.length ? "answer.blankAside" : "answer.blank"), tone: "plain" };
  }
  const weakest = digits.reduce((least, digit) => (digit.confidence < least.confidence ? digit : least));
  if (reading.numbers.length > 1) {
    const told = { label: weakest.label, weakest: percent(weakest.confidence) };
    const text = t("answer.many", { numbers: reading.numbers.length, digits: digits.length, ...told });
    return { text, tone: judge(weakest.confidence, weakest.is_sure) };
  }
  const { confidence } = reading.numbers[0];
  const tone = judge(confidence, digits.every((digit) => digit.is_sure));
  const told = { percent: percent(confidence), label: weakest.label };
  if (digits.length === 1) return { text: t("answer.one", told), tone };
  return { text: t(tone === "sure" ? "answer.all" : "answer.weakest", told), tone };
}
