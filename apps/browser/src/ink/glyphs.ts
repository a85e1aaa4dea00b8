/** Components become glyphs, as `inkdigits.ink.glyphs` joins and rejects them. */
import constants from "../constants.json";
import { makeBytes, makeFloats, median, round, upperMedian, type Box, type Ink, type Mask } from "./arrays";
import type { InkPage } from "./binarize";
import { dilate, dilateByDisc } from "./extremes";
import { typicalHeight } from "./scale";

const C = constants["ink.glyphs"];

export interface Glyph {
  ink: Ink;
  /** On the working scale. */
  box: Box;
  /** False if it was cut out of ink that runs on. */
  isWhole: boolean;
}

export type Reason = "speck" | "rule" | "dash" | "edge" | "smudge" | "no digit";

export interface Rejected {
  box: Box;
  reason: Reason;
  /** Of a speck: mean ink within its box. */
  fill?: number;
}

interface Part {
  ids: number[];
  box: Box;
  area: number;
}

export function findGlyphs(page: InkPage, digitHeight?: number): { glyphs: Glyph[]; rejected: Rejected[] } {
  if (page.isBlank) return { glyphs: [], rejected: [] };
  const { boxes, areas } = page.components;
  const height = digitHeight ?? typicalHeight(boxes, page.pen, page.mask);
  const kept: Part[] = [];
  const rejected: Rejected[] = [];
  boxes.forEach((box, i) => {
    const part = { ids: [i + 1], box, area: areas[i] };
    const reason = reasonToDrop(part, height, page.pen);
    if (reason) rejected.push({ box, reason });
    else kept.push(part);
  });
  const glyphs: Glyph[] = [];
  for (const part of joinStrokes(kept, height, page.pen)) {
    const reason = reasonNoDigit(page, part);
    if (reason) rejected.push({ box: part.box, reason });
    else glyphs.push(cutPart(page, part));
  }
  return { glyphs, rejected };
}

function reasonToDrop(part: Part, height: number, pen: number): Reason | undefined {
  const longer = Math.max(part.box.width, part.box.height);
  if (longer < Math.max(C.SPECK_HEIGHT * height, Math.min(C.SPECK_PENS * pen, 0.5 * height))) return "speck";
  return longer > C.RULE_LENGTH * height && part.area / longer < 2 * pen ? "rule" : undefined;
}

function reasonNoDigit(page: InkPage, part: Part): Reason | undefined {
  const { width, height } = part.box;
  if (Math.max(width, height) < C.LEAST_PX * page.scale) return "speck";
  if (width > C.DASH * height) return "dash";
  if (height < C.LEAST_PX * page.scale) return "speck";
  if (isEdge(page, part)) return "edge";
  return measureSoftness(page, part) > C.SMUDGE ? "smudge" : undefined;
}

/** A thin line with ground of different brightness on its two sides. */
function isEdge(page: InkPage, part: Part): boolean {
  const { box } = part;
  const [longer, shorter] = [Math.max(box.width, box.height), Math.min(box.width, box.height)];
  if (!page.measured || longer < C.EDGE_SLIMNESS * shorter) return false;
  const { ground } = page.measured;
  const isLying = box.width > box.height;
  const { labels } = page.components;
  const own = new Set(part.ids);
  const away = 2 + round(page.pen);
  const [before, after]: number[][] = [[], []];
  let inked = 0;
  const [start, most] = isLying ? [box.y, ground.height - 1] : [box.x, ground.width - 1];
  for (let along = 0; along < longer; along++) {
    const place = (across: number): number =>
      isLying ? across * ground.width + box.x + along : (box.y + along) * ground.width + across;
    let [first, last] = [-1, -1];
    for (let across = start; across < start + shorter; across++) {
      if (!own.has(labels[place(across)])) continue;
      if (first < 0) first = across;
      last = across;
    }
    if (first < 0) continue;
    inked++;
    const ends = [place(Math.max(first - away, 0)), place(Math.min(last + away, most))];
    if (ends.some((end) => labels[end] && !own.has(labels[end]))) continue; // a neighbour's ink
    before.push(ground.data[ends[0]]);
    after.push(ground.data[ends[1]]);
  }
  if (before.length < C.EDGE_SEEN * inked) return false;
  const [a, b] = [median(before), median(after)];
  return Math.abs(a - b) > C.EDGE_STEP * Math.max(a, b);
}

function joinStrokes(parts: Part[], height: number, pen: number): Part[] {
  for (;;) {
    const joined = joinOnce(parts.sort(compareBoxes), height, pen);
    if (joined.length === parts.length) return joined;
    parts = joined;
  }
}

function compareBoxes(a: Part, b: Part): number {
  return a.box.x - b.box.x || a.box.y - b.box.y || a.box.width - b.box.width || a.box.height - b.box.height;
}

function joinOnce(parts: Part[], height: number, pen: number): Part[] {
  const [aside, apart] = [C.BESIDE * height, Math.max(C.JOIN_GAP * height, pen)];
  const taken = new Set<number>();
  const whole: Part[] = [];
  for (let i = 0; i < parts.length; i++) {
    if (taken.has(i)) continue;
    let part = parts[i];
    for (let j = i + 1; j < parts.length; j++) {
      const other = parts[j];
      if (other.box.x > part.box.x + part.box.width + aside) break;
      const isFar = other.box.y - (part.box.y + part.box.height) > apart || part.box.y - (other.box.y + other.box.height) > apart;
      if (isFar || taken.has(j) || !belongTogether(part, other, height, pen)) continue;
      part = { ids: [...part.ids, ...other.ids], box: unite(part.box, other.box), area: part.area + other.area };
      taken.add(j);
    }
    whole.push(part);
  }
  return whole;
}

export function unite(a: Box, b: Box): Box {
  const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
  return { x, y, width: Math.max(a.x + a.width, b.x + b.width) - x, height: Math.max(a.y + a.height, b.y + b.height) - y };
}

function belongTogether(first: Part, second: Part, height: number, pen: number): boolean {
  const [a, b] = [first.box, second.box];
  const union = unite(a, b);
  const overlapX = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const overlapY = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (overlapX >= 0.9 * Math.min(a.width, b.width) && overlapY >= 0.9 * Math.min(a.height, b.height)) {
    const higher = Math.max(a.height, b.height);
    return Math.min(a.height, b.height) < C.INSIDE * higher && higher <= C.HIGHEST * height;
  }
  const isOver = overlapX >= 0.5 * Math.min(a.width, b.width);
  const isAbove = isOver && -overlapY <= C.JOIN_GAP * height;
  if (-overlapY <= pen && isOver && union.height <= C.HIGHEST * height) return true; // a stroke broken by a hair
  const [smaller, larger] = first.area <= second.area ? [first, second] : [second, first];
  const isPiece = Math.max(smaller.box.width, smaller.box.height) <= 0.6 * Math.max(larger.box.width, larger.box.height);
  const isBeside = -overlapX <= C.BESIDE * height && overlapY >= 0.5 * smaller.box.height && isPiece;
  if (isMarkBeside(smaller.box, larger.box)) return false;
  return union.height <= 1.35 * height && (isAbove || (isBeside && smaller.box.height <= 0.4 * height));
}

function isMarkBeside(piece: Box, glyph: Box): boolean {
  const place = (piece.y + piece.height / 2 - glyph.y) / glyph.height;
  const overlap = Math.min(piece.x + piece.width, glyph.x + glyph.width) - Math.max(piece.x, glyph.x);
  const isHyphen = piece.width > C.DASH * piece.height && C.HYPHEN_PLACE[0] <= place && place <= C.HYPHEN_PLACE[1];
  const isBelow = piece.y + piece.height > glyph.y + glyph.height + C.COMMA_TAIL * glyph.height;
  const isComma = piece.height > piece.width && place >= C.COMMA_PLACE && isBelow;
  return (isHyphen || isComma) && overlap <= C.HYPHEN_INSIDE * piece.width;
}

/** Contrast at a stroke's width from the ink, as part of the contrast in it. */
function measureSoftness(page: InkPage, part: Part): number {
  if (!page.measured) return 0;
  const { labels } = page.components;
  const { width, height } = page.mask;
  const ownPen = (2 * part.area) / (2 * (part.box.width + part.box.height));
  const away = Math.max(2, round(Math.max(ownPen, page.pen) / 2) + 1);
  const window = grow(part.box, away, width, height);
  const own = selectOwn(labels, width, window, part.ids);
  const near = dilateByDisc(own, 2 * away - 1);
  const wide = dilateByDisc(near, 3); // a cross
  const { contrast } = page.measured;
  const [inside, outside]: number[][] = [[], []];
  for (let y = 0, i = 0; y < window.height; y++) {
    for (let x = 0, at = (window.y + y) * width + window.x; x < window.width; x++, i++, at++) {
      if (own.data[i]) inside.push(contrast.data[at]);
      else if (wide.data[i] > near.data[i] && labels[at] === 0) outside.push(contrast.data[at]);
    }
  }
  const depth = upperMedian(Float32Array.from(inside)) - page.paper;
  return outside.length && depth > 0 ? (upperMedian(Float32Array.from(outside)) - page.paper) / depth : 0;
}

export function grow(box: Box, by: number, width: number, height: number): Box {
  const [x, y] = [Math.max(0, box.x - by), Math.max(0, box.y - by)];
  return { x, y, width: Math.min(width, box.x + box.width + by) - x, height: Math.min(height, box.y + box.height + by) - y };
}

export function selectOwn(labels: Int32Array, width: number, window: Box, ids: number[]): Mask {
  const out = makeBytes(window.width, window.height);
  const own = new Set(ids);
  const only = ids.length === 1 ? ids[0] : undefined;
  for (let y = 0, i = 0; y < window.height; y++) {
    for (let x = 0, at = (window.y + y) * width + window.x; x < window.width; x++, i++, at++) {
      const label = labels[at];
      out.data[i] = label && (only === undefined ? own.has(label) : label === only) ? 1 : 0;
    }
  }
  return out;
}

function cutPart(page: InkPage, part: Part): Glyph {
  const window = grow(part.box, 1, page.ink.width, page.ink.height);
  const own = selectOwn(page.components.labels, page.ink.width, window, part.ids);
  return { ink: withFringe(page, own, window), box: part.box, isWhole: true };
}

/** The ink of some pixels with the anti-aliased one around them, where nothing else has ink. */
export function withFringe(page: InkPage, own: Mask, window: Box): Ink {
  const { labels } = page.components;
  const { width } = page.ink;
  const near = dilate(own, 3, 3);
  const ink = makeFloats(window.width, window.height);
  for (let y = 0, i = 0; y < window.height; y++) {
    for (let x = 0, at = (window.y + y) * width + window.x; x < window.width; x++, i++, at++) {
      if (near.data[i] && (labels[at] === 0 || own.data[i])) ink.data[i] = page.ink.data[at];
    }
  }
  return ink;
}
