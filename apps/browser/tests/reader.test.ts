import { readFileSync } from "node:fs";
import { describe, expect, it, beforeAll } from "vitest";
import { decode, keepBest, softmax } from "../src/decode";
import { findLines, toText } from "../src/group";
import { openModels } from "../src/models";
import { cut, read, type Models, type Picture } from "../src/reader";

interface Vector {
  name: string;
  height: number;
  width: number;
  gray: string;
  text: string;
}

const vectors = JSON.parse(readFileSync("tests/vectors.json", "utf-8")) as Vector[];

function toPicture(vector: Vector): Picture {
  return { gray: Float32Array.from(Buffer.from(vector.gray, "base64")), height: vector.height, width: vector.width };
}

describe("the Python reader's vectors", () => {
  let models: Models;
  beforeAll(async () => {
    models = await openModels(readFileSync("public/models/page.onnx"), readFileSync("public/models/glyph.onnx"));
  }, 60_000);

  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", async (_, vector) => {
    const start = performance.now();
    const reading = await read(toPicture(vector), models);
    console.log(vector.name, JSON.stringify(reading.text), `${(performance.now() - start).toFixed(0)} ms`);
    expect(reading.text).toBe(vector.text);
  }, 60_000);

  it("reads light ink on a dark ground alike", async () => {
    const vector = vectors.find((entry) => entry.name === "drawn 42")!;
    const picture = toPicture(vector);
    const reading = await read({ ...picture, gray: picture.gray.map((value) => 255 - value) }, models);
    expect(reading.text).toBe(vector.text);
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
    const found = decode(signs, side, 0.3);
    expect(found).toHaveLength(1);
    expect(found[0]!.x).toBeCloseTo(18 - 12);
    expect(found[0]!.y).toBeCloseTo(14 - 12);
    expect(found[0]!.width).toBeCloseTo(24);
    expect(found[0]!.probs.indexOf(Math.max(...found[0]!.probs))).toBe(7);
  });

  it("keeps the best of two that lie on each other", () => {
    const [one] = decode(signs, side, 0.3);
    const two = { ...one!, x: one!.x + 3, score: 0.4 };
    expect(keepBest([two, one!], (sign) => sign.score)).toEqual([one]);
  });

  it("sums probabilities to one", () => {
    expect(softmax([1000, 1000, -1000]).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
  });
});

describe("grouping", () => {
  const digit = (label: string, x: number, y: number) => ({ label, x, y, width: 10, height: 20 });

  it("writes lines from top to bottom and numbers apart", () => {
    expect(toText([digit("3", 0, 50), digit("2", 15, 2), digit("1", 0, 0), digit("4", 60, 1)])).toBe("12 4\n3");
    expect(findLines([])).toEqual([]);
  });
});

it("cuts at least 28 px, and fills up with the edge", () => {
  const picture = { gray: new Float32Array(100).fill(7), height: 10, width: 10 };
  const piece = cut(picture, { x: 2, y: 2, width: 3, height: 3 });
  expect([piece.height, piece.width]).toEqual([28, 28]);
  expect(piece.gray.every((value) => value === 7)).toBe(true);
});
