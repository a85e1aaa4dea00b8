// Boxes over a drawing or picture, in per cent of it, so that they follow any size.

import { make } from "./dom.js";
import { describeChip } from "./judging.js";
import { judge } from "./texts.js";

const LEAST_TAG_PX = [15, 44]; // boxes narrower or lower than this carry no tag: it would hide the neighbours

const TAG_PX = 24;

export class Overlay {
  constructor(element) {
    this.element = element;
    this.digits = [];
    this.asides = [];
    this.isShown = true;
    this.areAsidesShown = false;
    this.picked = -1;
  }

  setShown(isShown) {
    this.isShown = isShown;
    this.element.classList.toggle("is-off", !isShown);
  }

  setStale(isStale) {
    this.element.classList.toggle("is-stale", isStale);
  }

  clear() {
    this.element.replaceChildren();
    this.digits = [];
    this.asides = [];
  }

  // Shows the boxes of one page of a reading.
  show(reading, page) {
    this.clear();
    this.setStale(false);
    const size = reading.pages[page];
    if (!size) return;
    const zoom = (this.element.clientWidth || size.width) / size.width;
    let index = -1;
    for (const number of reading.numbers) {
      for (const digit of number.digits) {
        index += 1;
        if (number.page !== page) continue;
        const box = this.place(digit.box, size, `box ${judge(digit.confidence, digit.is_sure)}`);
        box.append(make("b", { text: digit.is_sure ? digit.label : `${digit.label}?` }));
        const [, , width, height] = digit.box.map((length) => length * zoom);
        box.classList.toggle("small", width < LEAST_TAG_PX[0] || height < LEAST_TAG_PX[1]);
        box.classList.toggle("below", digit.box[1] * zoom < TAG_PX);
        this.digits.push([index, box]);
      }
      if (number.page !== page) continue;
      for (const mark of number.marks) this.place(mark.box, size, `box ${judge(mark.confidence, mark.is_sure)}`);
    }
    for (const item of reading.rejected) {
      if (item.page === page) this.asides.push([item.reason, this.place(item.box, size, "box rejected")]);
    }
    this.showAsides(this.areAsidesShown);
    this.pick(this.picked);
  }

  place([x, y, width, height], size, className) {
    const box = make("div", { className });
    box.style.left = `${(100 * x) / size.width}%`;
    box.style.top = `${(100 * y) / size.height}%`;
    box.style.width = `${(100 * width) / size.width}%`;
    box.style.height = `${(100 * height) / size.height}%`;
    this.element.append(box);
    return box;
  }

  pick(index) {
    this.picked = index;
    for (const [place, box] of this.digits) box.classList.toggle("is-picked", place === index);
  }

  // Shows what the person says that the digits are.
  relabel(digits, labels) {
    for (const [place, box] of this.digits) {
      if (!digits[place]) continue; // the boxes of the answer before still stand
      const { label, tone, isChanged } = describeChip(digits[place], labels?.[place]);
      box.querySelector("b").textContent = label;
      box.classList.toggle("changed", isChanged);
      if (!isChanged) box.classList.add(tone);
    }
  }

  showAsides(areShown) {
    this.areAsidesShown = areShown;
    for (const [, box] of this.asides) box.hidden = !areShown;
  }

  // Marks everything that was set aside for one reason.
  pickAside(reason) {
    for (const [why, box] of this.asides) box.classList.toggle("is-picked", why === reason);
  }
}
