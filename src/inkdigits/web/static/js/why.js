// Why? The form of the marked digit, large, its ink coloured where it speaks for the answer or against it.
// Asked of the service only while the panel is open, and only about forms that have come to rest.

import { explainForm } from "./api.js";
import { $, speak } from "./dom.js";
import { t } from "./texts.js";

const SIDE = 28;
const MOST_REMEMBERED = 64;
// Orange and blue stay apart for every kind of colour vision. As .why-scale in answer.css.
const FOR = [255, 150, 28];
const AGAINST = [64, 150, 255];
const LEAST_NATS = 0.1; // covering what changes the odds by less than a tenth says nothing
const LEAST_SHARE = 0.2; // of the strongest place: what speaks against the answer less than this is not named
const PLACES = [
  ["top left", "top", "top right"],
  ["left", "middle", "right"],
  ["bottom left", "bottom", "bottom right"],
];

export class Why {
  constructor() {
    this.isOpen = false;
    this.digit = null;
    this.known = new Map(); // label and form -> saliency
    this.wanted = ""; // label and form that the panel shows or waits for
    this.aborter = null;
    this.isToBeSpoken = false;
    $("why").addEventListener("click", () => this.toggle());
  }

  toggle() {
    this.isOpen = !this.isOpen;
    this.isToBeSpoken = this.isOpen;
    $("why").setAttribute("aria-expanded", String(this.isOpen));
    this.render();
    if (this.isOpen) $("why-panel").scrollIntoView({ block: "nearest" });
  }

  // digit: {label, form, isFinal}, form: PNG in base64 or null; null without a marked digit.
  show(digit) {
    this.digit = digit;
    this.render();
  }

  render() {
    const { digit } = this;
    const canAsk = Boolean(digit) && (Boolean(digit.form) || !digit.isFinal);
    $("why").hidden = !canAsk;
    $("why-panel").hidden = !canAsk || !this.isOpen;
    if (canAsk) $("why").textContent = t("why.ask", { label: digit.label });
    const wanted = canAsk && this.isOpen && digit.form && digit.isFinal ? `${digit.label} ${digit.form}` : "";
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.aborter?.abort();
    const known = this.known.get(wanted);
    if (known) this.fill(known);
    else if (wanted) this.ask(wanted, digit);
    else this.wait();
  }

  wait() {
    $("why-panel").classList.add("is-stale");
    $("why-text").textContent = t("why.waiting");
  }

  async ask(wanted, { label, form }) {
    this.wait();
    this.aborter = new AbortController();
    try {
      const { saliency } = await explainForm(form, label, { signal: this.aborter.signal });
      this.known.set(wanted, { label, form, saliency });
      if (this.known.size > MOST_REMEMBERED) this.known.delete(this.known.keys().next().value);
      if (this.wanted === wanted) this.fill(this.known.get(wanted));
    } catch (problem) {
      if (problem.name === "AbortError" || this.wanted !== wanted) return;
      this.wanted = "";
      $("why-text").textContent = `${problem.message} ${problem.remedy ?? ""}`.trim();
    }
  }

  fill({ label, form, saliency }) {
    $("why-form").src = `data:image/png;base64,${form}`;
    paint($("why-heat"), saliency);
    $("why-for").textContent = t("why.for", { label });
    $("why-against").textContent = t("why.against");
    const text = describe(saliency, label);
    $("why-text").textContent = text;
    $("why-panel").classList.remove("is-stale");
    if (this.isToBeSpoken) speak(text, { afterMs: 0 });
    this.isToBeSpoken = false;
  }
}

// White where ink says nothing; the style sheet multiplies it with the form, so that paper stays black.
function paint(canvas, saliency) {
  const strongest = findStrongest(saliency.flat());
  const image = new ImageData(SIDE, SIDE);
  for (const [place, nats] of saliency.flat().entries()) {
    const share = strongest < LEAST_NATS ? 0 : Math.abs(nats) / strongest;
    const colour = nats < 0 ? AGAINST : FOR;
    image.data.set([...colour.map((part) => 255 + share * (part - 255)), 255], 4 * place);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// The map in words: where the strongest ink for the label stands, and where the strongest against it.
function describe(saliency, label) {
  const values = saliency.flat();
  const least = Math.max(LEAST_NATS, LEAST_SHARE * findStrongest(values));
  const [high, low] = [Math.max(...values), Math.min(...values)];
  const said = [];
  if (high >= least) said.push(t("why.mostFor", { label, place: namePlace(values.indexOf(high)) }));
  if (-low >= least) said.push(t("why.mostAgainst", { label, place: namePlace(values.indexOf(low)) }));
  return said.length ? said.join(" ") : t("why.nothing");
}

function findStrongest(values) {
  return Math.max(...values.map(Math.abs));
}

// Thirds of the 20 pixels in the middle, which hold the digit.
function namePlace(index) {
  const third = (at) => Math.max(0, Math.min(2, Math.floor((3 * (at - 4)) / 20)));
  return t(`why.place.${PLACES[third(Math.floor(index / SIDE))][third(index % SIDE)]}`);
}
