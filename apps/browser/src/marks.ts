/** Marks between digits, as `inkdigits.ink.marks`, `places` and `slashes` find them: points, commas, dashes, slashes. */
import constants from "./constants.json";
import { measureAgreement } from "./decode";
import { mean } from "./group";
import { median, type Box, type Ink } from "./ink/arrays";
import { unite, type Glyph } from "./ink/glyphs";

const C = constants["ink.marks"];
const S = constants["ink.slashes"];
const { REACH } = constants["ink.places"];

/** Ink that could be a mark; a stroke with the box of a digit is another view of that digit. */
export interface Candidate {
  box: Box;
  shape: "speck" | "piece" | "dash" | "stroke" | "sign";
  /** Of a stroke: to the right at its top, from upright, in degrees. */
  slant?: number;
  /** Of a stroke: as part of its length. */
  thickness?: number;
  /** Mean ink within the box. */
  fill?: number;
  /** What the detector sees, and how sure it is. */
  label?: string;
  probability?: number;
}

export interface Mark {
  label: string;
  confidence: number;
  box: Box;
}

export interface Sign extends Box {
  label: string;
  confidence: number;
}

const TRUST: Record<string, number> = C.TRUST;
const right = (box: Box): number => box.x + box.width;
const bottom = (box: Box): number => box.y + box.height;
export const middleX = (box: Box): number => box.x + box.width / 2;
const middleY = (box: Box): number => box.y + box.height / 2;
const toKey = ({ x, y, width, height }: Box): string => `${x} ${y} ${width} ${height}`;

/** Where a box stands among the digits of a line. */
class Place {
  constructor(
    readonly left: Box | undefined,
    readonly right: Box | undefined,
    readonly height: number,
    readonly top: number,
    readonly baseline: number,
  ) {}

  /** 0 at the top of the digits, 1 on their baseline. */
  rel(y: number): number {
    return (y - this.top) / Math.max(1, this.baseline - this.top);
  }

  /** Distance to the digits on the left and right, in heights. */
  gaps(box: Box): [number, number] {
    return [
      this.left ? (box.x - right(this.left)) / this.height : Infinity,
      this.right ? (this.right.x - right(box)) / this.height : Infinity,
    ];
  }
}

/** The digits of one line, from left to right. */
export class Line {
  readonly top: number;
  readonly bottom: number;

  constructor(readonly boxes: Box[]) {
    this.top = Math.min(...boxes.map((box) => box.y));
    this.bottom = Math.max(...boxes.map(bottom));
  }

  locate(box: Box): Place {
    const index = this.boxes.filter((other) => middleX(other) < middleX(box)).length;
    const [before, after] = [this.boxes[index - 1] as Box | undefined, this.boxes[index] as Box | undefined];
    const height = median(this.boxes.slice(Math.max(0, index - 2), index + 2).map((other) => other.height));
    const sides = [before, after].filter((side) => side !== undefined);
    const high = sides.filter((side) => side.height > 0.6 * height); // raised cents have no baseline
    const large = high.length ? high : sides;
    return new Place(before, after, Math.max(1, height), mean(large.map((side) => side.y)), mean(large.map(bottom)));
  }
}

/** Ink that is no digit, but as large as one may be, as what may be a mark. */
export function makePiece(glyph: Glyph, box: Box): Candidate {
  const sum = glyph.ink.data.reduce((a, b) => a + b, 0);
  return { box, shape: "piece", fill: sum / (glyph.box.width * glyph.box.height) };
}

/** The straight slanted glyphs, which may be slashes. */
export function findStrokes(glyphs: Glyph[], boxes: Box[]): Candidate[] {
  return glyphs.flatMap((glyph, i): Candidate[] => {
    const [slant, thickness] = measureStroke(glyph.ink);
    return thickness < S.BOLD && slant > S.LEAST_SLANT_DEG ? [{ box: boxes[i], shape: "stroke", slant, thickness }] : [];
  });
}

/** The slant of the longer axis from upright, and the thickness as part of the length. */
function measureStroke({ data, width }: Ink): [number, number] {
  let [sum, sumX, sumY] = [0, 0, 0];
  data.forEach((ink, at) => {
    sum += ink;
    sumX += ink * (at % width);
    sumY += ink * Math.floor(at / width);
  });
  if (sum <= 0) return [0, 1];
  const [x0, y0] = [sumX / sum, sumY / sum];
  let [xx, xy, yy] = [0, 0, 0];
  data.forEach((ink, at) => {
    const [x, y] = [(at % width) - x0, Math.floor(at / width) - y0];
    xx += (ink * x * x) / sum;
    xy += (ink * x * y) / sum;
    yy += (ink * y * y) / sum;
  });
  const spread = Math.hypot((xx - yy) / 2, xy);
  const [most, least] = [(xx + yy) / 2 + spread, (xx + yy) / 2 - spread];
  let [x, y] = yy >= xx ? [xy, most - xx] : [most - yy, xy];
  if (y < 0) [x, y] = [-x, -y];
  const slant = x || y ? (Math.atan2(-x, y) * 180) / Math.PI : 0;
  return [slant, Math.sqrt(Math.max(least, 0) / Math.max(most, 1e-9))];
}

/** The digits that are marks: index of the digit to the index of its line, and the mark. */
export function findMarksAmong(digits: Sign[], lines: number[][], candidates: Candidate[]): Map<number, [number, Mark]> {
  const strokes = new Map(candidates.filter(({ shape }) => shape === "stroke").map((item) => [toKey(item.box), item]));
  const seen = candidates.filter(({ shape, label }) => shape === "sign" && label === "/");
  const found = new Map<number, [number, Mark]>();
  const take = (index: number, row: number, label: string, confidence: number): void => {
    const { x, y, width, height } = digits[index];
    found.set(index, [row, { label, confidence, box: { x, y, width, height } }]);
  };
  lines.forEach((line, row) => {
    for (const index of line.slice(1, -1)) {
      const digit = digits[index];
      const sign = seen.find(({ box }) => measureAgreement(box, digit) >= 0.5);
      const thickness = strokes.get(toKey(digit))?.thickness ?? Infinity;
      if (sign && thickness < S.STRAIGHT && "17".includes(digit.label)) take(index, row, "/", sign.probability ?? 0);
    }
    for (const index of findSlashes(digits, line, strokes)) take(index, row, "/", TRUST["/"]);
  });
  const height = digits.length ? median(digits.map((digit) => digit.height)) : 0;
  digits.forEach((digit, index) => {
    const isZero = digit.label === "0" && digit.confidence >= C.SURE_ZERO;
    if (digit.height >= C.SMALL * height || found.has(index) || isZero) return;
    for (const [row, line] of lines.entries()) {
      const label = nameSmall(digit, line.filter((i) => i !== index && !found.has(i)).map((i) => digits[i]));
      if (!label) continue;
      take(index, row, label, TRUST[label]);
      break;
    }
  });
  return found;
}

function nameSmall(box: Box, others: Box[]): string {
  if (!others.length) return "";
  const where = new Line(others).locate(box);
  if (box.height >= C.SMALL * where.height) return "";
  if (isComma(box, where)) return ",";
  const [place, gaps] = [where.rel(middleY(box)), where.gaps(box)];
  const isLow = C.LOW_PLACE <= place && place <= C.POINT_PLACE[1] && Math.max(...gaps) <= REACH;
  if (isLow && box.height < C.TINY * where.height && Math.min(...gaps) > -0.3) {
    return box.height > C.COMMA_SLIMNESS * box.width ? "," : ".";
  }
  return nameDash(box, where);
}

/** Which mark a candidate is in a line, if any. */
export function placeMark(item: Candidate, line: Line, pen: number, specks: Box[], rules: Box[] = []): Mark | undefined {
  const { box, shape } = item;
  if (middleY(box) < line.top - box.height || middleY(box) > line.bottom + box.height) return undefined;
  const where = line.locate(box);
  const make = (label: string, confidence: number): Mark => ({ label, confidence, box });
  if (item.label) {
    const hasSides = where.right && (where.left ?? item.label === "-");
    return Math.min(...where.gaps(box)) < REACH && isLevel(box, where) && hasSides ? make(item.label, item.probability ?? 0) : undefined;
  }
  const isSmall = shape === "speck" || shape === "piece";
  let label = "";
  if (shape === "stroke") label = isSlash(box, where) ? "/" : "";
  else if (isComma(box, where)) label = ",";
  else if (isSmall && isPoint(item, where, pen)) label = ".";
  else label = nameDash(box, where);
  if (!label || (isSmall && isCrowded(box, specks, where.height))) return undefined;
  const twin = label === "." ? findTwin(box, specks, where.height) : undefined;
  if (twin) return { label: ":", confidence: TRUST[":"], box: unite(box, twin) };
  if (label === "." && Math.min(...where.gaps(box)) <= 0 && touchesAny(box, rules, pen)) return undefined;
  return make(label, TRUST[label]);
}

function isLevel(box: Box, where: Place): boolean {
  const place = where.rel(middleY(box));
  return place > -0.3 && place < 1.5;
}

function isPoint({ box, fill = 1 }: Candidate, where: Place, pen: number): boolean {
  const [size, least] = [Math.max(box.width, box.height), Math.min(box.width, box.height)];
  const [before, after] = where.gaps(box);
  if (size < C.POINT_SIZE[0] * where.height || size > C.POINT_SIZE[1] * where.height) return false;
  if (size < C.POINT_PENS * pen || fill < C.POINT_FILL) return false;
  if (least < C.POINT_PENS * pen && Math.abs(Math.min(before, after)) < C.END_GAP) return false;
  const place = where.rel(middleY(box));
  if (place < C.POINT_PLACE[0] || place > C.POINT_PLACE[1] || Math.max(before, after) > REACH) return false;
  if (place >= C.LOW_PLACE) return Math.min(before, after) > -0.3; // arms of a 7 reach over a point
  return least >= C.FREE_ROUND * size && Math.min(before, after) > 0 && before + after > C.FREE_GAP;
}

/** A straight stroke between two digits that was refused as a 1, and rises above them. */
function isSlash(box: Box, where: Place): boolean {
  const gaps = where.gaps(box);
  const isBetween = Math.max(...gaps) <= REACH && Math.min(...gaps) > -0.3;
  return isBetween && isLevel(box, where) && box.height >= S.SLASH_HIGHER * where.height;
}

function isComma(box: Box, where: Place): boolean {
  const height = box.height / where.height;
  const slimness = height < C.LARGE_COMMA ? C.COMMA_SLIMNESS : C.LARGE_COMMA_SLIMNESS;
  const hasHeight = C.COMMA_HEIGHT[0] <= height && height <= C.COMMA_HEIGHT[1];
  const hasForm = hasHeight && box.height > slimness * box.width && box.width <= C.COMMA_WIDTH * where.height;
  const top = where.rel(box.y);
  const isLow = C.COMMA_TOP[0] <= top && top <= C.COMMA_TOP[1] && where.rel(bottom(box)) >= 1 + C.COMMA_TAIL;
  const gaps = where.gaps(box);
  return hasForm && isLow && Math.max(...gaps) <= REACH && Math.min(...gaps) > -0.3;
}

/** "-" for a minus before a number or a hyphen between digits. */
function nameDash(box: Box, where: Place): string {
  const width = box.width / where.height;
  const hasWidth = C.DASH_WIDTH[0] <= width && width <= C.DASH_WIDTH[1] && box.width > C.DASH_SLIMNESS * box.height;
  const place = where.rel(middleY(box));
  const [before, after] = where.gaps(box);
  if (!hasWidth || box.height > C.DASH_HEIGHT * where.height || Math.min(before, after) < -0.1) return "";
  if (place < C.DASH_PLACE[0] || place > C.DASH_PLACE[1]) return "";
  return Math.max(before, after) <= REACH || (after <= C.MINUS_GAP && before > REACH) ? "-" : "";
}

/** The other point of a colon. */
function findTwin(box: Box, specks: Box[], height: number): Box | undefined {
  const size = Math.max(box.width, box.height);
  return specks.find((speck) => {
    const other = Math.max(speck.width, speck.height);
    const apart = Math.abs(middleY(speck) - middleY(box)) / height;
    const isAlike = other <= C.COLON_ALIKE * size && size <= C.COLON_ALIKE * other;
    const isAbove = Math.abs(middleX(speck) - middleX(box)) <= C.COLON_ASIDE * height;
    return isAlike && isAbove && C.COLON_APART[0] <= apart && apart <= C.COLON_APART[1];
  });
}

/** Whether a lying rule is no farther from a box than a pen is wide: there feet of digits are cut off with the line. */
function touchesAny(box: Box, rules: Box[], pen: number): boolean {
  return rules.some((rule) => rule.width > rule.height && rule.x < right(box) && box.x < right(rule) && Math.max(rule.y - bottom(box), box.y - bottom(rule)) <= pen);
}

function isCrowded(box: Box, specks: Box[], height: number): boolean {
  const reach = C.CROWD_REACH * height;
  const isNear = (speck: Box): boolean => Math.abs(middleX(speck) - middleX(box)) < reach && Math.abs(middleY(speck) - middleY(box)) < reach;
  return specks.filter(isNear).length - 1 > C.CROWD;
}

/** The strokes of a line that are slashes: by height, or by slant where that makes a date. */
function findSlashes(digits: Sign[], line: number[], strokes: Map<string, Candidate>): number[] {
  const signs = line.map((i) => digits[i]);
  const all = signs.map((sign) => strokes.get(toKey(sign)));
  const inner = signs.map((_, p) => p).filter((p) => p > 0 && p < line.length - 1 && all[p]);
  const dated = findDate(signs, inner, all);
  if (dated.length) return dated.map((p) => line[p]);
  const slantOf = (p: number): number => all[p]?.slant ?? 0;
  const places = inner.filter((p) => (all[p]?.thickness ?? Infinity) < S.STRAIGHT && slantOf(p) > S.SLASH_SLANT_DEG);
  const plain = signs.filter((_, p) => !places.includes(p));
  if (!plain.length) return [];
  const row = new Line(plain);
  const leaning: [number, boolean][] = [];
  for (const p of places) {
    const where = row.locate(signs[p]);
    const higher = signs[p].height / where.height;
    if (Math.max(...where.gaps(signs[p])) > 2 * REACH || higher < S.DATE_HIGHER) continue;
    const isUnsure = signs[p].confidence < S.SURE_DIGIT || !"17".includes(signs[p].label);
    const isFraction = line.length === 3 && slantOf(p) > S.FRACTION_SLANT_DEG;
    const isFlat = slantOf(p) > S.FLAT_SLANT_DEG && (isUnsure || higher > S.FLAT_HIGHER || isFraction);
    const isSlash = isFlat || higher > (isUnsure ? S.SLASH_HIGHER : S.SLASH_CLEARLY_HIGHER);
    if (isSlash || slantOf(p) > S.DATE_SLANT_DEG) leaning.push([p, isSlash]);
  }
  const sure = leaning.filter(([, isSlash]) => isSlash);
  for (const chosen of [leaning, sure]) {
    const groups = splitAt(signs, chosen.map(([p]) => p));
    const isDateLike = groups.length === 3 && isDate(groups);
    const isCertain = chosen.every(([, isSlash]) => isSlash);
    if (groups.every((group) => group) && (isDateLike || (isCertain && groups.length <= 3))) return chosen.map(([p]) => line[p]);
  }
  return [];
}

/** The two strokes that make a date with a year of this or the last century; they lean or rise above 1s. */
function findDate(signs: Sign[], straight: number[], strokes: (Candidate | undefined)[]): number[] {
  const others = signs.filter((_, p) => !straight.includes(p)).map((sign) => sign.height);
  if (signs.length < S.DATE_SIGNS[0] || signs.length > S.DATE_SIGNS[1] || !others.length) return [];
  const high = straight.filter((p) => signs[p].height >= S.DATED_HIGHER * median(others));
  for (const [at, first] of high.entries()) {
    for (const second of high.slice(at + 1)) {
      const groups = splitAt(signs, [first, second]);
      const hasYear = groups.some((group) => group.length === 4 && S.CENTURIES.includes(Math.floor(+group / 100)));
      if (!hasYear || !isDate(groups)) continue;
      const ones = straight.filter((p) => p !== first && p !== second);
      const slant = Math.max(0, ...ones.map((p) => strokes[p]?.slant ?? 0)) + S.DATE_LEANS_DEG;
      const height = S.DATE_RISES * Math.max(0, ...ones.map((p) => signs[p].height));
      if ([first, second].every((p) => (strokes[p]?.slant ?? 0) >= slant || signs[p].height >= height)) return [first, second];
    }
  }
  return [];
}

function splitAt(signs: Sign[], places: number[]): string[] {
  const edges = [-1, ...places, signs.length];
  return edges.slice(1).map((edge, i) => signs.slice(edges[i] + 1, edge).map((sign) => sign.label).join(""));
}

/** Whether three groups can be day, month and year, in any usual order, as `inkdigits.notation.is_date` has it. */
function isDate(groups: string[]): boolean {
  const [first, second, third] = groups;
  if (!groups.every((group) => /^\d{1,4}$/.test(group))) return false;
  const isDayAndMonth = (day: string, month: string): boolean => +day >= 1 && +day <= 31 && +month >= 1 && +month <= 12;
  if (first.length === 4) return third.length <= 2 && isDayAndMonth(third, second);
  if (![2, 4].includes(third.length) || first.length > 2) return false;
  return isDayAndMonth(first, second) || isDayAndMonth(second, first);
}
