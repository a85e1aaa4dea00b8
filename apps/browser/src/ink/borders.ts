/** The upright rules of a table, as `inkdigits.ink.tables` finds them: what remains of one is no 1. */
import constants from "../constants.json";
import { median, type Box } from "./arrays";
import type { Rule } from "./rules";

const C = constants["ink.tables"];

/** The upright rules that separate columns; none where they are the boxes of a form with one digit each. */
export function findBorders(rules: Rule[], boxes: Box[]): Rule[] {
  if (!boxes.length) return [];
  const height = median(boxes.map((box) => box.height));
  const [top, bottom] = [Math.min(...boxes.map((box) => box.y)), Math.max(...boxes.map((box) => box.y + box.height))];
  const middle = top + (bottom - top) / 2;
  const reach = ({ box }: Rule): number => Math.min(box.y + box.height, bottom) - Math.max(box.y, top);
  const tall = rules.filter((rule) => rule.box.height > rule.box.width && reach(rule) >= C.LEAST_REACH * (bottom - top));
  const borders: Rule[] = [];
  for (const rule of tall.sort((a, b) => findX(a, middle) - findX(b, middle))) {
    const last = borders[borders.length - 1];
    if (!last || findX(rule, middle) - findX(last, middle) > C.SAME_RULE * height) borders.push(rule);
  }
  const gaps = borders.slice(1).map((rule, i) => findX(rule, middle) - findX(borders[i], middle));
  return gaps.length && median(gaps) < C.NARROW * height ? [] : borders;
}

/** Whether a narrow upright glyph stands on a border: a rest of it, not a 1. */
export function isOnBorder(borders: Rule[], box: Box): boolean {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const near = Math.max(C.ON_BORDER_PX, C.ON_BORDER * box.height);
  return box.width < C.SLIM * box.height && borders.some((rule) => Math.abs(findX(rule, y) - x) <= near);
}

function findX({ box, slope }: Rule, y: number): number {
  return box.x + box.width / 2 + slope * (y - box.y - box.height / 2);
}
