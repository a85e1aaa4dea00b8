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

// --- Maxima and minima -----------------------------------------------------------------------------------------

/** Work on floats alone: code that sees arrays of two kinds runs several times slower. Minima are maxima of -x. */
function withFloats<T extends Values>(plane: Plane<T>, sign: number, work: (data: Float32Array) => Float32Array): Plane<T> {
  const { width, height } = plane;
  const isByte = plane.data instanceof Uint8Array;
  if (sign > 0 && !isByte) return { data: work(plane.data as Float32Array) as T, width, height };
  const floats = new Float32Array(plane.data);
  if (sign < 0) negate(floats);
  const result = work(floats);
  if (sign < 0) negate(result);
  return { data: (isByte ? new Uint8Array(result) : result) as T, width, height };
}

function negate(data: Float32Array): void {
  for (let i = 0; i < data.length; i++) data[i] = 0 - data[i];
}

/** The highest value of each window along the rows, by van Herk's method; places outside don't count. */
function maxAcross(data: Float32Array, width: number, height: number, window: number): Float32Array {
  if (window <= 1) return data;
  const out = new Float32Array(width * height);
  if (window === 3 && width > 1) {
    maxOfThreeAcross(data, out, width);
    return out;
  }
  const reach = window >> 1;
  const length = Math.ceil((width + window) / window) * window;
  const [line, ahead, behind] = [new Float32Array(length), new Float32Array(length), new Float32Array(length)];
  line.fill(-Infinity);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    line.set(data.subarray(row, row + width), reach);
    for (let start = 0; start < length; start += window) {
      const end = start + window;
      let most = line[start];
      ahead[start] = most;
      for (let i = start + 1; i < end; i++) {
        if (line[i] > most) most = line[i];
        ahead[i] = most;
      }
      most = line[end - 1];
      behind[end - 1] = most;
      for (let i = end - 2; i >= start; i--) {
        if (line[i] > most) most = line[i];
        behind[i] = most;
      }
    }
    for (let x = 0; x < width; x++) {
      const a = behind[x];
      const b = ahead[x + window - 1];
      out[row + x] = a > b ? a : b;
    }
  }
  return out;
}

function maxOfThreeAcross(data: Float32Array, out: Float32Array, width: number): void {
  for (let start = 0; start < data.length; start += width) {
    const end = start + width - 1;
    let before = data[start];
    let own = before;
    for (let i = start; i < end; i++) {
      const next = data[i + 1];
      const most = own > before ? own : before;
      out[i] = next > most ? next : most;
      before = own;
      own = next;
    }
    out[end] = own > before ? own : before;
  }
}

function maxDown(data: Float32Array, width: number, height: number, window: number): Float32Array {
  if (window <= 1) return data;
  if (window > 7) {
    const turned = transpose({ data, width, height });
    return transpose({ data: maxAcross(turned.data, height, width, window), width: height, height: width }).data;
  }
  const out = new Float32Array(width * height);
  const reach = window >> 1;
  for (let y = 0; y < height; y++) {
    const [first, last] = [Math.max(0, y - reach), Math.min(height - 1, y - reach + window - 1)];
    const row = y * width;
    out.set(data.subarray(first * width, (first + 1) * width), row);
    for (let other = first + 1; other <= last; other++) takeHigher(out, row, data, other * width, width);
  }
  return out;
}

function takeHigher(out: Float32Array, row: number, data: Float32Array, from: number, width: number): void {
  for (let x = 0; x < width; x++) {
    const value = data[from + x];
    if (value > out[row + x]) out[row + x] = value;
  }
}

export function dilate<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  return extreme(plane, columns, rows, 1);
}

export function erode<T extends Values>(plane: Plane<T>, columns: number, rows: number): Plane<T> {
  return extreme(plane, columns, rows, -1);
}

function extreme<T extends Values>(plane: Plane<T>, columns: number, rows: number, sign: number): Plane<T> {
  const { width, height } = plane;
  if (columns <= 1 && rows <= 1) return plane;
  return withFloats(plane, sign, (data) => maxDown(maxAcross(data, width, height, columns), width, height, rows));
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

/** The maxima of windows that reach `by` farther to both sides, of those of windows that reach at least so far. */
function widen(data: Float32Array, width: number, by: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let row = 0; row < data.length; row += width) {
    const end = row + width - 1;
    for (let i = row; i <= end; i++) {
      const a = data[i - by < row ? row : i - by];
      const b = data[i + by > end ? end : i + by];
      out[i] = a > b ? a : b;
    }
  }
  return out;
}

function maxInDisc(data: Float32Array, width: number, height: number, size: number): Float32Array {
  const reaches = discReaches(size);
  const radius = size >> 1;
  const across = new Map<number, Float32Array>();
  let last = -1;
  for (const reach of [...new Set(reaches)].sort((a, b) => a - b)) {
    // an even disc has no column beyond its radius on the right
    const isWhole = 2 * reach + 1 <= size;
    const narrower = isWhole && reach - last <= last ? across.get(last) : undefined;
    const found = narrower
      ? widen(narrower, width, reach - last)
      : maxAcross(data, width, height, Math.min(2 * reach + 1, size));
    across.set(reach, found);
    last = reach;
  }
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let isFirst = true;
    for (let i = 0; i < size; i++) {
      const other = y + i - radius;
      if (other < 0 || other >= height) continue;
      const source = across.get(reaches[i])!;
      const from = other * width;
      if (isFirst) out.set(source.subarray(from, from + width), row);
      else takeHigher(out, row, source, from, width);
      isFirst = false;
    }
  }
  return out;
}

function extremeInDisc<T extends Values>(plane: Plane<T>, size: number, sign: number): Plane<T> {
  if (size <= 1) return plane;
  return withFloats(plane, sign, (data) => maxInDisc(data, plane.width, plane.height, size));
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
