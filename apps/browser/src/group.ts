/** Digits become numbers and lines, by their places alone. */

export interface Placed {
  x: number;
  y: number;
  width: number;
  height: number;
  label: string;
}

/** A wider gap, in heights of a digit, starts a new number; as in `inkdigits.ink`. */
const GAP = 0.9;
/** Digits share a line if they share this part of the lower one's height. */
const SAME_LINE = 0.5;

/** Bring digits into lines from top to bottom, each from left to right. */
export function findLines<T extends Placed>(digits: T[]): T[][] {
  const lines: T[][] = [];
  for (const digit of [...digits].sort((a, b) => a.x - b.x)) {
    let best: T[] | undefined;
    let most = SAME_LINE;
    for (const line of lines) {
      const last = line[line.length - 1] as T;
      const overlap = Math.min(last.y + last.height, digit.y + digit.height) - Math.max(last.y, digit.y);
      const part = overlap / Math.min(last.height, digit.height);
      if (part > most) [best, most] = [line, part];
    }
    if (best) best.push(digit);
    else lines.push([digit]);
  }
  const middle = (line: T[]): number => line.reduce((sum, d) => sum + d.y + d.height / 2, 0) / line.length;
  return lines.sort((a, b) => middle(a) - middle(b));
}

/** Return one line of text per line of writing, with a blank between numbers. */
export function toText(digits: Placed[]): string {
  return findLines(digits).map(lineText).join("\n");
}

function lineText(line: Placed[]): string {
  let text = "";
  line.forEach((digit, index) => {
    const before = line[index - 1];
    if (before) {
      const gap = digit.x - (before.x + before.width);
      if (gap > (GAP * (before.height + digit.height)) / 2) text += " ";
    }
    text += digit.label;
  });
  return text;
}
