/** Means and medians over windows, with OpenCV's rules for borders and rounding; even windows reach one further left. */
import { clip, makeBytes, makeLike, round, type Gray, type Plane, type Values } from "./arrays";

/** Where a place outside lies inside: the border is a mirror that stands on the outermost pixel. */
function mirror(place: number, length: number): number {
  if (length === 1) return 0;
  let at = place;
  while (at < 0 || at >= length) at = at < 0 ? -at : 2 * length - 2 - at;
  return at;
}

function sumAcross(data: Values, width: number, height: number, window: number): Float64Array {
  const out = new Float64Array(width * height);
  const reach = window >> 1;
  const next = Int32Array.from({ length: width }, (_, x) => mirror(x - reach + window, width));
  const last = Int32Array.from({ length: width }, (_, x) => mirror(x - reach, width));
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = 0;
    for (let i = -reach; i < window - reach; i++) sum += data[row + mirror(i, width)];
    for (let x = 0; x < width; x++) {
      out[row + x] = sum;
      sum += data[row + next[x]] - data[row + last[x]];
    }
  }
  return out;
}

/** Division by an area with rounding, for small ones in whole numbers with OpenCV's own rounding error. */
function dividing(area: number): (sum: number) => number {
  if (area > 256) return (sum) => round(sum / area);
  const scale = 2 ** 23 / area;
  const isLow = scale - Math.floor(scale) < 0.5;
  const [factor, shift] = [Math.floor(scale) + (isLow ? 0 : 1), (area >> 1) + (isLow ? 1 : 0)];
  return (sum) => Math.floor(((sum + shift) * factor) / 2 ** 23);
}

/** The mean over a window; bytes are rounded. */
export function blur<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  const { width, height } = plane;
  const across = sumAcross(plane.data, width, height, columns);
  const data = makeLike(plane.data, width * height);
  const isByte = data instanceof Uint8Array;
  const [reach, area] = [rows >> 1, columns * rows];
  const toByte = dividing(area);
  const sums = new Float64Array(width);
  for (let i = -reach; i < rows - reach; i++) {
    const row = mirror(i, height) * width;
    for (let x = 0; x < width; x++) sums[x] += across[row + x];
  }
  for (let y = 0; y < height; y++) {
    const [next, last] = [mirror(y - reach + rows, height) * width, mirror(y - reach, height) * width];
    for (let x = 0; x < width; x++) {
      data[y * width + x] = isByte ? toByte(sums[x]) : sums[x] / area;
      sums[x] += across[next + x] - across[last + x];
    }
  }
  return { data, width, height };
}

/** A Gaussian with a standard deviation of 0.8 over seven pixels, in whole numbers of 1/256, as OpenCV has it. */
export function smooth(gray: Gray): Gray {
  const { width, height } = gray;
  const weights = [0, 6, 58, 128, 58, 6, 0];
  const across = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = 0;
      for (let i = 1; i < 6; i++) value += weights[i] * gray.data[y * width + mirror(x + i - 3, width)];
      across[y * width + x] = value;
    }
  }
  const out = makeBytes(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let value = 0;
      for (let i = 1; i < 6; i++) value += weights[i] * across[mirror(y + i - 3, height) * width + x];
      out.data[y * width + x] = (value + 0x8000) >> 16;
    }
  }
  return out;
}

/** The median over a square window; places outside repeat the border. */
export function medianBlur(gray: Gray, window: number): Gray {
  const { width, height } = gray;
  const out = makeBytes(width, height);
  const reach = window >> 1;
  const half = (window * window) >> 1;
  const counts = new Int32Array(256);
  const rows = new Int32Array(window);
  for (let y = 0; y < height; y++) {
    counts.fill(0);
    for (let i = 0; i < window; i++) rows[i] = clip(y + i - reach, 0, height - 1) * width;
    for (const row of rows) for (let i = -reach; i <= reach; i++) counts[gray.data[row + clip(i, 0, width - 1)]]++;
    let level = 0;
    let below = 0; // so many values are less than `level`
    for (let x = 0; x < width; x++) {
      while (below > half) below -= counts[--level];
      while (below + counts[level] <= half) below += counts[level++];
      out.data[y * width + x] = level;
      const last = clip(x - reach, 0, width - 1);
      const next = clip(x + reach + 1, 0, width - 1);
      for (let i = 0; i < window; i++) {
        const old = gray.data[rows[i] + last];
        const fresh = gray.data[rows[i] + next];
        if (old === fresh) continue;
        counts[old]--;
        counts[fresh]++;
        if (fresh < level) below++;
        if (old < level) below--;
      }
    }
  }
  return out;
}
