/** How far ink stands out from its paper, as `inkdigits.ink.contrast` measures it. */
import constants from "../constants.json";
import type { Box } from "./arrays";
import type { InkPage } from "./binarize";

const C = constants["ink.contrast"];

/** A high percentile of the contrast in a box; undefined where only the ink is known, or the box lies outside. */
export function measureContrast(page: InkPage, box: Box): number | undefined {
  if (!page.measured) return undefined;
  const { data, width, height } = page.measured.contrast;
  const [left, top] = [Math.max(0, Math.trunc(box.x)), Math.max(0, Math.trunc(box.y))];
  const [right, bottom] = [Math.min(width, Math.ceil(box.x + box.width)), Math.min(height, Math.ceil(box.y + box.height))];
  if (right <= left || bottom <= top) return undefined;
  const values = new Float32Array((right - left) * (bottom - top));
  for (let y = top, to = 0; y < bottom; y++, to += right - left) values.set(data.subarray(y * width + left, y * width + right), to);
  values.sort();
  const place = ((values.length - 1) * C.INK_SHARE) / 100;
  const before = values[Math.floor(place)];
  return before + (values[Math.ceil(place)] - before) * (place - Math.floor(place));
}
