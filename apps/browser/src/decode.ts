/** The detector's answer becomes boxes, as `inkdigits.bundles.detector` decodes it. */
import constants from "./constants.json";
import type { Box } from "./ink/arrays";

const C = constants["bundles.detector"];

/** One sign that the detector sees. */
export interface Spotted extends Box {
  /** How sure it is that a digit stands here, in [0, 1]. */
  score: number;
  /** Of each digit, before the classifier was asked; of each mark. */
  probs: number[];
}

/** What the detector sees: digits and marks, best first. */
export interface Seen {
  digits: Spotted[];
  marks: Spotted[];
}

/** Both channels of the detector's answer; arguments as for `decode`. */
export function decodeBoth(signs: Float32Array, width: number, height: number, leastScore: number): Seen {
  const marks = decode(signs.subarray(width * height), width, height, leastScore, 1 + C.DIGIT_LABELS, constants.marks.length);
  return { digits: decode(signs, width, height, leastScore), marks };
}

/**
 * Find the peaks of one channel, "a digit is here"; of answers that lie on each other the best remains.
 *
 * @param signs The channel and those after it, each (height, width) float32, row by row.
 * @param leastScore Fainter peaks are left out.
 * @param names Which of these channels holds the first label, of how many.
 * @returns Boxes in pixels of the view, best first.
 */
export function decode(signs: Float32Array, width: number, height: number, leastScore: number, names = 2, count: number = C.DIGIT_LABELS): Spotted[] {
  const area = width * height;
  const sides = signs.length / area - 4;
  const least = Math.log(leastScore / (1 - leastScore));
  const peaks: number[] = [];
  for (let place = 0; place < area; place++) {
    if (signs[place] > least && isPeak(signs, width, height, place)) peaks.push(place);
  }
  peaks.sort((a, b) => signs[b] - signs[a]);
  const found = peaks.map((place) => {
    const reach = (side: number): number =>
      Math.exp(Math.min(6, Math.max(-6, signs[(sides + side) * area + place]))) * C.BOX_UNIT_PX;
    const [left, top, right, bottom] = [reach(0), reach(1), reach(2), reach(3)];
    const [x, y] = [((place % width) + 0.5) * C.STRIDE, (Math.floor(place / width) + 0.5) * C.STRIDE];
    return {
      x: x - left,
      y: y - top,
      width: left + right,
      height: top + bottom,
      score: 1 / (1 + Math.exp(-signs[place])),
      probs: softmax(Array.from({ length: count }, (_, label) => signs[(names + label) * area + place])),
    };
  });
  return dropDoubles(found);
}

function isPeak(heats: Float32Array, width: number, height: number, place: number): boolean {
  const [row, column] = [Math.floor(place / width), place % width];
  for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
      if (heats[y * width + x] > heats[place]) return false;
    }
  }
  return true;
}

/** Of signs, best first, keep those that lie on no better one. */
export function dropDoubles(signs: Spotted[]): Spotted[] {
  const kept: Spotted[] = [];
  for (const sign of signs) {
    if (!kept.some((other) => isSameSign(sign, other))) kept.push(sign);
  }
  return kept;
}

/** A small sign may lie by a larger part on a large one, as an 0 beneath the cap of a 5. */
function isSameSign(a: Box, b: Box): boolean {
  return measureCover(a, b) >= (measureAgreement(a, b) < C.UNLIKE ? C.WITHIN : C.SAME_SIGN);
}

export function shareArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** The shared area as part of the smaller box. */
export function measureCover(a: Box, b: Box): number {
  return shareArea(a, b) / Math.max(Math.min(a.width * a.height, b.width * b.height), 1e-6);
}

/** Intersection over union. */
export function measureAgreement(a: Box, b: Box): number {
  const shared = shareArea(a, b);
  return shared / Math.max(a.width * a.height + b.width * b.height - shared, 1e-6);
}

export function softmax(logits: number[]): number[] {
  const most = Math.max(...logits);
  const exponents = logits.map((logit) => Math.exp(logit - most));
  const sum = exponents.reduce((a, b) => a + b, 0);
  return exponents.map((value) => value / sum);
}
