/** Looks at the verdicts on a picture together, as `inkdigits.reconsidering` does. */
import constants from "./constants.json";
import { total, type Sighting, type Verdict } from "./deciding";
import { median, type Box } from "./ink/arrays";

const C = constants.reconsidering;

/** What is known of one sighting. */
interface Seen {
  box: Box;
  verdict: Verdict;
  /** How far its ink stands out from the paper, if that is known. */
  contrast?: number;
  /** The same as part of that of its neighbours, if there are some. */
  ink?: number;
}

/** Let neighbours have their say; `contrasts` tells how far the ink of each stands out from its paper. */
export function reconsider(boxes: Box[], verdicts: Verdict[], contrasts: (number | undefined)[]): Verdict[] {
  const inks = compareInks(boxes, verdicts, contrasts);
  const all = boxes.map((box, i): Seen => ({ box, verdict: verdicts[i], contrast: contrasts[i], ink: inks[i] }));
  const doubted = all.map((one) => (isFaint(one) ? { ...one, verdict: { ...one.verdict, isDigit: false } } : one));
  return takeDoubtful(refuseLow(doubted));
}

/** Take back the digits that the only piece of ink was cut into, unless each of them is sure. */
export function doubtParts(verdicts: Verdict[]): Verdict[] {
  const digits = verdicts.filter((verdict) => verdict.isDigit);
  const areSure = digits.every(({ probs }) => Math.max(...probs) >= C.SURE_PART);
  if (digits.length < C.LEAST_PARTS || areSure) return verdicts;
  return verdicts.map((verdict) => ({ ...verdict, isDigit: false }));
}

function compareInks(boxes: Box[], verdicts: Verdict[], contrasts: (number | undefined)[]): (number | undefined)[] {
  const isSure = verdicts.map((verdict) => verdict.isDigit && total(verdict.probs) >= C.SURE);
  return boxes.map((box, i) => {
    const beside = contrasts.filter((contrast, j) => contrast !== undefined && j !== i && isSure[j] && isInLine(box, boxes[j]));
    const own = contrasts[i];
    if (own === undefined || beside.length < C.LEAST_DIGITS_BESIDE) return undefined;
    return own / Math.max(median(beside as number[]), 1e-6);
  });
}

function measureLevel(a: Box, b: Box): number {
  return Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
}

function measureGap(a: Box, b: Box): number {
  return Math.max(a.x, b.x) - Math.min(a.x + a.width, b.x + b.width);
}

function isInLine(box: Box, digit: Box): boolean {
  const isLevel = measureLevel(box, digit) >= C.NEAR_LINE * Math.min(box.height, digit.height);
  return isLevel && measureGap(box, digit) <= C.REACH * digit.height;
}

/** Whether ink stands out less than that of the digits in its line, as print behind them does. */
export function isFaintBeside({ box, contrast }: Sighting, digits: Sighting[]): boolean {
  const beside = digits.filter((digit) => digit.contrast !== undefined && isInLine(box, digit.box)).map((digit) => digit.contrast as number);
  return contrast !== undefined && beside.length > 0 && contrast < C.FAINT * median(beside);
}

function isFaint({ contrast, ink, verdict }: Seen): boolean {
  const isWeak = (ink !== undefined && ink < C.FAINT) || (contrast !== undefined && contrast < C.FAINT_ALONE);
  return isWeak && total(verdict.probs) < C.SURE_THOUGH_FAINT;
}

/** Take back what is much lower than the digits beside it (points, dashes, pieces), unless it is sure. */
function refuseLow(all: Seen[]): Seen[] {
  const kept = all.filter((one) => one.verdict.isDigit);
  return all.map((one) => {
    if (!one.verdict.isDigit || !isLow(one, kept)) return one;
    return { ...one, verdict: { ...one.verdict, isDigit: false, probs: one.verdict.probs.map(() => 0) } };
  });
}

function isLow({ box, verdict }: Seen, digits: Seen[]): boolean {
  const beside = digits
    .filter((other) => measureLevel(box, other.box) > 0 && box.height < other.box.height)
    .map((other) => other.box.height);
  if (total(verdict.probs) >= C.SURE_THOUGH_LOW || beside.length < C.LEAST_DIGITS_BESIDE) return false;
  return box.height < (findLabel(verdict) === 0 ? C.LOW_ZERO : C.LOW) * median(beside);
}

function findLabel({ probs }: Verdict): number {
  return probs.indexOf(Math.max(...probs));
}

/** Take doubtful sightings for digits where they continue a line of digits; the least doubtful first. */
function takeDoubtful(all: Seen[]): Verdict[] {
  const result = all.map((one) => one.verdict);
  const sure = all.filter((one) => one.verdict.isDigit).map((one) => one.box);
  const doubtful = all.map((_, i) => i).filter((i) => isPossible(all[i]));
  for (const i of doubtful.sort((a, b) => total(all[b].verdict.probs) - total(all[a].verdict.probs))) {
    const { box, verdict } = all[i];
    const is1 = findLabel(verdict) === 1;
    const [mostHeight, mostShared] = [is1 ? C.MOST_HEIGHT_OF_1 : C.LIKE_HEIGHT[1], is1 ? C.MOST_SHARED_OF_1 : C.MOST_SHARED];
    if (!continuesLine(box, sure, mostHeight, mostShared)) continue;
    result[i] = support(verdict);
    sure.push(box);
  }
  return result;
}

/** Make what neighbours take for a digit more probable one; which it is, they don't say. */
function support(verdict: Verdict): Verdict {
  const probability = Math.min(Math.max(total(verdict.probs), 1e-3), 1 - 1e-3);
  const odds = (Math.exp(C.SUPPORT) * probability) / (1 - probability);
  return { isDigit: true, probs: verdict.probs.map((prob) => (prob * odds) / (1 + odds) / probability) };
}

function isPossible({ ink, verdict }: Seen): boolean {
  const least = ink !== undefined && ink >= C.SAME_INK ? C.LEAST_SAME_INK : C.LEAST_BESIDE;
  return !verdict.isDigit && !verdict.isOther && total(verdict.probs) >= least && !(ink !== undefined && ink < C.FAINT);
}

function continuesLine(box: Box, digits: Box[], mostHeight: number, mostShared: number): boolean {
  let isBeside = false;
  for (const digit of digits) {
    if (measureLevel(box, digit) < C.SAME_LINE * Math.min(box.height, digit.height)) continue;
    const gap = measureGap(box, digit);
    if (-gap > mostShared * Math.min(box.width, digit.width)) return false;
    const ratio = box.height / digit.height;
    isBeside ||= C.LIKE_HEIGHT[0] <= ratio && ratio <= mostHeight && gap <= C.MOST_GAP * digit.height;
  }
  return isBeside;
}
