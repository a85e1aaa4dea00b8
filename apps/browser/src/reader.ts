/** The one order of steps on the device, as `inkdigits.reader` has it: picture, ink, glyphs, networks, text. */
import { assemble, isEqual } from "./assemble";
import constants from "./constants.json";
import { areClear, areFew, decide, findUnclear, haveForm, isCertainAlone, isOneWide, isSureAlone, isSurelyDigit, mayBeTwo, measureSureness, tell, total, type Sighting, type Verdict } from "./deciding";
import { Components, type Found } from "./finding";
import { findLetterColumns, findWords, hasDot, isExplained } from "./group";
import { median, type Box, type Gray } from "./ink/arrays";
import { findBorders, isOnBorder } from "./ink/borders";
import type { Glyph, Rejected } from "./ink/glyphs";
import { normalizeGlyph } from "./ink/normalize";
import { makePiece, type Mark } from "./marks";
import type { Models, Opinion } from "./models";
import { doubtParts, isFaintBeside, reconsider } from "./reconsidering";
import { findTurn, isAsSure } from "./turn";

export interface Digit extends Box {
  label: string;
  confidence: number;
}

export interface Reading {
  text: string;
  digits: Digit[];
  marks: Mark[];
}

/** Read the numbers of one picture. */
export async function read(gray: Gray, models: Models): Promise<Reading> {
  const own = await look(gray, models);
  const turn = findTurn(gray, own.found.sightings, own.alone);
  if (!turn) return put(own);
  const level = await look(turn.apply(gray), models);
  if (!isAsSure(level.alone, own.alone)) return put(own);
  const { text, digits, marks } = put(level);
  return { text, digits: digits.map((digit) => ({ ...digit, ...turn.back(digit) })), marks: marks.map((mark) => ({ ...mark, box: turn.back(mark.box) })) };
}

/** What was found, and what was made of each sighting alone. */
interface Looked {
  found: Found;
  alone: Verdict[];
}

async function look(gray: Gray, models: Models): Promise<Looked> {
  const found = await find(new Components(gray, models), models);
  await askAboutRest(found, models);
  return { found, alone: found.sightings.map(decide) };
}

/** Put together what stands on a picture. */
function put({ found, alone }: Looked): Reading {
  const { sightings } = found;
  const boxes = sightings.map((sighting) => sighting.box);
  const contrasts = sightings.map((sighting) => sighting.contrast);
  const judged = reconsider(boxes, alone, contrasts);
  const verdicts = found.isOnePiece ? doubtParts(judged) : judged;
  const digits = sightings.flatMap((sighting, i): Digit[] => {
    const probs = tell(sighting, verdicts[i]);
    const confidence = Math.max(...probs);
    return verdicts[i].isDigit ? [{ ...sighting.box, label: constants.labels[probs.indexOf(confidence)], confidence }] : [];
  });
  const sureness = verdicts.map((verdict) => total(verdict.probs));
  const isLeft = findLeft(sightings, verdicts);
  // A straight, leaning stroke is a 1 or a slash: between digits, as in a date, it makes no word of them.
  const strokes = found.candidates.filter(({ shape, thickness = Infinity }) => shape === "stroke" && thickness < constants["ink.slashes"].STRAIGHT);
  const isStroke = boxes.map((box) => strokes.some((item) => isEqual(item.box, box)));
  const isOther = isLeft.map((left, i) => left && !isStroke[i] && (verdicts[i].isOther || sureness[i] < constants.deciding.SURELY_OTHER));
  const others = [
    ...found.rejected.filter((item) => item.reason === "no digit").map((item) => item.box),
    ...findLargeSpecks(found.rejected, digits),
    ...boxes.filter((_, i) => isOther[i]),
  ];
  const doubtful = boxes.filter((_, i) => isLeft[i] && !isOther[i]);
  // Whether a digit is a letter is asked of what was made of it alone, whatever its neighbours say.
  const least = constants["ink.words"].LIKE_LETTER;
  const sure = alone.flatMap(({ probs }, i) => (verdicts[i].isDigit ? [Math.max(total(probs), isStroke[i] ? least : 0)] : []));
  const uprights = found.rules.filter(({ box }) => box.height > box.width).map(({ box }) => box);
  const inWords = new Set([...findLetterColumns(digits, others, sure), ...findWords(digits, others, sure, doubtful, uprights)]);
  const specks = found.rejected.filter((item) => item.reason === "speck");
  const inNumbers = digits.filter((digit, i) => !inWords.has(i) && !(digit.label === "1" && hasDot(digit, specks)));
  const borders = findBorders(found.rules, inNumbers);
  const kept = inNumbers.filter((digit) => !isOnBorder(borders, digit));
  const pieces = sightings.flatMap(({ glyph, box }, i) => (glyph && !verdicts[i].isDigit ? [makePiece(glyph, box)] : []));
  return assemble(kept, [...found.candidates, ...pieces], found.pen, found.rules.map(({ box }) => box));
}

async function find(page: Components, models: Models): Promise<Found> {
  const opinions = await classify(page.glyphs, models);
  if (page.mayHideDigits) return page.ask();
  if (page.glyphs.length === 1) return lookAtLone(page, opinions[0], models);
  const sightings = page.take(opinions);
  if (areClear(page.glyphs, opinions)) return page.accept(sightings);
  const unclear = findUnclear(opinions);
  if (haveForm(page.glyphs, opinions) && unclear.length <= constants.deciding.MOST_LOOKED_AT * opinions.length) {
    const seen = await page.lookAgainAt(sightings, unclear);
    const doubtful = unclear.filter((i) => !isSurelyDigit(seen[i]) || mayBeTwo(page.glyphs[i], page.glyphs));
    if (areFew(doubtful.length, page.glyphs)) return page.accept(seen);
  }
  return (await turn(page, opinions, models)) ?? page.ask();
}

async function lookAtLone(page: Components, opinion: Opinion, models: Models): Promise<Found> {
  if (!areClear(page.glyphs, [opinion])) {
    const turned = await turn(page, [opinion], models);
    if (turned) return turned;
  }
  return askAboutLone(page, opinion);
}

async function askAboutLone(page: Components, opinion: Opinion): Promise<Found> {
  const isCertain = isCertainAlone(page.glyphs[0], opinion);
  const lone = await page.takeAlone(opinion, isCertain);
  const isOne = isCertain || isOneWide(page.glyphs[0]) || !page.isFree();
  return isSureAlone(lone) && isOne ? page.acceptAlone(lone) : page.askAlone(lone);
}

/**
 * Look at a tight crop in the other polarity, if that shows one clear digit; where ink and paper take equal parts of the
 * crop, it is enough that the sign is surer to be a digit so.
 */
async function turn(page: Components, own: Opinion[], models: Models): Promise<Found | undefined> {
  const turned = page.turn();
  if (turned?.glyphs.length !== 1) return undefined;
  const opinions = await classify(turned.glyphs, models);
  if (areClear(turned.glyphs, opinions)) return turned.acceptAlone(await turned.takeAlone(opinions[0]));
  return page.isBalanced() && measureSureness(opinions) > measureSureness(own) ? askAboutLone(turned, opinions[0]) : undefined;
}

/** Ask the classifier about the glyphs that it has not seen. */
async function askAboutRest(found: Found, models: Models): Promise<void> {
  const rest = found.sightings.filter((sighting) => sighting.glyph && !sighting.opinion);
  const opinions = await classify(rest.map((sighting) => sighting.glyph as Glyph), models);
  rest.forEach((sighting, i) => (sighting.opinion = opinions[i]));
}

async function classify(glyphs: Glyph[], models: Models): Promise<Opinion[]> {
  const side = constants["ink.normalize"].SIZE_PX;
  const blank = { data: new Float32Array(side * side), width: side, height: side };
  return models.classify(glyphs.map((glyph) => normalizeGlyph(glyph.ink) ?? blank));
}

/** What was seen, is no digit, and may be a letter: not where no ink is, where it is fainter than the digits, or theirs. */
function findLeft(sightings: Sighting[], verdicts: Verdict[]): boolean[] {
  const digits = sightings.filter((_, i) => verdicts[i].isDigit);
  const boxes = digits.map((digit) => digit.box);
  return sightings.map((seen, i) => !verdicts[i].isDigit && !!seen.glyph && !isExplained(seen.box, boxes) && !isFaintBeside(seen, digits));
}

/** Specks, if some are nearly as high as digits: beside large frames, letters are taken for specks. */
function findLargeSpecks(rejected: Rejected[], digits: Digit[]): Box[] {
  const specks = rejected.filter((item) => item.reason === "speck").map((item) => item.box);
  const height = digits.length ? median(digits.map((digit) => digit.height)) : 0;
  return specks.some((box) => box.height >= constants.letters.LETTER_HEIGHT * height) ? specks : [];
}
