// Draw: pen strokes, undo and redo, and the question that goes out while the pen still moves.

import { readStrokes } from "./api.js";
import { encodePicture, makeId } from "./keeping.js";
import { $, pressable, speak } from "./dom.js";
import { drawStroke, prepare } from "./ink.js";
import { Live } from "./live.js";
import { Overlay } from "./overlay.js";
import { t } from "./texts.js";

const LEAST_STEP_PX = 1.2; // nearer points add nothing
const MOST_POINTS = 15000; // below what the service takes
const DOT_PENS = 2; // ink that spans less than this many widths of its line is a dot
const IDLE_MS = 160; // after the pen has rested so long, the answer counts as final

export function startDraw(answer) {
  const canvas = $("ink");
  const overlay = new Overlay($("pad-boxes"));
  let context = prepare(canvas);
  let strokes = [];
  let undone = []; // each entry: the strokes as they were after the step that was undone
  let past = [];
  let current = null;
  let drawn = 0;
  let idleTimer = 0;
  let shown = 0; // number of the newest answer that was shown
  let restsFor = 0; // number of the question that was asked when the pen had come to rest
  let id = makeId(); // of this drawing, until it is cleared

  const live = new Live({
    onReading: ({ seq, reading, ms }) => {
      if (seq < shown || !hasInk()) return;
      shown = seq;
      show(reading, ms, seq === restsFor);
    },
    onProblem: (problem) => answer.fail("draw", problem),
  });

  const hasInk = () => strokes.length > 0 || current !== null;

  function show(reading, ms, isFinal) {
    overlay.show(reading, 0);
    const drawing = strokes;
    const getPicture = () => paint(drawing);
    answer.show("draw", { items: [{ id, name: "drawing", reading, isFinal, getPicture }], ms });
  }

  // The drawing in black on white, whatever the theme.
  async function paint(all) {
    const { width, height } = canvas.getBoundingClientRect();
    const sheet = document.createElement("canvas");
    sheet.width = Math.max(1, Math.round(width));
    sheet.height = Math.max(1, Math.round(height));
    const context = sheet.getContext("2d");
    context.lineCap = "round";
    context.lineJoin = "round";
    for (const stroke of all) drawStroke(context, stroke);
    return encodePicture(sheet, sheet.width, sheet.height, { type: "image/png" });
  }

  function compose() {
    const { width, height } = canvas.getBoundingClientRect();
    const all = current ? [...strokes, current] : strokes;
    let budget = MOST_POINTS;
    const sent = [];
    for (const stroke of all.toReversed()) {
      if (stroke.points.length > budget) break;
      budget -= stroke.points.length;
      sent.unshift(stroke.points);
    }
    const widths = all.map((stroke) => stroke.width).sort((a, b) => a - b);
    return {
      strokes: sent,
      width: Math.round(width),
      height: Math.round(height),
      pen_width: widths[widths.length >> 1],
      forms: true,
    };
  }

  // A pen that has just touched down is not asked about: the smallest digit is longer than its line is wide.
  function isDot() {
    const all = current ? [...strokes, current] : strokes;
    const points = all.flatMap((stroke) => stroke.points);
    const spans = [0, 1].map((axis) => {
      const values = points.map((point) => point[axis]);
      return Math.max(...values) - Math.min(...values);
    });
    return points.length < 500 && Math.max(...spans) < DOT_PENS * all[0].width;
  }

  function ask({ isFinal }) {
    if (!hasInk() || isDot()) return;
    if (live.isOpen) {
      const seq = live.ask(compose());
      if (isFinal) restsFor = seq;
      return;
    }
    if (!isFinal) return; // without a live connection, only what is finished is read
    readStrokes(compose()).then(
      ({ reading, ms }) => hasInk() && show(reading, ms, true),
      (problem) => answer.fail("draw", { detail: problem.message, remedy: problem.remedy }),
    );
  }

  function changed({ isResting }) {
    clearTimeout(idleTimer);
    $("pad-hint").classList.toggle("is-gone", hasInk());
    $("undo").disabled = past.length === 0;
    $("redo").disabled = undone.length === 0;
    $("clear").disabled = !hasInk();
    if (!hasInk()) {
      id = makeId();
      shown = live.seq + 1;
      overlay.clear();
      answer.clear("draw");
      return;
    }
    ask({ isFinal: false });
    if (isResting) idleTimer = setTimeout(() => ask({ isFinal: true }), IDLE_MS);
  }

  function repaint() {
    context = prepare(canvas);
    for (const stroke of strokes) drawStroke(context, stroke);
    if (current) drawn = drawStroke(context, current);
  }

  function toPoint(event) {
    const { left, top } = canvas.getBoundingClientRect();
    const point = [
      Math.round(10 * (event.clientX - left)) / 10,
      Math.round(10 * (event.clientY - top)) / 10,
      Math.round(event.timeStamp) / 1000,
    ];
    if (event.pointerType === "pen" && event.pressure > 0) point.push(Math.round(1000 * event.pressure) / 1000);
    return point;
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (current || event.button > 0) return;
    canvas.setPointerCapture(event.pointerId);
    live.open();
    current = { id: event.pointerId, width: Number($("pen").value), points: [toPoint(event)] };
    drawn = drawStroke(context, current);
    changed({ isResting: false });
  });

  canvas.addEventListener("pointermove", (event) => {
    if (current?.id !== event.pointerId) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      const point = toPoint(each);
      const last = current.points.at(-1);
      if (point.length !== last.length && current.points.length > 1) point.length = last.length;
      if (Math.hypot(point[0] - last[0], point[1] - last[1]) < LEAST_STEP_PX) continue;
      if (current.points.length === 1 && point.length !== last.length) last.length = point.length = 3;
      if (point.length < last.length) continue;
      current.points.push(point);
    }
    drawn = drawStroke(context, current, drawn);
    changed({ isResting: false });
  });

  function lift(event) {
    if (current?.id !== event.pointerId) return;
    past.push(strokes);
    undone = [];
    strokes = [...strokes, current];
    current = null;
    repaint();
    changed({ isResting: true });
  }

  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());

  function undo() {
    if (!past.length) return;
    undone.push(strokes);
    strokes = past.pop();
    repaint();
    changed({ isResting: true });
  }

  function redo() {
    if (!undone.length) return;
    past.push(strokes);
    strokes = undone.pop();
    repaint();
    changed({ isResting: true });
  }

  function clear() {
    if (!strokes.length) return;
    past.push(strokes);
    undone = [];
    strokes = [];
    repaint();
    changed({ isResting: true });
    speak(t("draw.cleared"));
  }

  function resizeDot() {
    const size = `${$("pen").value}px`;
    $("pen-dot").style.width = size;
    $("pen-dot").style.height = size;
  }

  $("undo").addEventListener("click", undo);
  $("redo").addEventListener("click", redo);
  $("clear").addEventListener("click", () => {
    clear();
    canvas.focus({ preventScroll: true }); // the button has just been disabled
  });
  $("pen").addEventListener("input", resizeDot);
  resizeDot();
  pressable($("draw-boxes"), true, (isOn) => overlay.setShown(isOn));
  addEventListener("themechange", repaint);
  new ResizeObserver(repaint).observe(canvas);

  addEventListener("keydown", (event) => {
    if ($("draw").hidden || event.target.closest("input[type=password], dialog")) return;
    const key = event.key.toLowerCase();
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && key === "z") (event.shiftKey ? redo : undo)();
    else if (isCommand && key === "y") redo();
    else if (event.target === canvas && (key === "delete" || key === "backspace")) clear();
    else return;
    event.preventDefault();
  });

  return {
    enter: () => {
      live.open();
      repaint();
    },
    leave: () => live.close(),
    pick: (index) => overlay.pick(index),
    relabel: (digits, labels) => overlay.relabel(digits, labels),
    pickAside: (reason) => overlay.pickAside(reason),
    showAsides: (areShown) => overlay.showAsides(areShown),
  };
}
