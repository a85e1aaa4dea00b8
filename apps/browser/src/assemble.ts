/** Digits and candidates for marks become numbers in reading order, as `inkdigits.ink.assemble` makes them; no tables. */
import constants from "./constants.json";
import { findLines, splitNumbers } from "./group";
import type { Box } from "./ink/arrays";
import { findMarksAmong, Line, middleX, placeMark, type Candidate, type Mark, type Sign } from "./marks";

const { REACH } = constants["ink.places"];

/** What the signs of a picture make up. */
export interface Assembled<T> {
  /** One line of text per line of writing, with a blank between numbers. */
  text: string;
  /** Those that are no marks. */
  digits: T[];
  marks: Mark[];
}

/** Put digits and marks together; `pen` is the width of a stroke, in pixels of the picture. */
export function assemble<T extends Sign>(digits: T[], candidates: Candidate[] = [], pen = 0, rules: Box[] = []): Assembled<T> {
  const lines = findLines(digits);
  const among = findMarksAmong(digits, lines, candidates);
  const rest = lines.map((line) => line.filter((i) => !among.has(i)));
  const placed = place(digits, rest, candidates, pen, rules);
  for (const [row, mark] of among.values()) placed[row].push(mark);
  const used: Mark[] = [];
  const texts = rest.flatMap((line, row): string[] => {
    if (!line.length) return [];
    const { after, joined } = link(digits, line, chooseMarks(placed[row], digits, line));
    used.push(...after.values());
    const numbers = splitNumbers(line, digits, joined);
    return [numbers.map((number) => spell(number.map((i) => digits[i]), number.flatMap((i) => after.get(i) ?? []))).join(" ")];
  });
  return { text: texts.join("\n"), digits: digits.filter((_, i) => !among.has(i)), marks: used };
}

/** The labels of digits and marks from left to right. */
function spell(digits: Sign[], marks: Mark[]): string {
  const signs = [...digits, ...marks.map(({ box, label }) => ({ ...box, label }))];
  return signs.sort((a, b) => middleX(a) - middleX(b)).map(({ label }) => label).join("");
}

/** Give each candidate that is a mark to its line. */
function place(digits: Sign[], lines: number[][], candidates: Candidate[], pen: number, rules: Box[]): Mark[][] {
  const found: Mark[][] = lines.map(() => []);
  const rows = lines.map((line) => (line.length ? new Line(line.map((i) => digits[i])) : undefined));
  const specks = candidates.filter(({ shape }) => shape === "speck").map(({ box }) => box);
  for (const item of candidates) {
    if (digits.some((digit) => isEqual(digit, item.box))) continue; // another view of a digit
    for (const [index, row] of rows.entries()) {
      const mark = row && placeMark(item, row, pen, specks, rules);
      if (!mark) continue;
      found[index].push(mark);
      break;
    }
  }
  return found;
}

export function isEqual(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

/** Between two digits stands one mark: the surest, of those the largest. */
function chooseMarks(marks: Mark[], digits: Sign[], line: number[]): Mark[] {
  const best = new Map<number, Mark>();
  const area = ({ box }: Mark): number => box.width * box.height;
  for (const mark of marks) {
    const gap = line.filter((i) => middleX(digits[i]) < middleX(mark.box)).length;
    const other = best.get(gap);
    const isBetter = !other || mark.confidence > other.confidence || (mark.confidence === other.confidence && area(mark) > area(other));
    if (isBetter) best.set(gap, mark);
  }
  return [...best.entries()].sort(([a], [b]) => a - b).map(([, mark]) => mark);
}

/** Which digit each mark stands before, and before which digits there is no cut. */
function link(digits: Sign[], line: number[], marks: Mark[]): { after: Map<number, Mark>; joined: Set<number> } {
  const after = new Map<number, Mark>();
  const joined = new Set<number>();
  const row = new Line(line.map((i) => digits[i]));
  for (const mark of marks) {
    const index = line.find((i) => middleX(digits[i]) >= middleX(mark.box));
    if (index === undefined) continue;
    after.set(index, mark);
    if (row.locate(mark.box).gaps(mark.box)[0] <= REACH) joined.add(index);
  }
  return { after, joined };
}
