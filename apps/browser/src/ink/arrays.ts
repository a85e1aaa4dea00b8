/**
 * Pictures as arrays, and the few operations of OpenCV that reading needs, with OpenCV's rules for borders, rounding
 * and windows.
 *
 * Owns: those operations. Leaves to others: what they are used for. Windows of an even length reach one further to the
 * left, as OpenCV's do.
 */

/** OpenCV computes in 32 bits; the networks compute in 8, and turn a difference in the last bit into another score. */
const { fround } = Math;

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

function makeLike<T extends Values>(data: T, size: number): T {
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

// --- Sizes -----------------------------------------------------------------------------------------------------

/** For each new pixel: which old ones it is made of, and their shares. */
interface Taps {
  from: Int32Array;
  weights: Float32Array;
  count: number;
}

function areaTaps(length: number, size: number): Taps {
  const step = length / size;
  const count = Math.ceil(step) + 1;
  const from = new Int32Array(size * count);
  const weights = new Float32Array(size * count);
  for (let place = 0; place < size; place++) {
    const [start, end] = [place * step, Math.min(length, (place + 1) * step)];
    const first = Math.floor(start + 1e-9);
    for (let tap = 0; tap < count; tap++) {
      const old = first + tap;
      const shared = Math.min(end, old + 1) - Math.max(start, old);
      from[place * count + tap] = Math.min(old, length - 1);
      weights[place * count + tap] = shared > 1e-3 ? shared / (end - start) : 0;
    }
  }
  return { from, weights, count };
}

function cubicTaps(length: number, size: number): Taps {
  const step = length / size;
  const count = 4;
  const from = new Int32Array(size * count);
  const weights = new Float32Array(size * count);
  for (let place = 0; place < size; place++) {
    const at = (place + 0.5) * step - 0.5;
    const first = Math.floor(at);
    cubic(at - first).forEach((weight, tap) => {
      from[place * count + tap] = clip(first + tap - 1, 0, length - 1);
      weights[place * count + tap] = weight;
    });
  }
  return { from, weights, count };
}

/** For each new pixel the old one before it, the one behind it, and the part of the way to that. */
function linearTaps(length: number, size: number): { before: Int32Array; behind: Int32Array; parts: Float32Array } {
  const [before, behind, parts] = [new Int32Array(size), new Int32Array(size), new Float32Array(size)];
  for (let place = 0; place < size; place++) {
    const at = (place + 0.5) * (length / size) - 0.5;
    const first = Math.floor(at);
    before[place] = clip(first, 0, length - 1);
    behind[place] = clip(first + 1, 0, length - 1);
    parts[place] = at - first;
  }
  return { before, behind, parts };
}

function cubic(part: number): number[] {
  const a = -0.75; // OpenCV's
  const near = (t: number): number => ((a + 2) * t - (a + 3)) * t * t + 1;
  const far = (t: number): number => ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  const weights = [far(part + 1), near(part), near(1 - part)];
  return [...weights, 1 - weights[0] - weights[1] - weights[2]];
}

export type Method = "area" | "linear" | "cubic";

/** Resize; bytes are rounded. */
export function resize<T extends Values>(plane: Plane<T>, width: number, height: number, method: Method): Plane<T> {
  if (width === plane.width && height === plane.height) return plane;
  if (method === "linear") {
    const isByte = plane.data instanceof Uint8Array;
    return (isByte ? resizeBytes(plane as Gray, width, height) : resizeFloats(plane as Ink, width, height)) as Plane<T>;
  }
  const make = method === "area" ? areaTaps : cubicTaps;
  const [across, down] = [make(plane.width, width), make(plane.height, height)];
  const narrow = new Float32Array(width * plane.height);
  const { from: columns, weights, count } = across;
  const old = plane.data;
  for (let y = 0; y < plane.height; y++) {
    const row = y * plane.width;
    for (let x = 0, tap = 0; x < width; x++) {
      let sum = 0;
      for (let i = 0; i < count; i++, tap++) sum = fround(sum + fround(weights[tap] * old[row + columns[tap]]));
      narrow[y * width + x] = sum;
    }
  }
  const data = makeLike(plane.data, width * height);
  const isByte = data instanceof Uint8Array;
  const line = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let i = 0; i < down.count; i++) {
      const weight = down.weights[y * down.count + i];
      if (weight === 0) continue;
      const from = down.from[y * down.count + i] * width;
      for (let x = 0; x < width; x++) line[x] = fround(line[x] + fround(weight * narrow[from + x]));
    }
    const row = y * width;
    if (!isByte) data.set(line, row);
    else for (let x = 0; x < width; x++) data[row + x] = clip(round(line[x]), 0, 255);
  }
  return { data, width, height };
}

function resizeFloats(plane: Ink, width: number, height: number): Ink {
  if (plane.width === 1 || plane.height === 1) return resizeLine(plane, width, height);
  const [across, down] = [linearTaps(plane.width, width), linearTaps(plane.height, height)];
  const narrow = makeFloats(width, plane.height).data;
  for (let y = 0, to = 0; y < plane.height; y++) {
    const row = y * plane.width;
    for (let x = 0; x < width; x++, to++) {
      const left = plane.data[row + across.before[x]];
      narrow[to] = left + fround(plane.data[row + across.behind[x]] - left) * across.parts[x];
    }
  }
  const out = makeFloats(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    const [upper, lower, part] = [down.before[y] * width, down.behind[y] * width, down.parts[y]];
    for (let x = 0; x < width; x++, to++) {
      out.data[to] = narrow[upper + x] + fround(narrow[lower + x] - narrow[upper + x]) * part;
    }
  }
  return out;
}

/** The same for a single row or column of values, which OpenCV computes in another order. */
function resizeLine(plane: Ink, width: number, height: number): Ink {
  const row = Float32Array.from({ length: width * plane.height }, (_, i) => {
    const at = fround(((i % width) + 0.5) * (plane.width / width) - 0.5);
    const first = clip(Math.floor(at), 0, plane.width - 1);
    const part = at < 0 || first === plane.width - 1 ? 0 : fround(at - first);
    const from = Math.floor(i / width) * plane.width + first;
    return part ? blend(plane.data[from], plane.data[from + 1], part) : plane.data[from];
  });
  const out = makeFloats(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    const at = fround((y + 0.5) * (plane.height / height) - 0.5);
    const first = Math.floor(at);
    const [upper, lower] = [first, first + 1].map((place) => clip(place, 0, plane.height - 1) * width);
    for (let x = 0; x < width; x++, to++) out.data[to] = blend(row[upper + x], row[lower + x], fround(at - first));
  }
  return out;
}

function blend(a: number, b: number, part: number): number {
  return fround(fround(a * fround(1 - part)) + fround(b * part));
}

/** Bytes between bytes, in whole numbers of 1/2048. */
function resizeBytes(gray: Gray, width: number, height: number): Gray {
  const [across, down] = [linearTaps(gray.width, width), linearTaps(gray.height, height)];
  const columns = Int32Array.from(across.parts, (part) => round(part * 2048));
  const narrow = new Int32Array(width * gray.height);
  for (let y = 0, to = 0; y < gray.height; y++) {
    const row = y * gray.width;
    for (let x = 0; x < width; x++, to++) {
      const [left, right] = [gray.data[row + across.before[x]], gray.data[row + across.behind[x]]];
      narrow[to] = (left * (2048 - columns[x]) + right * columns[x]) >> 4;
    }
  }
  const out = makeBytes(width, height);
  for (let y = 0, to = 0; y < height; y++) {
    const [upper, lower, part] = [down.before[y] * width, down.behind[y] * width, round(down.parts[y] * 2048)];
    for (let x = 0; x < width; x++, to++) {
      out.data[to] = ((((2048 - part) * narrow[upper + x]) >> 16) + ((part * narrow[lower + x]) >> 16) + 2) >> 2;
    }
  }
  return out;
}

// --- Means -----------------------------------------------------------------------------------------------------

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
  for (let y = 0; y < height; y++) {
    counts.fill(0);
    const rows = Array.from({ length: window }, (_, i) => clip(y + i - reach, 0, height - 1) * width);
    for (const row of rows) for (let i = -reach; i <= reach; i++) counts[gray.data[row + clip(i, 0, width - 1)]]++;
    let [level, below] = [0, 0]; // `below` values are less than `level`
    for (let x = 0; x < width; x++) {
      while (below > half) below -= counts[--level];
      while (below + counts[level] <= half) below += counts[level++];
      out.data[y * width + x] = level;
      const [last, next] = [clip(x - reach, 0, width - 1), clip(x + reach + 1, 0, width - 1)];
      for (const row of rows) {
        const [old, fresh] = [gray.data[row + last], gray.data[row + next]];
        counts[old]--;
        counts[fresh]++;
        below += (fresh < level ? 1 : 0) - (old < level ? 1 : 0);
      }
    }
  }
  return out;
}

// --- Maxima and minima -----------------------------------------------------------------------------------------

/** The highest (sign 1) or lowest (-1) value of each window along the rows; places outside don't count. */
function extremeAcross<T extends Values>(data: T, width: number, height: number, window: number, sign: number): T {
  if (window <= 1) return data;
  const out = makeLike(data, width * height);
  if (window === 3 && width > 1) {
    extremeOfThree(data, out, width, 1, sign);
    return out;
  }
  const reach = window >> 1;
  const outside = -Infinity;
  const length = Math.ceil((width + window) / window) * window;
  const [line, ahead, behind] = [new Float32Array(length), new Float32Array(length), new Float32Array(length)];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    line.fill(outside);
    for (let x = 0; x < width; x++) line[x + reach] = sign * data[row + x];
    for (let start = 0; start < length; start += window) {
      let most = outside;
      for (let i = start; i < start + window; i++) ahead[i] = most = line[i] > most ? line[i] : most;
      most = outside;
      for (let i = start + window - 1; i >= start; i--) behind[i] = most = line[i] > most ? line[i] : most;
    }
    for (let x = 0; x < width; x++) {
      const [a, b] = [behind[x], ahead[x + window - 1]];
      out[row + x] = sign * (a > b ? a : b);
    }
  }
  return out;
}

/** The same for windows of three, along the rows (step 1) or down the columns (step = width). */
function extremeOfThree(data: Values, out: Values, width: number, step: number, sign: number): void {
  if (step === 1) {
    for (let start = 0; start < data.length; start += width) {
      const end = start + width - 1;
      for (let i = start; i <= end; i++) {
        let most = data[i];
        if (i > start && sign * data[i - 1] > sign * most) most = data[i - 1];
        if (i < end && sign * data[i + 1] > sign * most) most = data[i + 1];
        out[i] = most;
      }
    }
    return;
  }
  const last = data.length - width;
  for (let i = 0; i < data.length; i++) {
    let most = data[i];
    if (i >= width && sign * data[i - width] > sign * most) most = data[i - width];
    if (i < last && sign * data[i + width] > sign * most) most = data[i + width];
    out[i] = most;
  }
}

function extremeDown<T extends Values>(data: T, width: number, height: number, window: number, sign: number): T {
  if (window <= 1) return data;
  if (window === 3) {
    const out = makeLike(data, width * height);
    extremeOfThree(data, out, width, width, sign);
    return out;
  }
  if (window > 7) {
    const turned = transpose({ data, width, height });
    return transpose({ data: extremeAcross(turned.data, height, width, window, sign), width: height, height: width }).data;
  }
  const out = makeLike(data, width * height);
  const reach = window >> 1;
  for (let y = 0; y < height; y++) {
    const [first, last] = [Math.max(0, y - reach), Math.min(height - 1, y - reach + window - 1)];
    const row = y * width;
    out.set(data.subarray(first * width, (first + 1) * width), row);
    for (let other = first + 1; other <= last; other++) {
      const from = other * width;
      if (sign > 0) for (let x = 0; x < width; x++) out[row + x] = Math.max(out[row + x], data[from + x]);
      else for (let x = 0; x < width; x++) out[row + x] = Math.min(out[row + x], data[from + x]);
    }
  }
  return out;
}

export function dilate<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  const { width, height } = plane;
  return { data: extremeDown(extremeAcross(plane.data, width, height, columns, 1), width, height, rows, 1), width, height };
}

export function erode<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  const { width, height } = plane;
  return { data: extremeDown(extremeAcross(plane.data, width, height, columns, -1), width, height, rows, -1), width, height };
}

export function close<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  return erode(dilate(plane, columns, rows), columns, rows);
}

export function open<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  return dilate(erode(plane, columns, rows), columns, rows);
}

/** How far OpenCV's disc of this size reaches to both sides in each of its rows. */
export function discReaches(size: number): number[] {
  const radius = size >> 1;
  return Array.from({ length: size }, (_, row) => {
    const away = row - radius;
    return radius ? round(radius * Math.sqrt(Math.max(0, radius * radius - away * away) / (radius * radius))) : 0;
  });
}

function extremeInDisc<T extends Values>(plane: Plane<T>, size: number, sign: number): Plane<T> {
  if (size <= 1) return plane;
  const { width, height } = plane;
  const reaches = discReaches(size);
  const radius = size >> 1;
  const across = new Map<number, T>();
  for (const reach of new Set(reaches)) {
    // an even disc has no column beyond its radius on the right
    const window = Math.min(2 * reach + 1, size);
    across.set(reach, extremeAcross(plane.data, width, height, window, sign));
  }
  const data = makeLike(plane.data, width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let isFirst = true;
    for (let i = 0; i < size; i++) {
      const other = y + i - radius;
      if (other < 0 || other >= height) continue;
      const source = across.get(reaches[i]) as T;
      const from = other * width;
      if (isFirst) data.set(source.subarray(from, from + width), row);
      else if (sign > 0) for (let x = 0; x < width; x++) data[row + x] = Math.max(data[row + x], source[from + x]);
      else for (let x = 0; x < width; x++) data[row + x] = Math.min(data[row + x], source[from + x]);
      isFirst = false;
    }
  }
  return { data, width, height };
}

export function dilateByDisc<T extends Values>(plane: Plane<T>, size: number): Plane<T> {
  return extremeInDisc(plane, size, 1);
}

export function closeByDisc<T extends Values>(plane: Plane<T>, size: number): Plane<T> {
  return extremeInDisc(extremeInDisc(plane, size, 1), size, -1);
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
