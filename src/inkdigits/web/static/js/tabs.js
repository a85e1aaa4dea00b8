// The ways in and the review, as tabs: arrow keys move, the address keeps the place.

import { $ } from "./dom.js";

export const WAYS = ["draw", "upload", "camera", "review"];

export function startTabs(onChange) {
  const tabs = WAYS.map((way) => $(`tab-${way}`));

  function choose(way, { focus = false } = {}) {
    for (const [index, tab] of tabs.entries()) {
      const isChosen = WAYS[index] === way;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      $(WAYS[index]).hidden = !isChosen;
      if (isChosen && focus) tab.focus();
    }
    // With a slash, since the bare name is an element's, and the browser would scroll to it.
    if (location.hash !== `#/${way}`) history.replaceState(null, "", `#/${way}`);
    onChange(way);
  }

  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(WAYS[index]));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const shown = tabs.filter((each) => !each.hidden).length; // those that are not come last
      let next = step ? (index + step + shown) % shown : -1;
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = shown - 1;
      if (next < 0) return;
      event.preventDefault();
      choose(WAYS[next], { focus: true });
    });
  }
  const readHash = () => (WAYS.includes(location.hash.slice(2)) ? location.hash.slice(2) : "draw");
  addEventListener("hashchange", () => choose(readHash()));
  return { choose, begin: () => choose(readHash()) };
}
