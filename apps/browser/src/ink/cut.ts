/** The ink of a sign is cut out of a page, as `inkdigits.ink.cut` does. */
import constants from "../constants.json";
import { clip, cut, makeBytes, round, type Box } from "./arrays";
import type { InkPage } from "./binarize";
import { grow, unite, withFringe, type Glyph } from "./glyphs";

const C = constants["ink.cut"];

/** Cut one sign; undefined where its box holds no ink. */
export function cutGlyph(page: InkPage, box: Box): Glyph | undefined {
  if (page.isBlank) return undefined;
  const { width, height } = page.mask;
  const window = clipBox(box, width, height);
  const { labels, areas, boxes } = page.components;
  const counts = new Map<number, number>();
  for (let y = window.y; y < window.y + window.height; y++) {
    for (let at = y * width + window.x; at < y * width + window.x + window.width; at++) {
      if (labels[at]) counts.set(labels[at], (counts.get(labels[at]) ?? 0) + 1);
    }
  }
  if (!counts.size) return undefined;
  const most = Math.max(...counts.values());
  const [own, shared] = [new Set<number>(), new Set<number>()];
  for (const [id, count] of counts) {
    const part = count / areas[id - 1];
    if (part >= C.OWN) own.add(id);
    else if (part >= C.FOREIGN || count >= C.LEAST_FILL * most) shared.add(id);
  }
  let extent = window;
  for (const id of own) extent = unite(extent, boxes[id - 1]);
  const keep = makeBytes(extent.width, extent.height);
  let [left, top, right, bottom] = [extent.width, extent.height, -1, -1];
  for (let y = 0, i = 0; y < extent.height; y++) {
    const isRow = extent.y + y >= window.y && extent.y + y < window.y + window.height;
    for (let x = 0, at = (extent.y + y) * width + extent.x; x < extent.width; x++, i++, at++) {
      const label = labels[at];
      const isInside = isRow && extent.x + x >= window.x && extent.x + x < window.x + window.width;
      if (!label || !(own.has(label) || (isInside && shared.has(label)))) continue;
      keep.data[i] = 1;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return undefined;
  const tight = { x: extent.x + left, y: extent.y + top, width: right - left + 1, height: bottom - top + 1 };
  const wide = grow(tight, 1, width, height);
  const kept = cut(keep, { x: left, y: top, width: tight.width, height: tight.height });
  const mask = makeBytes(wide.width, wide.height);
  for (let y = 0; y < kept.height; y++) {
    const to = (tight.y - wide.y + y) * wide.width + tight.x - wide.x;
    mask.data.set(kept.data.subarray(y * kept.width, (y + 1) * kept.width), to);
  }
  return { ink: withFringe(page, mask, wide), box: tight, isWhole: !shared.size };
}

function clipBox(box: Box, width: number, height: number): Box {
  const [left, top] = [clip(round(box.x), 0, width - 1), clip(round(box.y), 0, height - 1)];
  const right = Math.min(Math.max(round(box.x + box.width), left + 1), width);
  const bottom = Math.min(Math.max(round(box.y + box.height), top + 1), height);
  return { x: left, y: top, width: right - left, height: bottom - top };
}
