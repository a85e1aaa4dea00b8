/** Ruled lines are taken out of the ink, as `inkdigits.ink.rules` does. */
import constants from "../constants.json";
import { makeBytes, makeFloats, median, round, transpose, type Box, type Ink, type Mask } from "./arrays";
import type { InkPage } from "./binarize";
import { findComponents } from "./components";
import { close, dilate, open } from "./extremes";
import { blur } from "./means";
import { touchesBorder, typicalHeight } from "./scale";

const C = constants["ink.rules"];
const LEAST_PENS = constants["ink.scale"].LEAST_PENS;

interface Layers {
  mask: Mask;
  faint: Mask;
  contrast: Ink;
}

/** A lying rule; `isUpright` where it was found on the turned page and turned back. */
interface Found {
  box: Box;
  slope: number;
  thickness: number;
  isUpright: boolean;
}

/** A ruled line, the border of a cell or of a form. */
export interface Rule {
  box: Box;
  /** How far it falls for each pixel to the right; of an upright one, how far it goes to the right for each down. */
  slope: number;
}

/** The page without rules, the same object if there are none, and where they were. */
export function removeRules(page: InkPage): { page: InkPage; rules: Rule[] } {
  const height = guessHeight(page);
  const { mask, measured } = page;
  const layers: Layers = { mask, faint: measured?.faint ?? mask, contrast: measured?.contrast ?? page.ink };
  const lying = findHorizontal(() => layers, mask.width, mask.height, height);
  const upright = findHorizontal(
    () => ({ mask: transpose(mask), faint: transpose(layers.faint), contrast: transpose(layers.contrast) }),
    mask.height,
    mask.width,
    height,
  );
  const rules = [...lying.found, ...upright.found.map((found) => ({ ...found, box: turn(found.box), isUpright: true }))];
  if (!rules.length) return { page, rules };
  const down = upright.rules && transpose(upright.rules);
  let rest = makeBytes(mask.width, mask.height);
  for (let i = 0; i < rest.data.length; i++) {
    rest.data[i] = mask.data[i] & (1 - ((lying.rules?.data[i] ?? 0) | (down?.data[i] ?? 0)));
  }
  const isPrinted = rules.filter((rule) => spans(rule.box, mask)).length >= 2;
  if (isPrinted) {
    const most = 1 + Math.max(...rules.map((rule) => round(rule.thickness)));
    const strict = dropPieces(rest, [], most);
    rest = dropPieces(rest, rules, most);
    if (!holdsWriting(strict, height)) rest = strict;
  }
  if (!holdsWriting(rest, height)) {
    if (!isPrinted) return { page, rules: [] };
    rest = makeBytes(mask.width, mask.height);
  }
  return { page: page.with(withoutFringe(page.ink, mask, rest), rest), rules };
}

function turn(box: Box): Box {
  return { x: box.y, y: box.x, width: box.height, height: box.width };
}

function dropPieces(mask: Mask, rules: Found[], most: number): Mask {
  const { labels, boxes, centers } = findComponents(mask);
  const isPiece = boxes.map((box, i) => {
    if (Math.min(box.width, box.height) > most) return false;
    if (!rules.length) return true;
    return rules.some((rule) => {
      const [x, y] = [rule.box.x + rule.box.width / 2, rule.box.y + rule.box.height / 2];
      const [along, across, mid, other] = rule.isUpright
        ? [centers[i][1], centers[i][0], y, x]
        : [centers[i][0], centers[i][1], x, y];
      return Math.abs(across - other - rule.slope * (along - mid)) <= C.ON_RULE_PX + most;
    });
  });
  const out = makeBytes(mask.width, mask.height);
  for (let i = 0; i < labels.length; i++) out.data[i] = labels[i] && !isPiece[labels[i] - 1] ? 1 : 0;
  return out;
}

function holdsWriting(mask: Mask, height: number): boolean {
  return findComponents(mask).boxes.some((box) => Math.max(box.width, box.height) >= C.LEAST_REST * height);
}

function spans(box: Box, mask: Mask): boolean {
  return box.width >= C.SPAN * mask.width || box.height >= C.SPAN * mask.height;
}

function guessHeight(page: InkPage): number {
  const fitting = page.components.boxes.filter((box) => couldBeDigit(box, page));
  if (fitting.length) return typicalHeight(fitting, page.pen, page.mask);
  return Math.max(C.FALLBACK_PENS * page.pen, C.FALLBACK_PART * Math.min(page.mask.width, page.mask.height));
}

function couldBeDigit(box: Box, page: InkPage): boolean {
  const [longer, shorter] = [Math.max(box.width, box.height), Math.max(1, Math.min(box.width, box.height))];
  if (longer < LEAST_PENS * page.pen) return false;
  if (longer <= C.MOST_PAGE_PART * Math.max(page.mask.width, page.mask.height)) return true;
  return longer < 4 * shorter && !touchesBorder(box, page.mask);
}

function findHorizontal(
  layers: () => Layers,
  width: number,
  height: number,
  digit: number,
): { rules?: Mask; found: Found[] } {
  const piece = Math.max(9, round(C.PIECE * digit));
  if (width < Math.max(piece + 1, C.CUT * C.LENGTH * digit)) return { found: [] };
  const { mask, faint, contrast } = layers();
  const bridged = findRuns(faint, piece);
  if (!bridged) return { found: [] };
  const runs = findComponents(bridged);
  const straight = runs.boxes.map((_, i) => i).filter((i) => isRule(runs.boxes[i], runs.areas[i], width, digit));
  if (!straight.length) return { found: [] };
  const calm = blur(contrast, C.GRAIN_PX, 1);
  const rules = makeBytes(width, height);
  const found: Found[] = [];
  for (const i of straight) {
    const box = runs.boxes[i];
    const thickness = runs.areas[i] / box.width;
    const own: [number, number][] = [];
    const values: number[] = [];
    for (let y = 0; y < box.height; y++) {
      for (let x = 0, at = (box.y + y) * width + box.x; x < box.width; x++, at++) {
        if (runs.labels[at] !== i + 1 || !faint.data[at]) continue;
        own.push([x, y]);
        values.push(calm.data[at]);
      }
    }
    const { slope, offset } = fitLine(own);
    const band = extend(own, box, width, height, slope, offset, thickness, C.REACH * digit);
    const darkest = C.DARKER * median(values);
    const standing = open(mask, 1, round(1.6 * thickness) + 2);
    for (let at = 0; at < rules.data.length; at++) {
      if (band.data[at] && mask.data[at] && calm.data[at] <= darkest && !standing.data[at]) rules.data[at] = 1;
    }
    found.push({ box, slope, thickness, isUpright: false });
  }
  return { rules, found };
}

function isRule(box: Box, area: number, width: number, digit: number): boolean {
  const isCut = box.x <= 1 || box.x + box.width >= width - 1;
  const least = C.LENGTH * digit * (isCut ? C.CUT : 1);
  return box.width >= least && box.height <= 0.15 * box.width && area <= 0.3 * digit * box.width;
}

/** Chains of long horizontal runs; undefined where there is not one. */
function findRuns(faint: Mask, piece: number): Mask | undefined {
  const whole = close(dilate(faint, 1, 3), C.GRAIN_PX, 1);
  if (!hasRun(whole, piece)) return undefined;
  const runs = open(whole, piece, 1);
  for (let i = 0; i < runs.data.length; i++) runs.data[i] &= faint.data[i];
  return close(runs, Math.max(3, Math.floor(piece / 4)), 3);
}

function hasRun(mask: Mask, length: number): boolean {
  for (let y = 0, i = 0; y < mask.height; y++) {
    let run = 0;
    for (let x = 0; x < mask.width; x++, i++) {
      run = mask.data[i] ? run + 1 : 0;
      // at the border, what lies outside doesn't count against a run
      if (run >= length || (run && x === run - 1 && run >= length >> 1) || (run >= length >> 1 && x === mask.width - 1)) return true;
    }
  }
  return false;
}

function fitLine(points: [number, number][]): { slope: number; offset: number } {
  if (points.length < 2) return { slope: 0, offset: 0 };
  const n = points.length;
  let [meanX, meanY] = [0, 0];
  for (const [x, y] of points) (meanX += x / n), (meanY += y / n);
  let [xx, xy] = [0, 0];
  for (const [x, y] of points) (xx += (x - meanX) ** 2), (xy += (x - meanX) * (y - meanY));
  const slope = xx ? xy / xx : 0;
  return { slope, offset: meanY - slope * meanX };
}

/** Draw the rule's straight line on, beyond its ends and over its gaps. */
function extend(
  own: [number, number][],
  box: Box,
  width: number,
  height: number,
  slope: number,
  offset: number,
  thickness: number,
  by: number,
): Mask {
  const [left, right] = [Math.max(-box.x, round(-by)), Math.min(width - box.x, round(box.width + by))];
  const [x0, x1] = [box.x + left, box.x + right];
  const [y0, y1] = [left, right].map((x) => box.y + round(slope * x + offset));
  const band = makeBytes(width, height);
  const reach = (round(thickness) + 3) >> 1; // as OpenCV draws a line of that thickness plus 2
  for (let x = Math.max(0, x0); x <= Math.min(width - 1, x1); x++) {
    const middle = Math.round(y0 + ((y1 - y0) * (x - x0)) / Math.max(1, x1 - x0));
    for (let y = Math.max(0, middle - reach); y <= Math.min(height - 1, middle + reach); y++) {
      band.data[y * width + x] = 1;
    }
  }
  for (const [x, y] of own) band.data[(box.y + y) * width + box.x + x] = 1;
  return band;
}

/** Take rules out with their anti-aliased edge, but without the edge of the strokes that stay. */
function withoutFringe(ink: Ink, mask: Mask, kept: Mask): Ink {
  const rules = makeBytes(mask.width, mask.height);
  for (let i = 0; i < rules.data.length; i++) rules.data[i] = mask.data[i] & (1 - kept.data[i]);
  const [nearKept, nearRules] = [dilate(kept, 3, 3), dilate(rules, 3, 3)];
  const out = makeFloats(ink.width, ink.height);
  for (let i = 0; i < out.data.length; i++) {
    const isFringe = nearRules.data[i] && !(nearKept.data[i] && !rules.data[i]);
    out.data[i] = isFringe ? 0 : ink.data[i];
  }
  return out;
}
