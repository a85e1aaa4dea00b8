/**
 * Reads many pictures with the app's own code, for `benchmarks/browser_agreement.py`.
 *
 *     node answer.js MODELS FOLDER
 *
 * FOLDER holds pictures.json, a list of [height, width], and pictures.bin, their grey values one after the other;
 * answers.jsonl is written beside them, a line a picture: its text, its digits, and the processor time in ms.
 */
import { appendFileSync, closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { read } from "../src/reader";
import { openFiles } from "./vectors";

const [folderOfModels, folder] = process.argv.slice(2);
const models = await openFiles(folderOfModels);
const sizes = JSON.parse(readFileSync(`${folder}/pictures.json`, "utf-8")) as [number, number][];
const pictures = openSync(`${folder}/pictures.bin`, "r");
writeFileSync(`${folder}/answers.jsonl`, "");
for (const [height, width] of sizes) {
  const gray = { data: new Uint8Array(height * width), height, width };
  readSync(pictures, gray.data);
  const before = process.cpuUsage();
  const reading = await read(gray, models);
  const { user, system } = process.cpuUsage(before);
  appendFileSync(`${folder}/answers.jsonl`, `${JSON.stringify({ ...reading, ms: (user + system) / 1000 })}\n`);
}
closeSync(pictures);
