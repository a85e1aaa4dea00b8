/** Digits become numbers and lines by their places, as `inkdigits.ink.grouping` and `inkdigits.ink.words` do. */
import constants from "./constants.json";
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

function mean(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** How far writing falls for each pixel to the right: the median over neighbours. */
function measureSlope(boxes: Box[]): number {
  if (boxes.length < C.LEAST_NEIGHBOURS) return 0;
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
  if (slopes.length < C.LEAST_NEIGHBOURS) return 0;
  const slope = median(slopes);
  const average = mean(slopes);
  const error = (1.25 * Math.sqrt(mean(slopes.map((value) => (value - average) ** 2)))) / Math.sqrt(slopes.length);
  return C.SLOPE_SIGMAS * error < Math.abs(slope) && Math.abs(slope) < C.MOST_SLOPE ? slope : 0;
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

/** Cut a line where the gap is wide for the height of its digits. */
export function splitNumbers(line: number[], boxes: Box[]): number[][] {
  const height = median(line.map((i) => Math.max(boxes[i].height, boxes[i].width)));
  return split(line, boxes, C.NUMBER_GAP * height);
}

function split(line: number[], boxes: Box[], most: number): number[][] {
  const groups: number[][] = [];
  let right = -Infinity;
  for (const index of line) {
    const box = boxes[index];
    if (!groups.length || box.x - right > most) groups.push([]);
    groups[groups.length - 1].push(index);
    right = Math.max(right, box.x + box.width);
  }
  return groups;
}

/** One line of text per line of writing, with a blank between numbers. */
export function toText(digits: (Box & { label: string })[]): string {
  return findLines(digits)
    .map((line) => splitNumbers(line, digits).map((number) => number.map((i) => digits[i].label).join("")).join(" "))
    .join("\n");
}

/** Digits that stand in a word: in groups of at least two other glyphs and no more digits than those. */
export function findWords(digits: Box[], others: Box[]): Set<number> {
  const inWords = new Set<number>();
  const letters = others.filter((box) => box.width >= W.LEAST_WIDTH * box.height && !holdsAny(box, digits));
  if (letters.length < W.LEAST_LETTERS || !digits.length) return inWords;
  const boxes = [...digits, ...letters];
  for (const line of findLines(boxes)) {
    const order = [...line].sort((a, b) => boxes[a].x - boxes[b].x);
    for (const group of split(order, boxes, W.GAP * upperMiddle(order, boxes))) {
      const middle = upperMiddle(group, boxes);
      const members = group.filter((i) => i < digits.length);
      const count = group.filter(
        (i) => i >= digits.length && W.LIKE_HEIGHT[0] * middle <= boxes[i].height && boxes[i].height <= W.LIKE_HEIGHT[1] * middle,
      ).length;
      if (count >= Math.max(W.LEAST_LETTERS, members.length)) members.forEach((i) => inWords.add(i));
    }
  }
  return inWords;
}

function upperMiddle(group: number[], boxes: Box[]): number {
  const heights = group.map((i) => boxes[i].height).sort((a, b) => a - b);
  return heights[heights.length >> 1];
}

function holdsAny(box: Box, digits: Box[]): boolean {
  return digits.some((digit) => {
    const [x, y] = [digit.x + digit.width / 2, digit.y + digit.height / 2];
    return box.x < x && x < box.x + box.width && box.y < y && y < box.y + box.height;
  });
}
