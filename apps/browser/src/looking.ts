/** Looks at a page on several scales and joins what is seen there, as `inkdigits.looking` does. */
import constants from "./constants.json";
import { dropDoubles, measureAgreement, type Seen, type Spotted } from "./decode";
import { median, round, type Box } from "./ink/arrays";
import type { InkPage } from "./ink/binarize";
import { cutRegions, makeView, measureScale } from "./ink/view";
import type { Models, Opinion } from "./models";

const C = constants.looking;
const { DIGIT_PX, MARGIN_PX } = constants["ink.view"];

interface Look {
  scale: number;
  signs: Spotted[];
  marks: Spotted[];
}

/**
 * Digits and marks on a page, best first, in working pixels; `height` is how high digits seem to be. If they have quite another
 * height, the page is looked at anew.
 */
export async function look(page: InkPage, models: Models, height: number): Promise<Seen> {
  const found = await lookAround(page, models, height);
  const seen = measureSeen(found.digits);
  if (seen === undefined || !isFarOff(height, seen)) return found;
  const again = await lookAround(page, models, seen);
  const sum = ({ digits }: Seen): number => digits.reduce((total, sign) => total + sign.score, 0);
  return sum(again) > sum(found) ? again : found;
}

/** The middle height of digits that the detector sees; undefined where it is sure of hardly any. */
export function measureSeen(digits: Spotted[]): number | undefined {
  const least = Math.min(C.SEEN_SCORE, C.SEEN_PART * Math.max(0, ...digits.map((sign) => sign.score)));
  const heights = digits.filter((sign) => sign.score >= least).map((sign) => sign.height);
  return heights.length >= C.LEAST_SEEN ? median(heights) : undefined;
}

/** Whether a guess of the height of digits was so wrong that frames or print must have misled it. */
export function isFarOff(guess: number, seen: number): boolean {
  return !(1 / C.FAR_OFF <= seen / guess && seen / guess <= C.FAR_OFF);
}

async function lookAround(page: InkPage, models: Models, height: number): Promise<Seen> {
  const { width: columns, height: rows } = page.mask;
  const size = columns * rows;
  let most = Math.min(C.MOST_ENLARGED, (C.MOST_VIEW_PX - 2 * MARGIN_PX) / Math.max(columns, rows));
  most = Math.min(most, Math.max(1, Math.sqrt(C.MOST_ENLARGED_PX / size)));
  const first = Math.min(most, DIGIT_PX / Math.max(4, height));
  const scales = [first];
  for (const step of C.STEPS.slice(1)) {
    const scale = Math.min(most, step * first);
    if (!scales.includes(scale) && size * scale ** 2 <= C.MOST_OTHER_PX) scales.push(scale);
  }
  let looks: Look[] = [];
  for (const scale of scales) {
    looks.push(await detect(page, models, scale));
    if (looks.length >= C.LEAST_LOOKS && isSettled(looks)) break;
  }
  if (scales.length === 1) {
    const better = correct(looks[0], most);
    if (better !== undefined) looks = [await detect(page, models, better)];
  }
  const marks = poolLooks(looks.map(({ scale, marks }) => ({ scale, signs: marks })));
  return { digits: poolLooks(looks), marks: marks.filter((mark) => mark.score >= C.LEAST_MARK_SCORE) };
}

async function detect(page: InkPage, models: Models, scale: number): Promise<Look> {
  const seen = await models.findSigns(makeView(page, scale), C.LEAST_SCORE);
  const toWorking = (sign: Spotted): Spotted => ({
    ...sign,
    x: (sign.x - MARGIN_PX) / scale,
    y: (sign.y - MARGIN_PX) / scale,
    width: sign.width / scale,
    height: sign.height / scale,
  });
  return { scale, signs: seen.digits.map(toWorking), marks: seen.marks.map(toWorking) };
}

/** How well a scale suits a sign of this height. */
function weigh(height: number, scale: number): number {
  const off = Math.log((Math.max(height, 1) * scale) / DIGIT_PX) / C.HEIGHT_SPREAD;
  return Math.exp(-(off * off) / 2);
}

/** Join what was seen on several scales. */
export function poolLooks(looks: Omit<Look, "marks">[]): Spotted[] {
  const seen = looks.flatMap((one, scale) =>
    one.signs.map((sign) => {
      const weight = weigh(sign.height, one.scale);
      return { sign, scale, strength: weight * sign.score, isFree: weight >= C.LEAST_WEIGHT };
    }),
  );
  const joined: Spotted[] = [];
  for (const one of [...seen].sort((a, b) => b.strength - a.strength)) {
    if (!one.isFree) continue;
    const members: typeof seen = [];
    looks.forEach((_, scale) => {
      let best: (typeof seen)[number] | undefined;
      let most = -1;
      for (const other of seen) {
        if (other.scale !== scale) continue;
        const agreement = other === one ? Infinity : other.isFree ? measureAgreement(one.sign, other.sign) : 0;
        if (agreement > most) [best, most] = [other, agreement];
      }
      if (best && most >= C.SAME_BOX) members.push(best);
    });
    for (const member of members) member.isFree = false;
    joined.push(join(members, looks.reduce((sum, other) => sum + weigh(one.sign.height, other.scale), 0)));
  }
  joined.sort((a, b) => b.score - a.score);
  return dropDoubles(joined.filter((sign) => sign.score >= C.LEAST_SCORE));
}

function join(members: { sign: Spotted; strength: number }[], total: number): Spotted {
  const strength = members.reduce((sum, member) => sum + member.strength, 0);
  const mean = (of: (sign: Spotted) => number): number =>
    members.reduce((sum, member) => sum + (member.strength / strength) * of(member.sign), 0);
  const probs = members[0].sign.probs.map((_, label) =>
    Math.exp(mean((sign) => Math.log(Math.max(sign.probs[label], C.LEAST_PROB)))),
  );
  const sum = probs.reduce((a, b) => a + b, 0);
  return {
    x: mean((sign) => sign.x),
    y: mean((sign) => sign.y),
    width: mean((sign) => sign.width),
    height: mean((sign) => sign.height),
    score: Math.min(0.999, strength / total),
    probs: probs.map((prob) => prob / sum),
  };
}

function isSettled(looks: Look[]): boolean {
  const digits = poolLooks(looks);
  const unsettled = digits.filter(
    (sign) =>
      sign.score < C.SETTLED_SCORE ||
      Math.max(...sign.probs) < C.SETTLED_PROB ||
      Math.abs(Math.log((sign.height * looks[0].scale) / DIGIT_PX)) > 2 * C.HEIGHT_SPREAD,
  );
  return digits.length > 0 && unsettled.length <= C.MOST_UNSETTLED * digits.length;
}

/** The scale on which digits have the height that the detector knows; undefined if they nearly have it. */
function correct(one: Look, most: number): number | undefined {
  if (!one.signs.length) return undefined;
  const sure = one.signs.filter((sign) => sign.score >= Math.min(0.5, one.signs[0].score));
  const height = median(sure.map((sign) => sign.height)) * one.scale;
  const better = Math.min(most, (one.scale * DIGIT_PX) / height);
  const isGood = Math.abs(Math.log(height / DIGIT_PX)) <= C.HEIGHT_SPREAD;
  return isGood || better === one.scale ? undefined : better;
}

/** Look at each box again, at the size that it wants, with what stands around it. */
export async function lookAgain(page: InkPage, models: Models, boxes: Box[]): Promise<Opinion[]> {
  const opinions: Opinion[] = new Array<Opinion>(boxes.length);
  const most = C.MOST_VIEW_PX / Math.max(page.mask.width, page.mask.height);
  const wanted = boxes.map((box) => Math.min(most, 2 ** round(Math.log2(measureScale(box.width, box.height)))));
  for (const scale of [...new Set(wanted)].sort((a, b) => a - b)) {
    const rows = boxes.map((_, row) => row).filter((row) => wanted[row] === scale);
    const scaled = rows.map((row) => {
      const { x, y, width, height } = boxes[row];
      return { x: x * scale + MARGIN_PX, y: y * scale + MARGIN_PX, width: width * scale, height: height * scale };
    });
    const sizes = rows.length <= C.MOST_THRICE ? C.SIZES : C.SIZES.slice(0, 1);
    const asked = sizes.flatMap((factor) => scaled.map((box) => resizeBox(box, factor)));
    const answers = await models.classifyRegions(cutRegions(makeView(page, scale), asked), asked.length);
    rows.forEach((row, i) => (opinions[row] = joinSizes(sizes.map((_, size) => answers[size * rows.length + i]))));
  }
  return opinions;
}

function joinSizes(answers: Opinion[]): Opinion {
  const log = (prob: number): number => Math.log(Math.max(prob, C.LEAST_PROB));
  const mean = (of: (answer: Opinion) => number): number => answers.reduce((sum, answer) => sum + of(answer), 0) / answers.length;
  const logs = answers[0].probs.map((_, label) => mean((answer) => log(answer.probs[label] * (1 - answer.none))));
  logs.push(mean((answer) => log(answer.none)));
  const most = Math.max(...logs);
  const shares = logs.map((value) => Math.exp(value - most));
  const sum = shares.reduce((a, b) => a + b, 0);
  const none = shares.pop() as number;
  return { probs: shares.map((share) => share / Math.max(sum - none, 1e-9 * sum)), none: none / sum };
}

function resizeBox(box: Box, factor: number): Box {
  const [moreX, moreY] = [((factor - 1) * box.width) / 2, ((factor - 1) * box.height) / 2];
  return { x: box.x - moreX, y: box.y - moreY, width: box.width * factor, height: box.height * factor };
}
