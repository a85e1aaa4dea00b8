/**
 * Reads the digits of one picture on the device: two models with their own normalisation, and little between them.
 *
 * The page model sees the picture on several scales; what it finds is cut out, and the glyph model tells which digit it
 * is. How both answers are weighed is that of `inkdigits.deciding`.
 */
import { decode, keepBest, type Spotted } from "./decode";
import { toText } from "./group";

/** Grey values in [0, 255], row by row. */
export interface Picture {
  gray: Float32Array;
  height: number;
  width: number;
}

export interface Digit extends Spotted {
  label: string;
  confidence: number;
}

export interface Reading {
  text: string;
  digits: Digit[];
}

/** Runs the two models; so that the same code reads in a browser and in tests. */
export interface Models {
  /** Returns (20, 64, 64) for a picture seen with `step` of its pixels on one of the view. */
  findSigns(picture: Picture, step: number): Promise<Float32Array>;
  /** Returns ten probabilities and that of "none" for a picture of one glyph. */
  classify(picture: Picture): Promise<{ probs: Float32Array; none: number }>;
}

const VIEW_PX = 256;
const SIDE = VIEW_PX / 4;
/** The picture's longer side on the views: the first look, and those that follow where it finds nothing. */
const FIRST_PX = 104;
const OTHER_PX = [176, 60, 34];
/** Least and most of it: larger pictures would leave the view without its margin, in smaller ones nothing is left. */
const LEAST_PX = 20;
const MOST_PX = 176;
/** What the detector knows best; a look at digits that differ by less than this factor is not repeated. */
const DIGIT_PX = 24;
const NEAR = 1.3;
/** Weight of an answer by the height of its box: a Gaussian of its logarithm; as in `inkdigits.looking`. */
const HEIGHT_SPREAD = 0.35;
const LEAST_SCORE = 0.25;
const LEAST_WORTH = 0.15;
/** Part of the box's longer side that is cut out around it. */
const MARGIN = 0.1;
/** As `inkdigits.deciding.WHOLE`. */
const WEIGHTS = { score: 2.94, none: 0.34, bias: 0.55, detector: 0.9, classifier: 0.3 };

export async function read(picture: Picture, models: Models): Promise<Reading> {
  const digits: Digit[] = [];
  for (const spotted of await find(picture, models)) {
    const digit = await decide(picture, spotted, models);
    if (digit) digits.push(digit);
  }
  return { text: toText(digits), digits };
}

type Valued = Spotted & { worth: number };

/** Look once; look again where the digits turn out to be of another height than the detector knows best. */
async function find(picture: Picture, models: Models): Promise<Spotted[]> {
  const longer = Math.max(picture.height, picture.width);
  let found = await look(picture, longer / FIRST_PX, models);
  if (!found.length) {
    for (const side of OTHER_PX) found.push(...(await look(picture, longer / side, models)));
  }
  if (!found.length) return [];
  const heights = found.map((sign) => sign.height).sort((a, b) => a - b);
  const side = (longer * DIGIT_PX) / heights[heights.length >> 1]!;
  const better = Math.min(MOST_PX, Math.max(LEAST_PX, side));
  if (Math.abs(Math.log(better / FIRST_PX)) > Math.log(NEAR)) {
    found = found.concat(await look(picture, longer / better, models));
  }
  return keepBest(found, (sign) => sign.worth).filter((sign) => sign.worth > LEAST_WORTH);
}

async function look(picture: Picture, step: number, models: Models): Promise<Valued[]> {
  return decode(await models.findSigns(picture, step), SIDE, LEAST_SCORE).map((sign) => {
    const off = Math.log(sign.height / DIGIT_PX) / HEIGHT_SPREAD;
    return {
      ...sign,
      x: (sign.x - VIEW_PX / 2) * step + picture.width / 2,
      y: (sign.y - VIEW_PX / 2) * step + picture.height / 2,
      width: sign.width * step,
      height: sign.height * step,
      worth: sign.score * Math.exp((-off * off) / 2),
    };
  });
}

async function decide(picture: Picture, sign: Spotted, models: Models): Promise<Digit | undefined> {
  const { probs, none } = await models.classify(cut(picture, sign));
  const odds = WEIGHTS.bias + WEIGHTS.score * logit(sign.score) - WEIGHTS.none * logit(none);
  if (odds <= 0) return undefined;
  const product = sign.probs.map(
    (prob, label) => Math.max(prob, 1e-5) ** WEIGHTS.detector * Math.max(probs[label] ?? 0, 1e-5) ** WEIGHTS.classifier,
  );
  const sum = product.reduce((a, b) => a + b, 0);
  const best = product.indexOf(Math.max(...product));
  const confidence = (product[best] ?? 0) / sum / (1 + Math.exp(-odds));
  return { ...sign, label: String(best), confidence };
}

/** Cut a box with its margin out of a picture; at least 28 px, as the glyph model wants, filled up with the edge. */
export function cut(picture: Picture, box: { x: number; y: number; width: number; height: number }): Picture {
  const margin = MARGIN * Math.max(box.width, box.height) + 1;
  const left = Math.max(0, Math.floor(box.x - margin));
  const top = Math.max(0, Math.floor(box.y - margin));
  const right = Math.min(picture.width, Math.ceil(box.x + box.width + margin));
  const bottom = Math.min(picture.height, Math.ceil(box.y + box.height + margin));
  const [inner, high] = [Math.max(1, right - left), Math.max(1, bottom - top)];
  const [width, height] = [Math.max(28, inner), Math.max(28, high)];
  const gray = new Float32Array(width * height);
  const [x0, y0] = [(width - inner) >> 1, (height - high) >> 1];
  for (let y = 0; y < height; y++) {
    const from = top + Math.min(high - 1, Math.max(0, y - y0));
    for (let x = 0; x < width; x++) {
      const column = left + Math.min(inner - 1, Math.max(0, x - x0));
      gray[y * width + x] = picture.gray[from * picture.width + column] ?? 255;
    }
  }
  return { gray, height, width };
}

function logit(p: number): number {
  const safe = Math.min(1 - 1e-6, Math.max(1e-6, p));
  return Math.log(safe / (1 - safe));
}
