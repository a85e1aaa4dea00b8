import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { assemble } from "../src/assemble";
import { makeFloats, type Box, type Ink } from "../src/ink/arrays";
import { extractInk } from "../src/ink/binarize";
import { findBorders, isOnBorder } from "../src/ink/borders";
import { closeByDisc, dilateByDisc, discReaches } from "../src/ink/extremes";
import { cutRegions, makeView } from "../src/ink/view";
import type { Candidate } from "../src/marks";
import { toGray } from "./vectors";

type Rect = [number, number, number, number];

interface Steps {
  height: number;
  width: number;
  gray: string;
  scale: number;
  boxes: Rect[];
  ink: string;
  view: string;
  regions: string;
  lines: {
    digits: { label: string; confidence: number; box: Rect }[];
    candidates: (Omit<Candidate, "box"> & { box: Rect })[];
    text: string;
  }[];
}

const steps = JSON.parse(readFileSync("tests/steps.json", "utf-8")) as Steps;

/** Processors differ in the last bit; a grey level that was rounded otherwise would move ink by a thousandth. */
function expectSame(own: Float32Array, base64: string): void {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const wanted = new Float32Array(bytes.buffer);
  expect(own.length).toBe(wanted.length);
  const most = own.reduce((worst, value, i) => Math.max(worst, Math.abs(value - wanted[i])), 0);
  expect(most).toBeLessThan(2e-6);
}

describe("what the networks are shown is what Python shows them", () => {
  const page = extractInk(toGray(steps));
  const view = makeView(page, steps.scale);

  it("ink, enlarged", () => expectSame(page.ink.data, steps.ink));

  it("a view", () => expectSame(view.data, steps.view));

  it("regions", () => {
    const boxes = steps.boxes.map(([x, y, width, height]) => ({ x, y, width, height }));
    expectSame(cutRegions(view, boxes), steps.regions);
  });
});

describe("digits and marks are put together as in Python", () => {
  const toBox = ([x, y, width, height]: Rect): Box => ({ x, y, width, height });

  it.each(steps.lines.map((line, i) => [`${i}: ${line.text}`, line] as const))("%s", (_, line) => {
    const digits = line.digits.map(({ label, confidence, box }) => ({ label, confidence, ...toBox(box) }));
    const candidates = line.candidates.map((item) => ({ ...item, box: toBox(item.box) }));
    expect(assemble(digits, candidates, 5).text).toBe(line.text);
  });
});

describe("maxima in discs", () => {
  const made = (width: number, height: number, share: number): Ink => {
    const plane = makeFloats(width, height);
    let state = 7;
    for (let i = 0; i < plane.data.length; i++) {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      plane.data[i] = state / 2 ** 31 < share ? (state % 97) / 97 : 1;
    }
    return plane;
  };
  const slow = ({ data, width, height }: Ink, size: number): number[] =>
    Array.from(data, (_, at) => {
      const [x, y, radius] = [at % width, Math.floor(at / width), size >> 1];
      let most = -Infinity;
      discReaches(size).forEach((reach, i) => {
        const row = y + i - radius;
        if (row < 0 || row >= height) return;
        const end = Math.min(width - 1, size % 2 === 0 && reach === radius ? x + reach - 1 : x + reach);
        for (let column = Math.max(0, x - reach); column <= end; column++) most = Math.max(most, data[row * width + column]);
      });
      return most;
    });

  it.each([[3, 1], [4, 1], [7, 0.5], [8, 0.9], [15, 0.2], [15, 1], [22, 1]])("of %i pixels", (size, share) => {
    const plane = made(31, 23, share);
    expect(Array.from(dilateByDisc(plane, size).data)).toEqual(slow(plane, size));
  });

  it("of a blank page leave it, and don't hand out the page itself", () => {
    const blank = makeFloats(9, 5);
    const closed = closeByDisc(blank, 5);
    expect(Array.from(closed.data)).toEqual(Array.from(blank.data));
    expect(dilateByDisc(blank, 5).data).not.toBe(blank.data);
  });
});

describe("borders of tables", () => {
  const rule = (x: number) => ({ box: { x, y: 0, width: 2, height: 100 }, slope: 0 });
  const digit = (x: number, width = 12) => ({ x, y: 40, width, height: 20 });

  it("are told from the boxes of a form", () => {
    const digits = [digit(10), digit(70), digit(130)];
    expect(findBorders([rule(0), rule(60), rule(120)], digits)).toHaveLength(3);
    expect(findBorders([rule(0), rule(24), rule(48)], digits)).toEqual([]);
    expect(findBorders([rule(0)], [])).toEqual([]);
  });

  it("leave rests that are no 1", () => {
    const borders = findBorders([rule(0), rule(60)], [digit(10), digit(70)]);
    expect(isOnBorder(borders, digit(58, 6))).toBe(true);
    expect(isOnBorder(borders, digit(58, 14))).toBe(false);
    expect(isOnBorder(borders, digit(30, 6))).toBe(false);
  });
});
