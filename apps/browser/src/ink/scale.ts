/** How high a digit is on a picture, as `inkdigits.ink.scale` guesses it from components. */
import constants from "../constants.json";
import type { Box, Mask } from "./arrays";

const C = constants["ink.scale"];

export function typicalHeight(boxes: Box[], pen: number, page: Mask): number {
  let tall = boxes.filter((box) => Math.max(box.width, box.height) >= C.LEAST_PENS * pen);
  if (!tall.length) tall = boxes;
  let inner = tall.filter((box) => !touchesBorder(box, page));
  if (!inner.length) inner = tall;
  const sizes = inner.map((box) => Math.max(box.height, box.width / 2)).sort((a, b) => a - b);
  const large = sizes.filter((size) => size >= C.LARGE * sizes[sizes.length - 1]);
  const chosen = large.length >= C.FEW * sizes.length ? large : sizes;
  return chosen[chosen.length >> 1];
}

export function touchesBorder(box: Box, page: Mask): boolean {
  return box.x <= 0 || box.y <= 0 || box.x + box.width >= page.width || box.y + box.height >= page.height;
}
