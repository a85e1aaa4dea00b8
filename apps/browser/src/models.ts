/** The reader's three networks in ONNX Runtime, single-threaded WebAssembly: the very files that Python reads with. */
import * as ort from "onnxruntime-web/wasm";
import constants from "./constants.json";
import { decodeBoth, softmax, type Seen } from "./decode";
import type { Ink } from "./ink/arrays";

const SIDE = constants["ink.normalize"].SIZE_PX;
const { REGION_PX } = constants["ink.region"];

/** What a network says about one glyph. */
export interface Opinion {
  /** Which digit it is if it is one. */
  probs: number[];
  /** How probable it is that it is none. */
  none: number;
}

/** Runs the networks; so that the same code reads in a browser, in tests and in benchmarks. */
export interface Models {
  /** Returns digits and marks on a view, best first, boxes in its pixels. */
  findSigns(view: Ink, leastScore: number): Promise<Seen>;
  /** Returns an opinion for each (28, 28) form. */
  classify(forms: Ink[]): Promise<Opinion[]>;
  /** Returns an opinion for each of (N, 2, 40, 40) regions. */
  classifyRegions(regions: Float32Array, count: number): Promise<Opinion[]>;
}

/** The content of the files. */
export interface Files {
  detector: Uint8Array;
  classifier: Uint8Array;
  regions: Uint8Array;
}

/** Open the networks; the detector, which clear digits don't need, when it is asked for. */
export async function openModels(files: Files): Promise<Models> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const options: ort.InferenceSession.SessionOptions = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  const open = (file: Uint8Array): Promise<ort.InferenceSession> => ort.InferenceSession.create(file, options);
  const classifier = await open(files.classifier);
  const regions = await open(files.regions);
  let detector: Promise<ort.InferenceSession> | undefined;
  return {
    async findSigns(view, leastScore) {
      detector ??= open(files.detector);
      const signs = await run(await detector, view.data, [1, 1, view.height, view.width]);
      return decodeBoth(signs, view.width / 4, view.height / 4, leastScore);
    },
    async classify(forms) {
      if (!forms.length) return [];
      return toOpinions(await run(classifier, stack(forms), [forms.length, SIDE, SIDE]), constants.temperatures.classifier);
    },
    async classifyRegions(ink, count) {
      return toOpinions(await run(regions, ink, [count, 2, REGION_PX, REGION_PX]), constants.temperatures.regions);
    },
  };
}

function stack(forms: Ink[]): Float32Array {
  const ink = new Float32Array(forms.length * SIDE * SIDE);
  forms.forEach((form, i) => ink.set(form.data, i * SIDE * SIDE));
  return ink;
}

async function run(session: ort.InferenceSession, data: Float32Array, dims: number[]): Promise<Float32Array> {
  const answer = await session.run({ [session.inputNames[0]]: new ort.Tensor("float32", data, dims) });
  return answer[session.outputNames[0]].data as Float32Array;
}

/** Calibrate logits; that of "none" comes last. */
function toOpinions(logits: Float32Array, temperature: number): Opinion[] {
  const count = constants.labels.length + 1;
  return Array.from({ length: logits.length / count }, (_, row) => {
    const own = Array.from(logits.subarray(row * count, (row + 1) * count), (logit) => logit / temperature);
    return { probs: softmax(own.slice(0, -1)), none: softmax(own)[count - 1] };
  });
}
