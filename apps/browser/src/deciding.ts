/** Weighs what the networks say about one sighting, as `inkdigits.deciding` does. */
import constants from "./constants.json";
import { median, type Box } from "./ink/arrays";
import type { Glyph } from "./ink/glyphs";
import type { Opinion } from "./models";

const C = constants.deciding;

/** Something that may be a digit. */
export interface Sighting {
  /** Where it stands, pixels of the picture. */
  box: Box;
  glyph?: Glyph;
  /** How sure the detector is; 1 where it was not asked. */
  score: number;
  /** What the detector says, if it was asked. */
  probs?: number[];
  /** What the classifier says, if it was asked. */
  opinion?: Opinion;
  isLone: boolean;
  /** What the region classifier says, if it was asked. */
  again?: Opinion;
  /** How far its ink stands out from its paper. */
  contrast?: number;
  /** Whether it stands alone on a picture of hardly more pixels than a digit needs. */
  isTiny?: boolean;
}

export interface Verdict {
  isDigit: boolean;
  /** They sum to the probability that it is a digit at all. */
  probs: number[];
  /** Whether the classifier saw a whole glyph and is sure that it is another sign. */
  isOther?: boolean;
}

type Weights = typeof C.WHOLE;

export function areClear(glyphs: Glyph[], opinions: Opinion[]): boolean {
  if (!glyphs.length) return true;
  return haveForm(glyphs, opinions) && areFew(findUnclear(opinions).length, glyphs);
}

/** Whether so many unclear ones of a page's glyphs are too few to ask the detector. */
export function areFew(unclear: number, glyphs: Glyph[]): boolean {
  return unclear <= C.MOST_UNCLEAR * glyphs.length;
}

/** Whether each glyph may be one digit by its width and height; wide ones if they surely are one. */
export function haveForm(glyphs: Glyph[], opinions: Opinion[]): boolean {
  if (!glyphs.length) return true;
  const height = median(glyphs.map((glyph) => glyph.box.height));
  return glyphs.every(
    ({ box }, i) =>
      box.width <= (isCertain(opinions[i]) ? C.WIDE : C.CLEAR_WIDTH) * box.height &&
      C.CLEAR_HEIGHTS[0] * height <= box.height &&
      box.height <= C.CLEAR_HEIGHTS[1] * height,
  );
}

/** Whether the only glyph is too slim for two digits. */
export function isOneWide({ box }: Glyph): boolean {
  return box.width <= C.ONE_WIDTH * box.height;
}

/** Whether the classifier is so sure about the only glyph that the region classifier need not be asked. */
export function isCertainAlone({ box }: Glyph, opinion: Opinion): boolean {
  return box.width <= C.CLEAR_WIDTH * box.height && isCertain(opinion);
}

function isCertain({ probs, none }: Opinion): boolean {
  return none < C.CERTAIN_NONE && Math.max(...probs) > C.CERTAIN_PROB;
}

/** Indices of the glyphs of which the classifier is not sure that they are digits, and which. */
export function findUnclear(opinions: Opinion[]): number[] {
  return opinions.flatMap(({ probs, none }, i) =>
    none < C.CLEAR_NONE && Math.max(...probs) > C.CLEAR_PROB ? [] : [i],
  );
}

/** How probable it is that all glyphs are digits of their labels, as the classifier sees it. */
export function measureSureness(opinions: Opinion[]): number {
  return opinions.reduce((product, { probs, none }) => product * Math.max(...probs) * (1 - none), 1);
}

/** Whether classifier and region classifier together are sure that a glyph is a digit, and which. */
export function isSurelyDigit(sighting: Sighting): boolean {
  const verdict = decide(sighting);
  return verdict.isDigit && Math.max(...verdict.probs) > C.CLEAR_PROB;
}

/** Whether a glyph is so wide beside the others that it may be two digits that touch. */
export function mayBeTwo({ box }: Glyph, glyphs: Glyph[]): boolean {
  const width = median(glyphs.map((glyph) => glyph.box.width));
  return box.width >= C.TWICE_WIDTH * width && box.width >= C.LEAST_OF_TWO * box.height;
}

export function isSureAlone(sighting: Sighting): boolean {
  const { glyph, opinion } = sighting;
  if (!glyph || glyph.box.width > C.CLEAR_WIDTH * glyph.box.height || !opinion) return false;
  const verdict = decide(sighting);
  if (verdict.isDigit) return Math.max(...verdict.probs) > C.CLEAR_PROB;
  const isSlim = glyph.box.width < C.LEAST_OF_TWO * glyph.box.height;
  return isSlim && total(verdict.probs) < C.SURELY_OTHER;
}

export function decide(sighting: Sighting): Verdict {
  const { opinion, again } = sighting;
  if (!sighting.probs && !again) {
    if (!opinion) return { isDigit: false, probs: new Array<number>(constants.labels.length).fill(0) };
    const exists = 1 / (1 + Math.exp(logOdds(opinion.none) - (sighting.isLone ? C.LONE_BIAS : 0)));
    return { isDigit: exists > 0.5, probs: opinion.probs.map((prob) => prob * exists) };
  }
  const weights = chooseWeights(sighting);
  let odds = weights.bias + (sighting.isTiny ? C.TINY_BIAS : 0);
  const joined = new Array<number>(constants.labels.length).fill(0);
  const add = (probs: number[], trust: number): void =>
    probs.forEach((prob, label) => (joined[label] += trust * Math.log(Math.max(prob, C.LEAST_PROB))));
  const doubt = (none: number): number => logOdds(sighting.isTiny ? Math.min(none, C.TINY_NONE) : none);
  if (sighting.probs) {
    odds += weights.score * logOdds(sighting.score);
    add(sighting.probs, weights.detector);
  }
  if (opinion) {
    odds -= weights.none * doubt(opinion.none);
    add(opinion.probs, weights.classifier);
  }
  if (again) {
    odds -= weights.again * doubt(again.none);
    add(again.probs, weights.region);
  }
  const most = Math.max(...joined);
  const shares = joined.map((value) => Math.exp(value - most));
  const sum = total(shares) * (1 + Math.exp(-odds));
  const isOther = !!sighting.glyph?.isWhole && opinion !== undefined && opinion.none >= C.OTHER_NONE;
  return { isDigit: odds > 0, probs: calibrate(shares.map((share) => share / sum), weights.slope, weights.shift), isOther };
}

/** What is told of a digit: the joined word of detector and region classifier is too cautious. */
export function tell(sighting: Sighting, verdict: Verdict): number[] {
  if (!sighting.probs || !sighting.again) return verdict.probs;
  return calibrate(verdict.probs, C.TOLD_SLOPE, C.TOLD_SHIFT);
}

function chooseWeights(sighting: Sighting): Weights {
  const wasSeenAgain = sighting.again !== undefined;
  if (!sighting.probs) return C.ALONE;
  if (sighting.isLone) return wasSeenAgain ? C.LONE_AGAIN : C.LONE;
  if (sighting.glyph?.isWhole) return wasSeenAgain ? C.WHOLE_AGAIN : C.WHOLE;
  return wasSeenAgain ? C.CUT_AGAIN : C.CUT;
}

/** Give the first label its calibrated probability and share out the rest in proportion. */
function calibrate(probs: number[], slope: number, shift: number): number[] {
  const first = Math.max(...probs);
  const best = probs.indexOf(first);
  const confidence = 1 / (1 + Math.exp(-(slope * logOdds(first) + shift)));
  const rest = (1 - confidence) / Math.max(1 - first, 1e-6);
  return probs.map((prob, label) => (label === best ? confidence : prob * rest));
}

export function total(probs: number[]): number {
  return probs.reduce((a, b) => a + b, 0);
}

function logOdds(probability: number): number {
  const clipped = Math.min(Math.max(probability, 1e-3), 1 - 1e-3);
  return Math.log(clipped / (1 - clipped));
}
