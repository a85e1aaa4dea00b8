/** A page turned back so that its writing runs level, as `inkdigits.images.turn` and `inkdigits.levelling` do it. */
import constants from "./constants.json";
import { total, type Sighting, type Verdict } from "./deciding";
import { measureSlope } from "./group";
import { makeBytes, type Box, type Gray } from "./ink/arrays";

const C = constants.levelling;

interface Size {
  width: number;
  height: number;
}

/** A turn around the middle of a page; the turned page is as large as it must be to hold all of it. */
export class Turn {
  readonly turned: Size;
  readonly #cos: number;
  readonly #sin: number;

  constructor(
    slope: number,
    readonly size: Size,
  ) {
    const { width, height } = size;
    const long = Math.sqrt(1 + slope * slope);
    [this.#cos, this.#sin] = [1 / long, slope / long];
    const side = Math.abs(this.#sin);
    this.turned = { width: Math.floor(width * this.#cos + height * side + 0.5), height: Math.floor(height * this.#cos + width * side + 0.5) };
  }

  apply(gray: Gray): Gray {
    const { data, width, height } = gray;
    const out = makeBytes(this.turned.width, this.turned.height);
    const clip = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
    for (let row = 0; row < out.height; row++) {
      const down = row + (0.5 - out.height / 2);
      for (let column = 0; column < out.width; column++) {
        const across = column + (0.5 - out.width / 2);
        const x = this.#cos * across - this.#sin * down + (width / 2 - 0.5);
        const y = this.#sin * across + this.#cos * down + (height / 2 - 0.5);
        const [left, top] = [Math.floor(x), Math.floor(y)];
        const [partX, partY] = [x - left, y - top];
        const [x0, x1] = [clip(left, width - 1), clip(left + 1, width - 1)];
        const [y0, y1] = [clip(top, height - 1) * width, clip(top + 1, height - 1) * width];
        const upper = (1 - partX) * data[y0 + x0] + partX * data[y0 + x1];
        const lower = (1 - partX) * data[y1 + x0] + partX * data[y1 + x1];
        out.data[row * out.width + column] = Math.floor((1 - partY) * upper + partY * lower + 0.5);
      }
    }
    return out;
  }

  /** The smallest upright box on the page itself around a box on the turned one. */
  back(box: Box): Box {
    const { width, height } = this.size;
    const [x, y] = [box.x + box.width / 2 - this.turned.width / 2, box.y + box.height / 2 - this.turned.height / 2];
    const middleX = this.#cos * x - this.#sin * y + width / 2;
    const middleY = this.#sin * x + this.#cos * y + height / 2;
    const side = Math.abs(this.#sin);
    const across = (box.width * this.#cos + box.height * side) / 2;
    const down = (box.height * this.#cos + box.width * side) / 2;
    const clip = (value: number, most: number): number => Math.min(Math.max(0, Math.floor(value + 0.5)), most);
    const [left, right] = [clip(middleX - across, width - 1), clip(middleX + across, width)];
    const [top, bottom] = [clip(middleY - down, height - 1), clip(middleY + down, height)];
    return { x: left, y: top, width: Math.max(1, right - left), height: Math.max(1, bottom - top) };
  }
}

/** How to turn a page so that its writing is level; nothing where it nearly is, or where nobody can tell. */
export function findTurn(size: Size, sightings: Sighting[], verdicts: Verdict[]): Turn | undefined {
  const slope = measureSlope(sightings.filter((_, i) => verdicts[i].isDigit).map(({ box }) => box));
  return Math.abs(slope) >= C.LEAST_SLOPE ? new Turn(slope, size) : undefined;
}

/** Whether what was read on the level page may stand for what was read before. */
export function isAsSure(again: Verdict[], before: Verdict[]): boolean {
  const sum = (verdicts: Verdict[]): number => total(verdicts.map(({ isDigit, probs }) => (isDigit ? Math.max(...probs) : 0)));
  return sum(again) >= C.AS_SURE * sum(before);
}
