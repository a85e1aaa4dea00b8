// Small ways to reach and make elements. Text always goes in as text, never as HTML.

export const $ = (id) => document.getElementById(id);

export function make(tag, { className = "", text, title, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  if (title) element.title = title;
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

let toastTimer = 0;

export function toast(text) {
  const element = $("toast");
  element.textContent = text;
  element.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (element.hidden = true), 5000);
}

let spokenTimer = 0;

// Tells a screen reader, but only once it has been quiet for a moment: while one draws, answers change often.
export function speak(text, { afterMs = 700 } = {}) {
  clearTimeout(spokenTimer);
  spokenTimer = setTimeout(() => {
    if ($("spoken").textContent !== text) $("spoken").textContent = text;
  }, afterMs);
}

export function pressed(button, isOn) {
  button.setAttribute("aria-pressed", String(isOn));
}

export function pressable(button, isOn, listener) {
  button.setAttribute("aria-pressed", String(isOn));
  button.addEventListener("click", () => {
    const next = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(next));
    listener(next);
  });
}
