/** Finds what may be a digit on a picture, as `inkdigits.finding` does: components, and the detector where needed. */
import constants from "./constants.json";
import { shareArea, type Seen, type Spotted } from "./decode";
import type { Sighting } from "./deciding";
import { clip, makeBytes, median, otsu, round, type Box, type Gray } from "./ink/arrays";
import { extractInk, isLightOnDark, type InkPage } from "./ink/binarize";
import { measureContrast } from "./ink/contrast";
import { cutGlyph } from "./ink/cut";
import { findGlyphs, type Glyph, type Rejected } from "./ink/glyphs";
import { removeRules, type Rule } from "./ink/rules";
import { typicalHeight } from "./ink/scale";
import { isFarOff, look, lookAgain, measureSeen } from "./looking";
import { findStrokes, makePiece, type Candidate } from "./marks";
import type { Models, Opinion } from "./models";

const C = constants.finding;
const T = constants["ink.tight"];
const U = constants.unseen;

/** What one picture may hold; boxes in its pixels. */
export interface Found {
  sightings: Sighting[];
  rejected: Rejected[];
  rules: Rule[];
  /** What may be marks. */
  candidates: Candidate[];
  /** Width of the pen. */
  pen: number;
  /** True if all sightings are parts of the only glyph. */
  isOnePiece?: boolean;
}

/** The connected components of one picture's ink, before anyone was asked what they are. */
export class Components {
  readonly full: InkPage;
  readonly ink: InkPage;
  /** Boxes in working pixels. */
  glyphs: Glyph[] = [];
  rejected: Rejected[] = [];
  /** In pixels of the picture. */
  readonly rules: Rule[];
  mayHideDigits = false;
  readonly #border: number;
  readonly #isLight: boolean | undefined;

  constructor(
    readonly gray: Gray,
    readonly models: Models,
    isLight?: boolean,
  ) {
    let [picture, border] = [gray, 0];
    const shorter = Math.min(gray.width, gray.height);
    if (shorter <= C.TIGHT_PX) {
      this.#isLight = isLight ?? isLightOnDark(gray);
      border = round(C.BORDER * Math.max(gray.width, gray.height));
      picture = addBorder(gray, border, this.#isLight);
    }
    this.#border = border;
    this.full = extractInk(picture, this.#isLight);
    const { page, rules } = this.full.isBlank ? { page: this.full, rules: [] } : removeRules(this.full);
    this.ink = page;
    this.rules = rules.map((rule) => ({ box: this.toPage(rule.box), slope: rule.slope }));
    this.#sort();
  }

  /** Take glyphs for what may be digits, and the rest of the ink for nothing; `height` is that of digits, if known. */
  #sort(height?: number): void {
    let { glyphs, rejected } = findGlyphs(this.ink, height);
    const shorter = Math.min(this.gray.width, this.gray.height);
    if (glyphs.length === 1 && shorter >= C.SPANNED_PX && spans(glyphs[0].box, this.ink)) {
      rejected = [...rejected, { box: glyphs[0].box, reason: "edge" }];
      glyphs = [];
    }
    this.glyphs = glyphs;
    this.mayHideDigits = mayHideDigits(rejected, glyphs, this.ink.pen);
    this.rejected = rejected.map((item) => ({ ...item, box: this.toPage(item.box), fill: item.reason === "speck" || item.reason === "dash" ? measureFill(this.ink, item.box) : undefined }));
  }

  /** From working pixels to those of the picture, clipped to it and never empty. */
  toPage(box: Box): Box {
    const { scale } = this.ink;
    const at = (value: number, most: number): number => Math.trunc(clip(value / scale - this.#border, 0, most - 1));
    const [left, top] = [at(box.x, this.gray.width), at(box.y, this.gray.height)];
    const right = Math.min(this.gray.width, Math.max(left + 1, round((box.x + box.width) / scale) - this.#border));
    const bottom = Math.min(this.gray.height, Math.max(top + 1, round((box.y + box.height) / scale) - this.#border));
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** Take paper for ink, where nobody can tell: in a crop that ends where the ink ends. */
  turn(): Components | undefined {
    if (this.#isLight === undefined || !isTight(this.gray, this.#isLight)) return undefined;
    return new Components(this.gray, this.models, !this.#isLight);
  }

  /** Whether the only glyph touches no border: in crops, parts of neighbours do. */
  isFree(): boolean {
    const [{ box }] = this.glyphs;
    const { width, height } = this.ink.mask;
    const isInside = Math.min(box.x, box.y) > C.FREE_PX && box.x + box.width < width - C.FREE_PX && box.y + box.height < height - C.FREE_PX;
    return isInside && this.#isLight === undefined;
  }

  /** Whether light and dark pixels take nearly equal parts of the picture, and are far apart. */
  isBalanced(): boolean {
    const threshold = otsu(this.gray);
    const mean = (values: Uint8Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    const light = this.gray.data.filter((value) => value > threshold);
    const part = light.length / this.gray.data.length;
    if (part < T.BALANCED || part > 1 - T.BALANCED) return false;
    return mean(light) - mean(this.gray.data.filter((value) => value <= threshold)) >= T.STARK;
  }

  /** Take every glyph for a sighting; the detector is not asked. */
  take(opinions: Opinion[]): Sighting[] {
    const isLone = this.glyphs.length === 1;
    return this.glyphs.map((glyph, i) => ({ box: this.toPage(glyph.box), glyph, score: 1, opinion: opinions[i], isLone }));
  }

  /** Let the region classifier look at some of the glyphs, given by their indices. */
  async lookAgainAt(sightings: Sighting[], unclear: number[]): Promise<Sighting[]> {
    const boxes = unclear.map((index) => this.glyphs[index].box);
    const again = await lookAgain(this.full, this.models, boxes);
    const result = [...sightings];
    unclear.forEach((index, i) => {
      result[index] = { ...result[index], again: again[i], contrast: measureContrast(this.full, boxes[i]) };
    });
    return result;
  }

  /** Take sightings of glyphs for all that is there; the detector is not asked. */
  accept(sightings: Sighting[]): Found {
    return this.#found(sightings, this.rejected, findStrokes(this.glyphs, sightings.map(({ box }) => box)));
  }

  #found(sightings: Sighting[], rejected: Rejected[], others: Candidate[]): Found {
    const small = this.rejected.filter(({ reason }) => reason === "speck" || reason === "dash");
    const specks = small.map(({ box, reason, fill }): Candidate => ({ box, shape: reason === "dash" ? "dash" : "speck", fill }));
    return { sightings, rejected, rules: this.rules, candidates: [...specks, ...others], pen: this.ink.pen / this.ink.scale };
  }

  /** Let the detector say where digits stand, and the region classifier look at each again. */
  async ask(): Promise<Found> {
    const { ink } = this;
    let { digits, marks }: Seen = { digits: [], marks: [] };
    if (!ink.isBlank) {
      const guess = typicalHeight(ink.components.boxes, ink.pen, ink.mask);
      ({ digits, marks } = await look(this.full, this.models, guess));
      const seen = measureSeen(digits);
      if (seen !== undefined && isFarOff(guess, seen)) this.#sort(seen);
    }
    const { glyphs } = this;
    const sightings: Sighting[] = digits.map((sign) => {
      const glyph = cutGlyph(ink, sign);
      return { box: this.toPage(chooseBox(sign, glyph)), glyph, score: sign.score, probs: sign.probs, isLone: false };
    });
    const lone = glyphs.filter(({ box }) => coveredPart(box, digits) < C.COVERED);
    const possible = lone.filter((glyph) => mayBeDigit(glyph, digits));
    for (const glyph of possible) {
      sightings.push({ box: this.toPage(glyph.box), glyph, score: C.UNSEEN_SCORE, probs: C.UNSEEN_PROBS, isLone: false });
    }
    if (sightings.length) {
      const boxes = [...digits, ...possible.map((glyph) => glyph.box)];
      const opinions = await lookAgain(this.full, this.models, boxes);
      sightings.forEach((sighting, i) => {
        sighting.again = opinions[i];
        sighting.contrast = measureContrast(this.full, boxes[i]);
      });
    }
    const others = lone.filter((glyph) => !possible.includes(glyph));
    const refused = others.map((glyph): Rejected => ({ box: this.toPage(glyph.box), reason: "no digit" }));
    const drawn = sightings.filter(({ glyph }) => glyph);
    return this.#found(sightings, [...this.rejected, ...refused], [
      ...findStrokes(drawn.map(({ glyph }) => glyph as Glyph), drawn.map(({ box }) => box)),
      ...findStrokes(others, refused.map(({ box }) => box)),
      ...marks.map((sign) => this.#nameMark(sign)),
      ...others.map((glyph) => makePiece(glyph, this.toPage(glyph.box))),
    ]);
  }

  #nameMark(sign: Spotted): Candidate {
    const most = Math.max(...sign.probs);
    return { box: this.toPage(toBox(sign)), shape: "sign", label: constants.marks[sign.probs.indexOf(most)], probability: sign.score * most };
  }

  /** Take the only glyph for a sighting; the region classifier looks at it, unless the classifier is certain. */
  async takeAlone(opinion: Opinion, isCertain = false): Promise<Sighting> {
    const [glyph] = this.glyphs;
    const again = isCertain ? undefined : (await lookAgain(this.full, this.models, [glyph.box]))[0];
    const contrast = measureContrast(this.full, glyph.box);
    const isTiny = Math.min(this.gray.width, this.gray.height) <= C.TINY_PX;
    return { box: this.toPage(glyph.box), glyph, score: 1, opinion, isLone: true, again, contrast, isTiny };
  }

  /** Let the detector say what the only glyph is, unless it sees several digits in it. */
  async askAlone(lone: Sighting): Promise<Found> {
    const found = await this.ask();
    if (found.sightings.filter(({ score }) => score >= C.SURE_SCORE).length > 1) return { ...found, isOnePiece: true };
    if (!found.sightings.length) return found;
    const best = found.sightings.reduce((a, b) => (b.score > a.score ? b : a));
    return { ...found, sightings: [{ ...lone, score: best.score, probs: best.probs }] };
  }

  acceptAlone(lone: Sighting): Found {
    return this.#found([lone], this.rejected, []); // slashes stand between digits
  }
}

function mayHideDigits(items: Rejected[], glyphs: Glyph[], pen: number): boolean {
  const height = glyphs.length ? median(glyphs.map((glyph) => glyph.box.height)) : 0;
  return items.some(
    ({ reason, box }) =>
      (reason === "dash" && box.height >= C.CHAIN_PENS * pen) ||
      (reason === "smudge" && glyphs.length > 0 && box.height >= C.FADED_HEIGHT * height),
  );
}

function measureFill({ ink }: InkPage, box: Box): number {
  let sum = 0;
  for (let y = box.y; y < box.y + box.height; y++) {
    for (let x = box.x; x < box.x + box.width; x++) sum += ink.data[y * ink.width + x];
  }
  return sum / (box.width * box.height);
}

function spans(box: Box, ink: InkPage): boolean {
  return box.height >= C.SPANS * ink.mask.height || box.width >= C.SPANS * ink.mask.width;
}

/** Put paper around a crop: where ink touches the border, nothing tells what lies behind it. */
function addBorder(gray: Gray, by: number, isLight: boolean): Gray {
  const threshold = otsu(gray);
  const paper = Array.from(gray.data).filter((value) => (isLight ? value <= threshold : value > threshold));
  const level = paper.length ? Math.trunc(median(paper)) : gray.data[0];
  const out = makeBytes(gray.width + 2 * by, gray.height + 2 * by);
  out.data.fill(level);
  for (let y = 0; y < gray.height; y++) {
    out.data.set(gray.data.subarray(y * gray.width, (y + 1) * gray.width), (y + by) * out.width + by);
  }
  return out;
}

/** Whether much of a picture's outermost pixels would be ink. */
function isTight(gray: Gray, isLight: boolean): boolean {
  const threshold = otsu(gray);
  const { width, height } = gray;
  let [ink, all] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (x && y && x < width - 1 && y < height - 1) continue;
      all++;
      if (gray.data[y * width + x] > threshold === isLight) ink++;
    }
  }
  return ink / all >= T.TIGHT_EDGE;
}

function toBox(sign: Spotted): Box {
  const [x, y] = [round(sign.x), round(sign.y)];
  return { x, y, width: Math.max(1, round(sign.x + sign.width) - x), height: Math.max(1, round(sign.y + sign.height) - y) };
}

/** The glyph's exact box where it is the detector's digit, else the detector's. */
function chooseBox(sign: Spotted, glyph: Glyph | undefined): Box {
  const box = toBox(sign);
  if (!glyph) return box;
  const shared = shareArea(box, glyph.box);
  const union = box.width * box.height + glyph.box.width * glyph.box.height - shared;
  return shared >= C.SAME_INK * union ? glyph.box : box;
}

function mayBeDigit(glyph: Glyph, digits: Spotted[]): boolean {
  if (!digits.length) return true;
  const height = median(digits.map((sign) => sign.height));
  const { box } = glyph;
  const most = box.width <= U.LONG_WIDTH * box.height ? U.LONG : U.LIKE_HEIGHT[1];
  if (box.height < U.LIKE_HEIGHT[0] * height || box.height > most * height) return false;
  return !digits.some((sign) => surrounds(glyph, sign.x + sign.width / 2, sign.y + sign.height / 2));
}

/** Whether ink lies on both sides of a place, as a frame's does; a slanted 1 leans over its neighbour. */
function surrounds({ box, ink }: Glyph, x: number, y: number): boolean {
  if (x <= box.x || x >= box.x + box.width || y <= box.y || y >= box.y + box.height) return false;
  const row = Math.min(ink.height - 1, Math.trunc(y - box.y) + Math.floor((ink.height - box.height) / 2));
  const column = Math.min(ink.width - 1, Math.trunc(x - box.x) + Math.floor((ink.width - box.width) / 2));
  const line = ink.data.subarray(row * ink.width, (row + 1) * ink.width);
  return line.subarray(0, column).some((value) => value > 0) && line.subarray(column).some((value) => value > 0);
}

function coveredPart(box: Box, signs: Spotted[]): number {
  const area = Math.max(box.width * box.height, 1);
  return signs.reduce((most, sign) => Math.max(most, shareArea(box, sign) / area), 0);
}
