/** Maxima and minima over windows and discs, as OpenCV's dilating and eroding; even windows reach one further left. */
import { round, transpose, type Plane, type Values } from "./arrays";

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
function widen(data: Float32Array, out: Float32Array, row: number, width: number, by: number): void {
  const end = row + width - 1;
  for (let i = row; i <= end; i++) {
    const a = data[i - by < row ? row : i - by];
    const b = data[i + by > end ? end : i + by];
    out[i] = a > b ? a : b;
  }
}

/** Rows of maxima over windows of several widths; each row is made when it is asked for. */
class WideRows {
  readonly #planes: { reach: number; out: Float32Array; done: Uint8Array }[];

  constructor(
    readonly data: Float32Array,
    readonly width: number,
    height: number,
    readonly size: number,
    reaches: number[],
  ) {
    const make = (reach: number) => ({ reach, out: new Float32Array(data.length), done: new Uint8Array(height) });
    this.#planes = [...new Set(reaches)].sort((a, b) => a - b).map(make);
  }

  find(reach: number): number {
    return this.#planes.findIndex((plane) => plane.reach === reach);
  }

  /** The plane in which the y-th row is right. */
  make(index: number, y: number): Float32Array {
    const { reach, out, done } = this.#planes[index];
    if (done[y]) return out;
    done[y] = 1;
    const { data, width, size } = this;
    const row = y * width;
    const narrower = index ? this.#planes[index - 1].reach : 0;
    // an even disc has no column beyond its radius on the right
    if (index && 2 * reach + 1 <= size && reach - narrower <= narrower) {
      widen(this.make(index - 1, y), out, row, width, reach - narrower);
    } else {
      out.set(maxAcross(data.subarray(row, row + width), width, 1, Math.min(2 * reach + 1, size)), row);
    }
    return out;
  }
}

function maxInDisc(data: Float32Array, width: number, height: number, size: number): Float32Array {
  const most = data.reduce((a, b) => (a > b ? a : b), -Infinity);
  if (isAll(data, 0, data.length, most)) return data.slice();
  const reaches = discReaches(size);
  const radius = size >> 1;
  const rows = new WideRows(data, width, height, size, reaches);
  const planes = reaches.map((reach) => rows.find(reach));
  // The widest first: on blank paper nothing higher can follow.
  const order = reaches.map((_, i) => i).sort((a, b) => Math.abs(a - radius) - Math.abs(b - radius));
  const out = new Float32Array(width * height).fill(-Infinity);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (const i of order) {
      const other = y + i - radius;
      if (other < 0 || other >= height) continue;
      takeHigher(out, row, rows.make(planes[i], other), other * width, width);
      if (isAll(out, row, row + width, most)) break;
    }
  }
  return out;
}

function isAll(data: Float32Array, from: number, to: number, value: number): boolean {
  for (let i = from; i < to; i++) if (data[i] !== value) return false;
  return true;
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
