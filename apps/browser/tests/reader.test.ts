import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { decode, dropDoubles, softmax } from "../src/decode";
import { assemble } from "../src/assemble";
import { findLetterColumns, findLines, findWords } from "../src/group";
import type { Models } from "../src/models";
import { read } from "../src/reader";
import { openFiles, toGray, type Vector } from "./vectors";

const vectors = JSON.parse(readFileSync("tests/vectors.json", "utf-8")) as Vector[];

describe("the Python reader's vectors", () => {
  let models: Models;
  beforeAll(async () => {
    models = await openFiles();
  }, 60_000);

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", async (_, vector) => {
    const reading = await read(toGray(vector), models);
    expect(reading.text).toBe(vector.text);
    expect(reading.digits).toHaveLength(vector.digits.length);
    for (const digit of vector.digits) {
      const [x, y, width, height] = digit.box;
      const near = reading.digits.find((own) => Math.abs(own.x - x) <= 2 && Math.abs(own.y - y) <= 2);
      expect(near).toBeDefined();
      expect(near!.label).toBe(digit.label);
      expect(Math.abs(near!.width - width)).toBeLessThanOrEqual(2);
      expect(Math.abs(near!.height - height)).toBeLessThanOrEqual(2);
      expect(Math.abs(near!.confidence - digit.confidence)).toBeLessThan(0.02);
    }
  }, 60_000);
});

describe("decoding", () => {
  const side = 8;
  const signs = new Float32Array(20 * side * side).fill(-9);
  const place = 3 * side + 4;
  signs[place] = 4;
  signs[(2 + 7) * side * side + place] = 5;
  for (let channel = 16; channel < 20; channel++) signs[channel * side * side + place] = Math.log(1.5);

  it("finds a peak with its box and label", () => {
    const found = decode(signs, side, side, 0.3);
    expect(found).toHaveLength(1);
    expect(found[0].x).toBeCloseTo(18 - 12);
    expect(found[0].y).toBeCloseTo(14 - 12);
    expect(found[0].width).toBeCloseTo(24);
    expect(found[0].probs.indexOf(Math.max(...found[0].probs))).toBe(7);
  });

  it("keeps the best of two that lie on each other", () => {
    const [one] = decode(signs, side, side, 0.3);
    expect(dropDoubles([one, { ...one, x: one.x + 3, score: 0.4 }])).toEqual([one]);
  });

  it("sums probabilities to one", () => {
    expect(softmax([1000, 1000, -1000]).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
  });
});

describe("grouping", () => {
  const digit = (label: string, x: number, y: number) => ({ label, x, y, width: 10, height: 20 });

  it("writes lines from top to bottom and numbers apart", () => {
    const digits = [digit("3", 0, 50), digit("2", 15, 2), digit("1", 0, 0), digit("4", 60, 1)];
    expect(assemble(digits.map((one) => ({ ...one, confidence: 0.9 }))).text).toBe("12 4\n3");
    expect(findLines([])).toEqual([]);
  });

  it("takes a lone digit in a column of letters for a letter", () => {
    const place = (y: number) => digit("8", 0, y);
    const letters = [30, 60, 90].map(place);
    expect([...findLetterColumns([place(0)], letters, [1])]).toEqual([0]);
    expect([...findLetterColumns([place(0), digit("1", 12, 0)], letters, [1, 1])]).toEqual([]);
  });

  it("lets letters outweigh unsure digits", () => {
    const place = (x: number) => digit("0", x, 0);
    const [digits, letters] = [[0, 12, 24].map(place), [36, 48].map(place)];
    expect(findWords(digits, letters, [0.99, 0.99, 0.99]).size).toBe(0);
    expect(findWords(digits, letters, [0.6, 0.6, 0.6]).size).toBe(3);
  });

  it("takes a digit among letters for a letter", () => {
    const place = (x: number) => digit("0", x, 0);
    expect([...findWords([place(12)], [place(0), place(24), place(36)], [1])]).toEqual([0]);
    expect([...findWords([place(0), place(12), place(24)], [place(36)], [1, 1, 1])]).toEqual([]);
  });
});
