/** The two models in ONNX Runtime, single-threaded WebAssembly. */
import * as ort from "onnxruntime-web/wasm";
import type { Models, Picture } from "./reader";

export type Bytes = Uint8Array;

/** Open both models; `page` and `glyph` are the files' content. */
export async function openModels(page: Bytes, glyph: Bytes): Promise<Models> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const options: ort.InferenceSession.SessionOptions = { executionProviders: ["wasm"], graphOptimizationLevel: "all" };
  const finder = await ort.InferenceSession.create(page, options);
  const classifier = await ort.InferenceSession.create(glyph, options);
  return {
    async findSigns(picture, step) {
      const feeds = { picture: toTensor(picture), step: new ort.Tensor("float32", [step], [1, 1, 1]) };
      const { signs } = await finder.run(feeds);
      return signs!.data as Float32Array;
    },
    async classify(picture) {
      const { probs, none } = await classifier.run({ picture: toTensor(picture) });
      return { probs: probs!.data as Float32Array, none: Number((none!.data as Float32Array)[0]) };
    },
  };
}

function toTensor(picture: Picture): ort.Tensor {
  return new ort.Tensor("float32", picture.gray, [1, picture.height, picture.width]);
}
