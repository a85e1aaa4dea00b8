// Ten bars, one a class; they are made once and only move.

import { $, make } from "./dom.js";
import { percent, t } from "./texts.js";

const LABELS = [..."0123456789"];
const SHOWN_FROM = 0.01;

export class Bars {
  constructor() {
    this.parts = new Map();
    for (const label of LABELS) {
      const value = make("small");
      const level = make("i");
      const bar = make("div", { className: "bar" }, value, level, make("span", { text: label }));
      $("bars").append(bar);
      this.parts.set(label, { bar, level, value });
    }
    this.show(null);
  }

  show(digit) {
    const probabilities = new Map(LABELS.map((label) => [label, 0]));
    if (digit) {
      probabilities.set(digit.label, digit.confidence);
      for (const { label, confidence } of digit.alternatives) probabilities.set(label, confidence);
    }
    for (const [label, { bar, level, value }] of this.parts) {
      const probability = probabilities.get(label);
      level.style.setProperty("--value", probability);
      value.textContent = probability >= SHOWN_FROM ? percent(probability).replaceAll(" ", "").replace("%", "") : "";
      bar.classList.toggle("best", digit?.label === label);
    }
    const named = [...probabilities].filter(([, p]) => p >= SHOWN_FROM).sort((a, b) => b[1] - a[1]);
    $("chart-text").textContent = named.map(([label, p]) => `${label}: ${percent(p)}`).join(", ");
    $("chart-title").textContent = digit ? t("answer.chartOf", { label: digit.label }) : t("answer.chart");
  }
}
