/** What the networks see of a page, as `inkdigits.ink.view` and `inkdigits.ink.region` make it. */
import constants from "../constants.json";
import { clip, dilateByDisc, makeFloats, resize, round, type Box, type Ink } from "./arrays";
import type { InkPage } from "./binarize";

const V = constants["ink.view"];
const R = constants["ink.region"];

/** Reduce or enlarge the contrast of a page; paper is put around it. */
export function makeView(page: InkPage, scale: number): Ink {
  let { strength } = page;
  const lacking = round(V.LEAST_PEN_PX / scale - page.pen);
  if (lacking >= 1) strength = dilateByDisc(strength, lacking + 1);
  const [width, height] = [Math.max(1, round(strength.width * scale)), Math.max(1, round(strength.height * scale))];
  const view = scale === 1 ? strength : resize(strength, width, height, scale < 1 ? "area" : "linear");
  const canvas = makeFloats(fillUp(width + 2 * V.MARGIN_PX), fillUp(height + 2 * V.MARGIN_PX));
  for (let y = 0; y < height; y++) {
    canvas.data.set(view.data.subarray(y * width, (y + 1) * width), (V.MARGIN_PX + y) * canvas.width + V.MARGIN_PX);
  }
  return canvas;
}

function fillUp(side: number): number {
  return Math.ceil(side / V.MULTIPLE) * V.MULTIPLE;
}

/** How many pixels of the region a pixel of the view becomes. */
export function measureScale(width: number, height: number): number {
  return Math.min(R.BOX_HEIGHT_PX / Math.max(1, height), R.BOX_WIDTH_PX / Math.max(1, width));
}

/** Cut (N, 2, 40, 40) out of a view: the ink around each box, and the box itself. */
export function cutRegions(view: Ink, boxes: Box[]): Float32Array {
  const side = R.REGION_PX;
  const area = side * side;
  const regions = new Float32Array(boxes.length * 2 * area);
  boxes.forEach((box, index) => {
    const scale = measureScale(box.width, box.height);
    const left = box.x + box.width / 2 - side / 2 / scale;
    const top = box.y + box.height / 2 - side / 2 / scale;
    const start = 2 * index * area;
    const [tall, wide] = [cover(box.height * scale), cover(box.width * scale)];
    for (let v = 0; v < side; v++) {
      for (let u = 0; u < side; u++) {
        regions[start + v * side + u] = sample(view, left + (u + 0.5) / scale - 0.5, top + (v + 0.5) / scale - 0.5);
        regions[start + area + v * side + u] = tall[v] * wide[u];
      }
    }
  });
  return regions;
}

function sample(view: Ink, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [across, down] = [x - left, y - top];
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= view.width || row >= view.height ? 0 : view.data[row * view.width + column];
  const upper = at(left, top) * (1 - across) + at(left + 1, top) * across;
  const lower = at(left, top + 1) * (1 - across) + at(left + 1, top + 1) * across;
  return upper * (1 - down) + lower * down;
}

function cover(length: number): number[] {
  const middle = R.REGION_PX / 2;
  return Array.from({ length: R.REGION_PX }, (_, i) => clip(length / 2 - Math.abs(i + 0.5 - middle) + 0.5, 0, 1));
}
