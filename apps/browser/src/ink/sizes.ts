/** Resizing as OpenCV does it: areas, lines, and cubic curves, with its rounding. */
import { clip, makeBytes, makeFloats, makeLike, round, type Gray, type Ink, type Plane, type Values } from "./arrays";

/** OpenCV computes in 32 bits; the networks compute in 8, and turn a difference in the last bit into another score. */
const { fround } = Math;

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
  const isByte = plane.data instanceof Uint8Array;
  if (method === "linear") {
    return (isByte ? resizeBytes(plane as Gray, width, height) : resizeFloats(plane as Ink, width, height)) as Plane<T>;
  }
  if (method === "cubic" && isByte) return bendBytes(plane as Gray, width, height) as Plane<T>;
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

/** Shares of four neighbours by a cubic curve, in whole numbers of 1/2048; their first place, and the shares. */
function cubicShares(length: number, size: number): { from: Int32Array; shares: Int32Array } {
  const [from, shares] = [new Int32Array(4 * size), new Int32Array(4 * size)];
  const near = (t: number): number => fround(fround(fround(fround(fround(1.25 * t) - 2.25) * t) * t) + 1);
  const far = (t: number): number => fround(fround(fround(fround(fround(fround(-0.75 * t) + 3.75) * t) - 6) * t) + 3);
  for (let place = 0; place < size; place++) {
    const at = fround((place + 0.5) * (length / size) - 0.5);
    const first = Math.floor(at);
    const part = fround(at - first);
    const [a, b, c] = [far(fround(part + 1)), near(part), near(fround(1 - part))];
    [a, b, c, fround(fround(fround(1 - a) - b) - c)].forEach((share, tap) => {
      from[4 * place + tap] = clip(first + tap - 1, 0, length - 1);
      shares[4 * place + tap] = round(fround(share * 2048));
    });
  }
  return { from, shares };
}

/** OpenCV adds up so many columns at once, in 32-bit floats; the last ones, which don't fill that, in whole numbers. */
const AT_ONCE = 8;

/** Bytes between bytes by cubic curves. */
function bendBytes(gray: Gray, width: number, height: number): Gray {
  const [across, down] = [cubicShares(gray.width, width), cubicShares(gray.height, height)];
  const narrow = new Int32Array(width * gray.height);
  for (let y = 0, to = 0; y < gray.height; y++) {
    const row = y * gray.width;
    for (let x = 0; x < 4 * width; x += 4, to++) {
      let sum = 0;
      for (let tap = x; tap < x + 4; tap++) sum += across.shares[tap] * gray.data[row + across.from[tap]];
      narrow[to] = sum;
    }
  }
  const out = makeBytes(width, height);
  const whole = width - (width % AT_ONCE);
  for (let y = 0, to = 0; y < height; y++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((tap) => down.from[4 * y + tap] * width);
    const [i, j, k, l] = down.shares.subarray(4 * y, 4 * y + 4);
    for (let x = 0; x < whole; x++, to++) {
      let sum = fround(fround(narrow[d + x]) * (l / 2 ** 22));
      sum = fround(fround(fround(narrow[c + x]) * (k / 2 ** 22)) + sum);
      sum = fround(fround(fround(narrow[b + x]) * (j / 2 ** 22)) + sum);
      sum = fround(fround(fround(narrow[a + x]) * (i / 2 ** 22)) + sum);
      out.data[to] = clip(round(sum), 0, 255);
    }
    for (let x = whole; x < width; x++, to++) {
      const sum = i * narrow[a + x] + j * narrow[b + x] + k * narrow[c + x] + l * narrow[d + x];
      out.data[to] = clip(Math.floor((sum + 2 ** 21) / 2 ** 22), 0, 255);
    }
  }
  return out;
}
