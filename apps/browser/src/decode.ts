/** The detector's answer becomes boxes, as `inkdigits.bundles.detector` decodes it. */

/** One sign that the detector sees; in pixels of the picture. */
export interface Spotted {
  x: number;
  y: number;
  width: number;
  height: number;
  /** How sure it is that a digit stands here, in [0, 1]. */
  score: number;
  /** Of each digit, before the classifier was asked. */
  probs: number[];
}

const STRIDE = 4;
const BOX_UNIT_PX = 8;
const LABELS = 10;
const CHANNELS = 20;
/** Two answers that share this part of the smaller box are one sign. */
export const SAME_SIGN = 0.5;

/**
 * Find the peaks of "a digit is here".
 *
 * @param signs (20, side, side) float32, row by row.
 * @param side Places of the answer along one side.
 * @param leastScore Fainter peaks are left out.
 * @returns Boxes in pixels of the view.
 */
export function decode(signs: Float32Array, side: number, leastScore: number): Spotted[] {
  const area = side * side;
  const least = Math.log(leastScore / (1 - leastScore));
  const at = (channel: number, place: number): number => signs[channel * area + place] ?? -Infinity;
  const found: Spotted[] = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const place = row * side + column;
      const heat = at(0, place);
      if (heat <= least || !isPeak(signs, side, row, column, heat)) continue;
      const reach = (channel: number): number =>
        Math.exp(Math.min(6, Math.max(-6, at(CHANNELS - 4 + channel, place)))) * BOX_UNIT_PX;
      const [left, top, right, bottom] = [reach(0), reach(1), reach(2), reach(3)];
      const logits = Array.from({ length: LABELS }, (_, label) => at(2 + label, place));
      found.push({
        x: (column + 0.5) * STRIDE - left,
        y: (row + 0.5) * STRIDE - top,
        width: left + right,
        height: top + bottom,
        score: 1 / (1 + Math.exp(-heat)),
        probs: softmax(logits),
      });
    }
  }
  return found;
}

function isPeak(heats: Float32Array, side: number, row: number, column: number, heat: number): boolean {
  for (let y = Math.max(0, row - 1); y <= Math.min(side - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(side - 1, column + 1); x++) {
      if ((heats[y * side + x] ?? -Infinity) > heat) return false;
    }
  }
  return true;
}

/** Keep the best of those that lie on each other. */
export function keepBest<T extends Spotted>(signs: T[], worth: (sign: T) => number): T[] {
  const kept: T[] = [];
  for (const sign of [...signs].sort((a, b) => worth(b) - worth(a))) {
    if (kept.every((other) => shared(sign, other) < SAME_SIGN)) kept.push(sign);
  }
  return kept;
}

function shared(a: Spotted, b: Spotted): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  const smaller = Math.min(a.width * a.height, b.width * b.height);
  return (Math.max(0, width) * Math.max(0, height)) / Math.max(smaller, 1e-6);
}

export function softmax(logits: number[]): number[] {
  const most = Math.max(...logits);
  const exponents = logits.map((logit) => Math.exp(logit - most));
  const sum = exponents.reduce((a, b) => a + b, 0);
  return exponents.map((value) => value / sum);
}
