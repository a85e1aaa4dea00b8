/** What `make_models.py` leaves for tests and benchmarks. */
import { readFileSync } from "node:fs";
import type { Gray } from "../src/ink/arrays";
import { openModels, type Models } from "../src/models";

export interface Vector {
  name: string;
  height: number;
  width: number;
  gray: string;
  text: string;
  digits: { label: string; confidence: number; box: [number, number, number, number] }[];
}

export function toGray(vector: Pick<Vector, "gray" | "height" | "width">): Gray {
  return { data: new Uint8Array(Buffer.from(vector.gray, "base64")), height: vector.height, width: vector.width };
}

export function openFiles(folder = "public/models"): Promise<Models> {
  const file = (name: string): Uint8Array => readFileSync(`${folder}/${name}.onnx`);
  return openModels({
    detector: file("detector"),
    classifier: file("classifier"),
    regions: file("regions"),
  });
}
