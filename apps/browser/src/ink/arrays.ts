/** Pictures as arrays, and what needs no neighbours: rounding, medians, cutting, a threshold. */

export type Values = Uint8Array | Float32Array;

/** One channel, row by row. */
export interface Plane<T extends Values = Values> {
  data: T;
  width: number;
  height: number;
}
/** Grey values in [0, 255]. */
export type Gray = Plane<Uint8Array>;
/** 1 where there is ink. */
export type Mask = Plane<Uint8Array>;
/** In [0, 1], ink = 1. */
export type Ink = Plane<Float32Array>;

/** In whole pixels; its right and bottom are `x + width` and `y + height`. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export function makeBytes(width: number, height: number): Gray {
  return { data: new Uint8Array(width * height), width, height };
}

export function makeFloats(width: number, height: number): Ink {
  return { data: new Float32Array(width * height), width, height };
}

export function makeLike<T extends Values>(data: T, size: number): T {
  return (data instanceof Uint8Array ? new Uint8Array(size) : new Float32Array(size)) as T;
}

/** Round as Python does: halves go to the even neighbour. */
export function round(value: number): number {
  const low = Math.floor(value);
  const part = value - low;
  if (part !== 0.5) return part < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

export function clip(value: number, least: number, most: number): number {
  return value < least ? least : value > most ? most : value;
}

/** The median as Python's `statistics.median`: the mean of both middle ones. */
export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value that would stand at this place if the values were sorted; they are moved around. */
export function select(values: Float32Array, place: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const kept = values[i];
        values[i++] = values[j];
        values[j--] = kept;
      }
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place];
}

/** The upper median; the values are moved around. */
export function upperMedian(values: Float32Array): number {
  return select(values, values.length >> 1);
}

/** Every third pixel of every third row. */
export function everyThird(plane: Ink): Ink {
  const [width, height] = [Math.ceil(plane.width / 3), Math.ceil(plane.height / 3)];
  const out = makeFloats(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = 3 * y * plane.width; x < width; x++, from += 3) out.data[to++] = plane.data[from];
  }
  return out;
}

export function cut<T extends Values>(plane: Plane<T>, box: Box): Plane<T> {
  const data = makeLike(plane.data, box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const from = (box.y + y) * plane.width + box.x;
    data.set(plane.data.subarray(from, from + box.width), y * box.width);
  }
  return { data, width: box.width, height: box.height };
}

/** Put a plane into the middle of a larger one: `by` on all sides. */
export function pad<T extends Values>(plane: Plane<T>, by: number, value = 0): Plane<T> {
  const [width, height] = [plane.width + 2 * by, plane.height + 2 * by];
  const data = makeLike(plane.data, width * height);
  if (value) data.fill(value);
  for (let y = 0; y < plane.height; y++) {
    data.set(plane.data.subarray(y * plane.width, (y + 1) * plane.width), (y + by) * width + by);
  }
  return { data, width, height };
}

export function transpose<T extends Values>(plane: Plane<T>): Plane<T> {
  const { width, height } = plane;
  const data = makeLike(plane.data, width * height);
  const tile = 32;
  for (let top = 0; top < height; top += tile) {
    for (let left = 0; left < width; left += tile) {
      for (let y = top; y < Math.min(height, top + tile); y++) {
        for (let x = left; x < Math.min(width, left + tile); x++) data[x * height + y] = plane.data[y * width + x];
      }
    }
  }
  return { data, width: height, height: width };
}

/** The threshold by Otsu's method: ink and paper lie on its two sides. */
export function otsu(gray: Gray): number {
  const counts = new Float64Array(256);
  for (const value of gray.data) counts[value]++;
  const total = gray.data.length;
  let mean = 0;
  for (let i = 0; i < 256; i++) mean += (i * counts[i]) / total;
  let [share, low, best, threshold] = [0, 0, 0, 0];
  for (let i = 0; i < 256; i++) {
    const part = counts[i] / total;
    low *= share;
    share += part;
    const rest = 1 - share;
    if (Math.min(share, rest) < 1.2e-7 || Math.max(share, rest) > 1 - 1.2e-7) continue;
    low = (low + i * part) / share;
    const high = (mean - share * low) / rest;
    const spread = share * rest * (low - high) ** 2;
    if (spread > best) [best, threshold] = [spread, i];
  }
  return threshold;
}
