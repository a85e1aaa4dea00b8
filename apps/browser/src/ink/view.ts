/** What the networks see of a page, as `inkdigits.ink.view` and `inkdigits.ink.region` make it. */
import constants from "../constants.json";
import { clip, makeFloats, round, type Box, type Ink } from "./arrays";
import type { InkPage } from "./binarize";
import { dilateByDisc } from "./extremes";
import { resize } from "./sizes";

const V = constants["ink.view"];
const R = constants["ink.region"];
/** As OpenCV computes: see `arrays`. */
const { fround } = Math;

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
    const [columns, rows] = [findPlaces(left, scale, FUSED), findPlaces(top, scale, 0)];
    const start = 2 * index * area;
    const [tall, wide] = [cover(box.height * scale), cover(box.width * scale)];
    for (let v = 0, to = start; v < side; v++) {
      for (let u = 0; u < side; u++, to++) {
        regions[to] = sample(view, columns[u], rows[v]);
        regions[to + area] = tall[v] * wide[u];
      }
    }
  });
  return regions;
}

/** OpenCV's warp takes so many columns at once, and multiplies and adds there without rounding between. */
const FUSED = 32;

/** Where the pixels of a region lie on the view, in 32 bits as OpenCV's warp has them; the first `fused` exactly. */
function findPlaces(first: number, scale: number, fused: number): Float32Array {
  const [step, from] = [fround(1 / scale), fround(first + 0.5 / scale - 0.5)];
  return Float32Array.from({ length: R.REGION_PX }, (_, i) => (i < fused ? i * step : fround(i * step)) + from);
}

function sample(view: Ink, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  if (left < -1 || top < -1 || left >= view.width || top >= view.height) return 0;
  const [across, down] = [fround(x - left), fround(y - top)];
  const upper = sampleRow(view, left, top, across);
  return upper + down * fround(sampleRow(view, left, top + 1, across) - upper);
}

function sampleRow({ data, width, height }: Ink, left: number, row: number, across: number): number {
  if (row < 0 || row >= height) return 0;
  const at = row * width + left;
  const before = left < 0 ? 0 : data[at];
  const behind = left + 1 < width ? data[at + 1] : 0;
  return fround(before + across * fround(behind - before));
}

function cover(length: number): Float32Array {
  const middle = R.REGION_PX / 2;
  return Float32Array.from({ length: R.REGION_PX }, (_, i) => clip(length / 2 - Math.abs(i + 0.5 - middle) + 0.5, 0, 1));
}
