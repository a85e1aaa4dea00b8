/** A grey picture becomes ink, as `inkdigits.ink.binarize` finds it; what the steps are for stands there. */
import constants from "../constants.json";
import { clip, everyThird, makeBytes, makeFloats, round, select, upperMedian, type Gray, type Ink, type Mask } from "./arrays";
import { findComponents, type Components } from "./components";
import { closeByDisc, dilate, erode } from "./extremes";
import { blur, medianBlur, smooth } from "./means";
import { resize } from "./sizes";

const C = constants["ink.binarize"];
/** As NumPy and OpenCV compute: see `arrays`. */
const { fround } = Math;

/** What the ink was found in. */
export interface Measured {
  contrast: Ink;
  faint: Mask;
  ground: Gray;
  level: Ink;
}

/** The ink of a picture on the working scale. */
export class InkPage {
  #components: Components | undefined;
  #strength: Ink | undefined;
  #paper: number | undefined;

  constructor(
    readonly ink: Ink,
    readonly mask: Mask,
    /** Working pixels per pixel of the picture. */
    readonly scale: number,
    /** Typical width of a stroke; 0 for a blank picture. */
    readonly pen: number,
    readonly measured: Measured | undefined,
  ) {}

  get isBlank(): boolean {
    return this.pen === 0;
  }

  get components(): Components {
    return (this.#components ??= findComponents(this.mask));
  }

  /** Contrast as part of the pen's nearby, in [0, 1]. */
  get strength(): Ink {
    if (!this.measured) return this.ink;
    if (!this.#strength) {
      const { contrast, level } = this.measured;
      this.#strength = makeFloats(contrast.width, contrast.height);
      const out = this.#strength.data;
      for (let i = 0; i < out.length; i++) out[i] = clip(contrast.data[i] / level.data[i], 0, 1);
    }
    return this.#strength;
  }

  /** Contrast of paper itself: above 0 where it is textured. */
  get paper(): number {
    return (this.#paper ??= this.measured ? upperMedian(everyThird(this.measured.contrast).data) : 0);
  }

  /** The same picture with less ink. */
  with(ink: Ink, mask: Mask): InkPage {
    return new InkPage(ink, mask, this.scale, measurePen(mask), this.measured);
  }
}

export function isLightOnDark(gray: Gray): boolean {
  const scale = C.POLARITY_PX / Math.max(gray.width, gray.height);
  const small = scale < 1 ? rescale(gray, scale) : gray;
  const half = resize(small, (small.width + 1) >> 1, (small.height + 1) >> 1, "area");
  const window = Math.floor(Math.min(half.width, half.height) * C.POLARITY_WINDOW) | 1;
  const reach = window >> 1;
  const padded = makeBytes(half.width + 2 * reach, half.height + 2 * reach);
  for (let y = 0; y < padded.height; y++) {
    const from = fold(y - reach, half.height) * half.width;
    for (let x = 0; x < padded.width; x++) padded.data[y * padded.width + x] = half.data[from + fold(x - reach, half.width)];
  }
  const calm = medianBlur(padded, window);
  const inner = makeBytes(half.width, half.height);
  for (let y = 0; y < half.height; y++) {
    const from = (y + reach) * padded.width + reach;
    inner.data.set(calm.data.subarray(from, from + half.width), y * half.width);
  }
  const paper = resize(inner, small.width, small.height, "linear");
  let skewness = 0;
  for (let i = 0; i < small.data.length; i++) skewness += (small.data[i] - paper.data[i]) ** 3;
  return skewness > 0;
}

/** A border that mirrors the outermost pixel too. */
function fold(place: number, length: number): number {
  let at = place;
  while (at < 0 || at >= length) at = at < 0 ? -1 - at : 2 * length - 1 - at;
  return at;
}

/** `isLight` tells the polarity where that is known. */
export function extractInk(gray: Gray, isLight = isLightOnDark(gray)): InkPage {
  const scale = workingScale(gray);
  const dark = rescale(isLight ? invert(gray) : gray, scale);
  const shorter = Math.min(dark.width, dark.height);
  const paperWindow = Math.max(15, Math.floor(shorter / 3));
  let window = Math.max(15, Math.floor(shorter / 4));
  const paper = findPaper(dark, paperWindow);
  let contrast = measureContrast(dark, paper);
  const ground = Ground.of(contrast);
  const evenness = measureEvenness(dark, paper, ground, paperWindow);
  let floor = grainFloor(contrast, ground, window, evenness);
  let level = localPen(contrast, floor, window);
  let pen = measurePen(compare(contrast, level, C.INK_LEVEL));
  const blank = (): InkPage =>
    new InkPage(makeFloats(dark.width, dark.height), makeBytes(dark.width, dark.height), scale, 0, undefined);
  if (pen === 0) return blank();
  window = Math.floor(Math.max(9, 8 * pen));
  const fit = (5 * pen) / paperWindow;
  if (!(1 / C.SAME_WINDOW <= fit && fit <= C.SAME_WINDOW)) {
    contrast = measureContrast(dark, findPaper(dark, Math.floor(Math.max(9, 5 * pen))));
    floor = grainFloor(contrast, Ground.of(contrast), window, evenness);
  }
  level = localPen(contrast, floor, window);
  const { ink, mask } = softThreshold(contrast, level);
  pen = measurePen(mask);
  if (pen === 0) return blank();
  const faint = makeBytes(mask.width, mask.height);
  for (let i = 0; i < faint.data.length; i++) faint.data[i] = mask.data[i] | (contrast.data[i] >= floor.data[i] ? 1 : 0);
  return new InkPage(ink, mask, scale, pen, { contrast, faint, ground: dark, level });
}

function invert(gray: Gray): Gray {
  return { ...gray, data: gray.data.map((value) => 255 - value) };
}

function workingScale(gray: Gray): number {
  const [shorter, longer] = [Math.min(gray.width, gray.height), Math.max(gray.width, gray.height)];
  if (shorter < C.LEAST_PX) return Math.max(1, Math.min(8, C.LEAST_PX / shorter, C.MOST_PX / longer));
  return Math.min(1, C.MOST_PX / longer);
}

function rescale(gray: Gray, scale: number): Gray {
  if (scale === 1) return gray;
  const [width, height] = [Math.max(1, round(gray.width * scale)), Math.max(1, round(gray.height * scale))];
  return resize(gray, width, height, scale < 1 ? "area" : "cubic");
}

function findPaper(dark: Gray, window: number): Gray {
  const step = Math.max(1, Math.floor(window / C.PAPER_CELLS));
  const fine = step === 1 ? smooth(dark) : shrink(dark, step);
  const side = Math.max(3, Math.floor(window / step) | 1);
  const closed = closeByDisc(fine, side);
  const coarser = Math.max(1, Math.floor(side / C.MEDIAN_CELLS));
  const calm = medianBlur(shrink(closed, coarser), Math.floor(side / coarser) | 1);
  return resizeCut(calm, calm.width * step * coarser, calm.height * step * coarser, dark);
}

/** Enlarge, and leave out what lies beyond the size of another picture. */
function resizeCut(plane: Gray, width: number, height: number, like: Gray): Gray {
  const large = resize(plane, width, height, "linear");
  if (width === like.width) return { ...large, height: like.height, data: large.data.subarray(0, width * like.height) };
  const out = makeBytes(like.width, like.height);
  for (let y = 0; y < like.height; y++) {
    out.data.set(large.data.subarray(y * width, y * width + like.width), y * like.width);
  }
  return out;
}

/** Average blocks of pixels; those at the right and bottom that are not whole are filled up. */
function shrink(gray: Gray, by: number): Gray {
  if (by === 1) return gray;
  const out = makeBytes(Math.ceil(gray.width / by), Math.ceil(gray.height / by));
  const sums = new Int32Array(out.width);
  for (let y = 0; y < out.height; y++) {
    sums.fill(0);
    for (let i = 0; i < by; i++) {
      const row = Math.min(gray.height - 1, y * by + i) * gray.width;
      for (let x = 0, at = 0; x < out.width; x++) {
        for (let j = 0; j < by; j++, at++) sums[x] += gray.data[row + (at < gray.width ? at : gray.width - 1)];
      }
    }
    for (let x = 0; x < out.width; x++) {
      out.data[y * out.width + x] = by === 2 ? (sums[x] + 2) >> 2 : round(sums[x] / (by * by));
    }
  }
  return out;
}

function measureContrast(dark: Gray, paper: Gray): Ink {
  const out = makeFloats(dark.width, dark.height);
  for (let i = 0; i < out.data.length; i++) out.data[i] = 1 - fround((dark.data[i] + 8) / (paper.data[i] + 8));
  return out;
}

/** Contrast of paper: its typical value, its grain (standard deviation), and a sample of pixels. */
class Ground {
  constructor(
    readonly middle: number,
    readonly grain: number,
    readonly sample: Float32Array,
  ) {}

  static of(contrast: Ink): Ground {
    const third = everyThird(contrast).data;
    const step = 1 + Math.floor(third.length / C.MOST_SAMPLES);
    const sample = step === 1 ? third : Float32Array.from({ length: Math.ceil(third.length / step) }, (_, i) => third[i * step]);
    const middle = upperMedian(sample.slice());
    return new Ground(middle, C.TO_SIGMA * upperMedian(sample.map((value) => Math.abs(value - middle))), sample);
  }
}

function measureEvenness(dark: Gray, paper: Gray, ground: Ground, window: number): number {
  if (ground.middle + C.NOISE_SIGMAS * ground.grain <= C.LEAST_CONTRAST) return 1;
  let white = 0;
  for (const value of dark.data) if (value === 255) white++;
  if (white > C.SATURATED_PART * dark.data.length) return 1;
  const { middle, grain, sample } = Ground.of(measureContrast(dark, blur(paper, window, window)));
  const bright = (middle - select(sample.slice(), Math.floor(C.BRIGHT_PART * sample.length))) / C.BRIGHT_SIGMAS;
  return bright < C.PRINTED * grain ? bright / grain : 1;
}

function grainFloor(contrast: Ink, ground: Ground, window: number, evenness: number): Ink {
  const deviation = everyThird(contrast);
  for (let i = 0; i < deviation.data.length; i++) deviation.data[i] = Math.abs(deviation.data[i] - ground.middle);
  const noise = localNoise(deviation, Math.max(C.MIN_NOISE_BLOCK_PX, C.NOISE_WINDOWS * window));
  const usual = evenness === 1 ? ground.grain : Math.max(ground.grain, noise.data.reduce((a, b) => Math.min(a, b)));
  const base = fround(ground.middle + C.NOISE_SIGMAS * evenness * ground.grain);
  for (let i = 0; i < noise.data.length; i++) {
    const excess = fround(Math.max(noise.data[i] - fround(usual), 0)) * C.EXCESS_SIGMAS;
    noise.data[i] = Math.max(C.LEAST_CONTRAST, base + fround(excess));
  }
  return resize(noise, contrast.width, contrast.height, "linear");
}

function localNoise(deviation: Ink, block: number): Ink {
  const rows = Math.max(1, Math.floor((3 * deviation.height) / block));
  const columns = Math.max(1, Math.floor((3 * deviation.width) / block));
  const [height, width] = [Math.floor(deviation.height / rows), Math.floor(deviation.width / columns)];
  const out = makeFloats(columns, rows);
  const values = new Float32Array(width * height);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let y = 0; y < height; y++) {
        const from = (row * height + y) * deviation.width + column * width;
        values.set(deviation.data.subarray(from, from + width), y * width);
      }
      // 0.385: the 30th percentile of |x| in standard deviations (Gaussian)
      out.data[row * columns + column] = select(values, Math.floor(C.PAPER_PART * values.length)) / fround(0.385);
    }
  }
  return out;
}

function localPen(contrast: Ink, floor: Ink, window: number): Ink {
  const step = Math.max(1, Math.floor(window / C.PEN_CELLS));
  const cells = strongestCells(contrast, step);
  const side = Math.floor(window / step) | 1;
  const level = resize(blur(dilate(cells, side, side), side, side), contrast.width, contrast.height, "linear");
  const strong: number[] = [];
  for (let y = 0; y < contrast.height; y += 3) {
    for (let x = 0, i = y * contrast.width; x < contrast.width; x += 3, i += 3) {
      if (contrast.data[i] > floor.data[i]) strong.push(contrast.data[i]);
    }
  }
  const weakest = fround(strong.length ? C.WEAK_PEN * upperMedian(Float32Array.from(strong)) : 0);
  const factor = fround(1 / C.INK_LEVEL);
  for (let i = 0; i < level.data.length; i++) {
    const least = fround(Math.max(floor.data[i], weakest) * factor);
    if (level.data[i] < least) level.data[i] = least;
  }
  return level;
}

/** Every step-th place of the maximum over step x step of the mean over 3 x 3. */
function strongestCells(contrast: Ink, step: number): Ink {
  const mean = blur(contrast, 3, 3);
  const half = step >> 1;
  const out = makeFloats(Math.ceil((mean.width - half) / step), Math.ceil((mean.height - half) / step));
  for (let row = 0; row < out.height; row++) {
    for (let column = 0; column < out.width; column++) {
      let most = -Infinity;
      for (let y = row * step; y < Math.min(mean.height, (row + 1) * step); y++) {
        for (let x = column * step; x < Math.min(mean.width, (column + 1) * step); x++) {
          most = Math.max(most, mean.data[y * mean.width + x]);
        }
      }
      out.data[row * out.width + column] = most;
    }
  }
  return out;
}

function compare(contrast: Ink, level: Ink, part: number): Mask {
  const out = makeBytes(contrast.width, contrast.height);
  for (let i = 0; i < out.data.length; i++) out.data[i] = contrast.data[i] >= part * level.data[i] ? 1 : 0;
  return out;
}

function softThreshold(contrast: Ink, level: Ink): { ink: Ink; mask: Mask } {
  const soft = makeFloats(contrast.width, contrast.height);
  const mask = makeBytes(contrast.width, contrast.height);
  const [factor, shift] = [fround(1 / C.SOFTNESS), fround(0.5 - C.INK_LEVEL / C.SOFTNESS)];
  for (let i = 0; i < soft.data.length; i++) {
    soft.data[i] = clip(fround(fround(contrast.data[i] * factor) / level.data[i]) + shift, 0, 1);
    mask.data[i] = soft.data[i] >= 0.5 ? 1 : 0;
  }
  const near = dilate(mask, 3, 3);
  for (let i = 0; i < soft.data.length; i++) if (!near.data[i]) soft.data[i] = 0;
  return { ink: soft, mask };
}

/** Typical width of a stroke: twice the area over the length of all outlines. */
export function measurePen(mask: Mask): number {
  const area = countInk(mask);
  if (!area) return 0;
  const { width, height } = mask;
  const inner = erode(mask, 3, 3);
  let inside = 0; // beyond the border lies paper
  for (let y = 1; y < height - 1; y++) for (let x = 1; x < width - 1; x++) inside += inner.data[y * width + x];
  return Math.max(1, (2 * area) / Math.max(area - inside, 1));
}

export function countInk(mask: Mask): number {
  let count = 0;
  for (const value of mask.data) count += value;
  return count;
}
