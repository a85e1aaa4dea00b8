/** MNIST's own form of a glyph, as `inkdigits.ink.normalize` makes it. */
import constants from "../constants.json";
import { clip, cut, makeBytes, makeFloats, pad, round, type Box, type Ink } from "./arrays";
import { measureOutlines } from "./components";
import { dilateByDisc } from "./extremes";
import { resize as resizePlane } from "./sizes";

const C = constants["ink.normalize"];
const FINE_SIZE = C.SIZE_PX * C.FINE;

/** Bring one glyph into (28, 28); undefined if it holds no ink. */
export function normalizeGlyph(ink: Ink): Ink | undefined {
  const peak = ink.data.reduce((a, b) => Math.max(a, b), 0);
  if (peak < C.FAINTEST) return undefined;
  let part = cutWithMargin(atLeast({ ...ink, data: ink.data.map((value) => value / peak) }));
  let scale = (C.FINE * C.GLYPH_PX) / longerSide(part);
  const lacking = (C.MIN_PEN_PX * C.FINE) / scale - measureStroke(part);
  if (lacking * scale >= 1) {
    part = thicken(part, lacking);
    scale = (C.FINE * C.GLYPH_PX) / longerSide(part);
  }
  return resizePlane(centerByMass(trim(resize(part, scale))), C.SIZE_PX, C.SIZE_PX, "area");
}

/** Where a glyph has at least half ink. */
function findExtent(ink: Ink): Box {
  let [left, top, right, bottom] = [ink.width, -1, -1, -1];
  for (let y = 0; y < ink.height; y++) {
    for (let x = 0; x < ink.width; x++) {
      if (ink.data[y * ink.width + x] < C.EDGE_LEVEL) continue;
      if (top < 0) top = y;
      bottom = y;
      if (x < left) left = x;
      if (x > right) right = x;
    }
  }
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function longerSide(ink: Ink): number {
  const { width, height } = findExtent(ink);
  return Math.max(width, height);
}

function resize(ink: Ink, scale: number): Ink {
  const [width, height] = [Math.max(1, round(ink.width * scale)), Math.max(1, round(ink.height * scale))];
  const out = resizePlane(ink, width, height, scale < 1 ? "area" : "cubic");
  return { ...out, data: out.data.map((value) => clip(value, 0, 1)) };
}

function atLeast(ink: Ink): Ink {
  const enlarge = Math.min((C.FINE * C.GLYPH_PX) / longerSide(ink), 8 * C.FINE);
  return enlarge > 1 ? resize(pad(ink, 1), enlarge) : ink;
}

function cutWithMargin(ink: Ink): Ink {
  const extent = findExtent(ink);
  const margin = 1 + Math.floor(Math.max(extent.width, extent.height) / (2 * C.GLYPH_PX));
  const [x, y] = [Math.max(0, extent.x - margin), Math.max(0, extent.y - margin)];
  const right = Math.min(ink.width, extent.x + extent.width + margin);
  const bottom = Math.min(ink.height, extent.y + extent.height + margin);
  return cut(ink, { x, y, width: right - x, height: bottom - y });
}

function measureStroke(ink: Ink): number {
  const mask = makeBytes(ink.width, ink.height);
  let area = 0;
  for (let i = 0; i < mask.data.length; i++) if (ink.data[i] >= 0.5) area += mask.data[i] = 1;
  if (!area) return 0;
  const outline = measureOutlines(mask);
  return outline ? (2 * area) / Math.max(outline, 1) : 1;
}

function thicken(ink: Ink, by: number): Ink {
  const grow = round(by);
  return grow < 1 ? ink : dilateByDisc(pad(ink, (grow >> 1) + 1), grow + 1);
}

function trim(ink: Ink): Ink {
  const x = Math.floor(Math.max(0, ink.width - FINE_SIZE) / 2);
  const y = Math.floor(Math.max(0, ink.height - FINE_SIZE) / 2);
  const [width, height] = [Math.min(ink.width - x, FINE_SIZE), Math.min(ink.height - y, FINE_SIZE)];
  return x || y || width < ink.width || height < ink.height ? cut(ink, { x, y, width, height }) : ink;
}

function centerByMass(ink: Ink): Ink {
  let [mass, across, down] = [0, 0, 0];
  for (let y = 0; y < ink.height; y++) {
    for (let x = 0; x < ink.width; x++) {
      const value = ink.data[y * ink.width + x];
      mass += value;
      across += value * x;
      down += value * y;
    }
  }
  const middle = FINE_SIZE * C.CENTER - 0.5;
  const top = Math.min(Math.max(round(middle - down / mass), 0), FINE_SIZE - ink.height);
  const left = Math.min(Math.max(round(middle - across / mass), 0), FINE_SIZE - ink.width);
  const square = makeFloats(FINE_SIZE, FINE_SIZE);
  for (let y = 0; y < ink.height; y++) {
    square.data.set(ink.data.subarray(y * ink.width, (y + 1) * ink.width), (top + y) * FINE_SIZE + left);
  }
  return square;
}
