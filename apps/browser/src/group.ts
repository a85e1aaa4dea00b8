/** Digits become numbers and lines by their places, as `inkdigits.ink.grouping` and `inkdigits.ink.words` do. */
import constants from "./constants.json";
import { shareArea } from "./decode";
import { median, type Box } from "./ink/arrays";

const C = constants["ink.grouping"];
const W = constants["ink.words"];

interface Level {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Chain boxes from left to right into lines from top to bottom; lines hold indices. */
export function findLines(boxes: Box[]): number[][] {
  const slope = measureSlope(boxes);
  const middle = (box: Box): number => box.x + box.width / 2;
  const level: Level[] = boxes.map((box) => ({
    top: box.y - slope * middle(box),
    bottom: box.y + box.height - slope * middle(box),
    left: box.x,
    right: box.x + box.width,
  }));
  const lines: number[][] = [];
  for (const index of boxes.map((_, i) => i).sort((a, b) => middle(boxes[a]) - middle(boxes[b]))) {
    let best: number[] | undefined;
    let most = C.LINE_OVERLAP;
    for (const line of lines) {
      const overlap = overlapWithLine(level[index], line.slice(-C.RECENT).map((i) => level[i]));
      if (overlap > most) [best, most] = [line, overlap];
    }
    best ??= lines.find((line) => isSmallBeside(level, index, line));
    if (best) best.push(index);
    else lines.push([index]);
  }
  const height = (line: number[]): number => mean(line.map((i) => level[i].top + level[i].bottom));
  return lines.sort((a, b) => height(a) - height(b));
}

export function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** How far writing falls for each pixel to the right: the median over neighbours, or that of the only line. */
export function measureSlope(boxes: Box[]): number {
  if (boxes.length < C.LEAST_NEIGHBOURS) return measureRow(boxes);
  const slopes: number[] = [];
  for (const box of boxes) {
    let [nearest, slope] = [Infinity, 0];
    for (const other of boxes) {
      const across = other.x + other.width / 2 - box.x - box.width / 2;
      const down = other.y + other.height / 2 - box.y - box.height / 2;
      const isNear = across > 0.3 * box.height && across < 3 * box.height && Math.abs(down) < 0.5 * across;
      const isAlike = other.height > 0.7 * box.height && other.height < 1.4 * box.height;
      if (isNear && isAlike && across < nearest) [nearest, slope] = [across, down / across];
    }
    if (nearest < Infinity) slopes.push(slope);
  }
  if (slopes.length < C.LEAST_NEIGHBOURS) return measureRow(boxes);
  const slope = median(slopes);
  const average = mean(slopes);
  const error = (1.25 * Math.sqrt(mean(slopes.map((value) => (value - average) ** 2)))) / Math.sqrt(slopes.length);
  return C.SLOPE_SIGMAS * error < Math.abs(slope) && Math.abs(slope) < C.MOST_SLOPE ? slope : measureRow(boxes);
}

/** The slope of boxes that all stand in one straight row, close together; 0 if they don't. */
function measureRow(boxes: Box[]): number {
  if (boxes.length < C.LEAST_IN_ROW) return 0;
  const row = [...boxes].sort((a, b) => a.x + a.width / 2 - b.x - b.width / 2);
  const heights = row.map((box) => box.height);
  const height = median(heights);
  const low = [...heights].sort((a, b) => a - b)[row.length > C.LEAST_IN_ROW ? 1 : 0];
  if (low < C.ROW_HEIGHTS * Math.max(...heights)) return 0;
  if (row.some((box, i) => i > 0 && box.x - row[i - 1].x - row[i - 1].width > C.NUMBER_GAP * height)) return 0;
  const [xs, ys] = [row.map((box) => box.x + box.width / 2), row.map((box) => box.y + box.height / 2)];
  const [x, y] = [mean(xs), mean(ys)];
  const [across, down] = [xs.map((value) => value - x), ys.map((value) => value - y)];
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const slope = sum(across.map((a, i) => a * down[i])) / Math.max(1, sum(across.map((a) => a * a)));
  const isStraight = Math.max(...down.map((d, i) => Math.abs(d - slope * across[i]))) <= C.ROW_OFF * height;
  return isStraight && C.ROW_SLOPE[0] < Math.abs(slope) && Math.abs(slope) < C.ROW_SLOPE[1] ? slope : 0;
}

function overlapWithLine(box: Level, recent: Level[]): number {
  const [top, bottom] = [mean(recent.map((b) => b.top)), mean(recent.map((b) => b.bottom))];
  const shared = Math.min(box.bottom, bottom) - Math.max(box.top, top);
  return shared / Math.max(1, Math.min(box.bottom - box.top, bottom - top));
}

/** A small digit within the height of a line's large ones, such as raised cents. */
function isSmallBeside(level: Level[], index: number, line: number[]): boolean {
  const box = level[index];
  const last = line.slice(-2 * C.RECENT).map((i) => level[i]);
  const large = last.reduce((a, b) => (b.bottom - b.top > a.bottom - a.top ? b : a));
  const height = large.bottom - large.top;
  const right = Math.max(...line.slice(-C.RECENT).map((i) => level[i].right));
  const isWithin = Math.min(box.bottom, large.bottom) - Math.max(box.top, large.top) > C.LINE_OVERLAP * (box.bottom - box.top);
  return box.left - right < C.NUMBER_GAP * height && isWithin && box.bottom - box.top < C.SMALL * height;
}

/** Cut a line where the gap is wide for the height of its digits, but not before those that a mark joins. */
export function splitNumbers(line: number[], boxes: Box[], joined = new Set<number>()): number[][] {
  const height = median(line.map((i) => Math.max(boxes[i].height, boxes[i].width)));
  return split(line, boxes, C.NUMBER_GAP * height, joined);
}

function split(line: number[], boxes: Box[], most: number, joined = new Set<number>()): number[][] {
  const groups: number[][] = [];
  let right = -Infinity;
  for (const index of line) {
    const box = boxes[index];
    if (!groups.length || (box.x - right > most && !joined.has(index))) groups.push([]);
    groups[groups.length - 1].push(index);
    right = Math.max(right, box.x + box.width);
  }
  return groups;
}

/** Whether a box lies on digits by so much that it shows parts of them, and hardly anything of its own. */
export function isExplained(box: Box, digits: Box[]): boolean {
  const [shared, area] = [digits.map((digit) => shareArea(box, digit)), box.width * box.height];
  return shared.reduce((a, b) => a + b, 0) >= W.EXPLAINED * area || Math.max(0, ...shared) > W.EXPLAINED_BY_ONE * area;
}

/** Whether a point stands above what was taken for a 1, as it does above an i. */
export function hasDot(stem: Box, specks: { box: Box; fill?: number }[]): boolean {
  const { height } = stem;
  const lies = ([least, most]: number[], value: number): boolean => least * height <= value && value <= most * height;
  return (
    stem.width <= W.STEM_WIDTH * height &&
    specks.some(({ box, fill = 0 }) => {
      const longer = Math.max(box.width, box.height);
      const aside = box.x + box.width / 2 - stem.x;
      return (
        fill >= W.DOT_FILL &&
        Math.min(box.width, box.height) >= W.DOT_ROUND * longer &&
        lies(W.DOT_SIZE, longer) &&
        lies(W.DOT_GAP, stem.y - box.y - box.height) &&
        -W.DOT_ASIDE * height <= aside &&
        aside <= stem.width + W.DOT_ASIDE * height
      );
    })
  );
}

/**
 * Digits that stand in a word: in groups of at least two letters and no more digits than those, or digits so unsure
 * that the letters outweigh them.
 *
 * @param probabilities How probable each digit is one.
 * @param doubtful What may be digits or not; they only fill gaps.
 */
export function findWords(digits: Box[], others: Box[], probabilities: number[], doubtful: Box[] = [], uprights: Box[] = []): Set<number> {
  const inWords = new Set<number>();
  const letters = findLetters(digits, others);
  const boxes = [...digits, ...letters, ...doubtful];
  const isLetter = boxes.map((_, i) => (i < digits.length ? probabilities[i] < W.LIKE_LETTER && isWide(digits[i]) : i < digits.length + letters.length));
  if (isLetter.filter(Boolean).length < W.LEAST_LETTERS || !digits.length) return inWords;
  for (const line of findLines(boxes)) {
    const order = [...line].sort((a, b) => boxes[a].x - boxes[b].x);
    const groups = split(order, boxes, W.GAP * upperMiddle(order, boxes)).map((group) => describe(group, boxes, probabilities, isLetter));
    const areWords = groups.map(isWord);
    const spread = (index: number, beside: number): void => {
      if (areWords[beside] && isUnsure(groups[index]) && isNear(groups[index], groups[beside], uprights)) areWords[index] = true;
    };
    for (let index = 1; index < groups.length; index++) spread(index, index - 1);
    for (let index = groups.length - 2; index >= 0; index--) spread(index, index + 1);
    groups.forEach((group, index) => areWords[index] && group.digits.forEach((i) => inWords.add(i)));
  }
  return inWords;
}

/** Close signs of one line. */
interface Group {
  digits: number[];
  /** Number of its letters: other glyphs that are as high as its digits, and hardly probable digits. */
  letters: number;
  /** How sure each of the other digits is, as log-odds. */
  sureness: number[];
  /** Whether a letter stands between digits. */
  hasInside: boolean;
  left: number;
  right: number;
  height: number;
  /** Of its middle sign. */
  level: number;
}

function describe(group: number[], boxes: Box[], probabilities: number[], isLetter: boolean[]): Group {
  const height = upperMiddle(group, boxes);
  const digits = group.filter((i) => i < probabilities.length);
  const letters = group.filter((i) => isLetter[i] && isLike(boxes[i].height, height));
  const sure = digits.filter((i) => !isLetter[i]);
  const lefts = sure.map((i) => boxes[i].x);
  return {
    digits,
    letters: letters.length,
    sureness: sure.map((i) => logOdds(probabilities[i])),
    hasInside: letters.some((i) => Math.min(...lefts) < boxes[i].x && boxes[i].x < Math.max(...lefts)),
    left: Math.min(...group.map((i) => boxes[i].x)),
    right: Math.max(...group.map((i) => boxes[i].x + boxes[i].width)),
    height,
    level: group.map((i) => boxes[i].y + boxes[i].height / 2).sort((a, b) => a - b)[group.length >> 1],
  };
}

function isLike(height: number, middle: number): boolean {
  return W.LIKE_HEIGHT[0] * middle <= height && height <= W.LIKE_HEIGHT[1] * middle;
}

function isWord({ letters, sureness, hasInside }: Group): boolean {
  if (letters < W.LEAST_LETTERS) return false;
  const weight = hasInside ? W.LETTER_WEIGHT_INSIDE : W.LETTER_WEIGHT;
  return letters >= sureness.length || sureness.reduce((a, b) => a + b, 0) < weight * letters;
}

function isUnsure({ sureness }: Group): boolean {
  return (sureness.length ? Math.max(...sureness) : 0) < logOdds(W.SURE);
}

function isNear(a: Group, b: Group, uprights: Box[]): boolean {
  const [start, end] = [Math.min(a.right, b.right), Math.max(a.left, b.left)];
  if (end - start > W.WORD_GAP * Math.max(a.height, b.height)) return false;
  return !uprights.some(({ x, y, width, height }) => {
    const middle = x + width / 2;
    return start <= middle && middle <= end && y <= a.level && a.level <= y + height;
  });
}

function logOdds(probability: number): number {
  return Math.min(W.MOST_SURENESS, Math.log(Math.max(probability, 1e-3) / Math.max(1 - probability, 1e-3)));
}

/** Digits that stand alone in a column of letters, as the B among the grades of a mark sheet. */
export function findLetterColumns(digits: Box[], others: Box[], probabilities: number[]): Set<number> {
  const letters = findLetters(digits, others);
  const found = new Set<number>();
  for (;;) {
    const sure = digits.filter((_, i) => probabilities[i] >= W.SURE_BESIDE && !found.has(i));
    const more = digits.map((_, i) => i).filter((i) => !found.has(i) && isInColumn(digits[i], digits, sure, letters));
    if (!more.length) return found;
    more.forEach((i) => found.add(i));
  }
}

function isInColumn(digit: Box, digits: Box[], sure: Box[], letters: Box[]): boolean {
  const count = countRows(letters.filter((box) => isAbove(box, digit)));
  if (count < Math.max(W.LEAST_LETTERS_ABOVE, digits.filter((other) => isAbove(other, digit)).length)) return false;
  return !sure.some((other) => other !== digit && isBeside(other, digit));
}

/** Boxes that stand one under another; those of one word, side by side, count once. */
function countRows(boxes: Box[]): number {
  let [count, bottom] = [0, -Infinity];
  const middle = (box: Box): number => box.y + box.height / 2;
  for (const box of [...boxes].sort((a, b) => middle(a) - middle(b))) {
    if (middle(box) > bottom) [count, bottom] = [count + 1, box.y + box.height];
  }
  return count;
}

function isAbove(box: Box, digit: Box): boolean {
  const away = Math.abs(box.x + box.width / 2 - digit.x - digit.width / 2);
  return isLike(box.height, digit.height) && away <= W.COLUMN_SPREAD * digit.height;
}

function isBeside(box: Box, digit: Box): boolean {
  const level = Math.min(box.y + box.height, digit.y + digit.height) - Math.max(box.y, digit.y);
  const gap = Math.max(box.x, digit.x) - Math.min(box.x + box.width, digit.x + digit.width);
  return level > 0.5 * Math.min(box.height, digit.height) && gap <= digit.height;
}

/** A frame holds digits, and a line of it is thin: neither is a letter. */
function findLetters(digits: Box[], others: Box[]): Box[] {
  return others.filter((box) => isWide(box) && !holdsAny(box, digits));
}

function upperMiddle(group: number[], boxes: Box[]): number {
  const heights = group.map((i) => boxes[i].height).sort((a, b) => a - b);
  return heights[heights.length >> 1];
}

function isWide(box: Box): boolean {
  return box.width >= W.LEAST_WIDTH * box.height;
}

function holdsAny(box: Box, digits: Box[]): boolean {
  return digits.some((digit) => {
    const [x, y] = [digit.x + digit.width / 2, digit.y + digit.height / 2];
    return box.x < x && x < box.x + box.width && box.y < y && y < box.y + box.height;
  });
}
