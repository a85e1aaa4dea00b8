/** The page: draw, upload, camera. Nothing leaves the device. */
import * as ort from "onnxruntime-web/wasm";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { makeBytes, type Gray } from "./ink/arrays";
import { openModels, type Models } from "./models";
import { read, type Reading } from "./reader";
import "./style.css";

/** Longer side of what is read of a drawing: its digits are larger than most on pages, and time goes with the area. */
const PAD_PX = 200;
/** And of a picture: larger ones are reduced. */
const MOST_PX = 1600;
const canvas = byId<HTMLCanvasElement>("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true })!;
const answer = byId("answer");
const details = byId("details");
const status = byId("status");
const video = byId<HTMLVideoElement>("video");
/** After so many readings the browser has compiled what is run most. */
const WARM_UPS = 10;
/** Digits less sure than this are marked; the service's page takes the same. */
const UNSURE = 0.9;
let models: Models | undefined;
let waiting: Gray | undefined;
let isReading = false;
let hasDrawn = false;

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function clear(): void {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  setDrawn(false);
  show({ text: "", digits: [], marks: [] }, 0);
}

function setDrawn(value: boolean): void {
  hasDrawn = value;
  document.body.dataset.drawn = value ? "yes" : "no";
}

function show(reading: Reading, tookMs: number): void {
  answer.textContent = reading.text || "–";
  details.replaceChildren(
    ...reading.digits.map((digit) => {
      const item = document.createElement("li");
      item.textContent = `${digit.label}: ${Math.min(99, Math.round(100 * digit.confidence))} %`; // none is certain
      item.classList.toggle("unsure", digit.confidence < UNSURE);
      return item;
    }),
  );
  document.body.dataset.text = reading.text;
  document.body.dataset.ms = tookMs.toFixed(0);
  if (models) status.textContent = tookMs ? `Read in ${tookMs.toFixed(0)} ms, on this device.` : "Ready.";
}

/** Take the grey values of a picture, as Pillow's "L" does: ITU-R BT.601 in whole numbers. */
function grab(source: CanvasImageSource, width: number, height: number, most: number): Gray {
  const scale = Math.min(1, most / Math.max(width, height));
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(width * scale));
  small.height = Math.max(1, Math.round(height * scale));
  const context = small.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, small.width, small.height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, small.width, small.height);
  const rgba = context.getImageData(0, 0, small.width, small.height).data;
  const gray = makeBytes(small.width, small.height);
  for (let i = 0, at = 0; i < gray.data.length; i++, at += 4) {
    gray.data[i] = (19595 * rgba[at] + 38470 * rgba[at + 1] + 7471 * rgba[at + 2] + 0x8000) >> 16;
  }
  return gray;
}

/** Read a picture; while one is read, only the newest waits. */
async function readNext(gray: Gray): Promise<void> {
  waiting = gray;
  if (!models || isReading) return;
  isReading = true;
  try {
    while (waiting) {
      const next: Gray = waiting;
      waiting = undefined;
      const start = performance.now();
      const reading = await read(next, models);
      show(reading, performance.now() - start);
      await new Promise(requestAnimationFrame);
    }
  } finally {
    isReading = false;
  }
}

function readDrawing(): void {
  if (hasDrawn) void readNext(grab(canvas, canvas.width, canvas.height, PAD_PX));
}

/** Show a picture where one draws, and read it in its own size. */
function place(source: CanvasImageSource, width: number, height: number): void {
  clear();
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const [w, h] = [width * scale, height * scale];
  pen.drawImage(source, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
  setDrawn(true);
  void readNext(grab(source, width, height, MOST_PX));
}

function listenToPen(): void {
  let last: [number, number] | undefined;
  const at = (event: PointerEvent): [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    draw(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = at(event);
    draw(last, next);
    last = next;
  });
  const end = (): void => {
    if (last) readDrawing();
    last = undefined;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
}

function draw(from: [number, number], to: [number, number]): void {
  pen.strokeStyle = "#111";
  pen.lineWidth = 9;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
  if (!hasDrawn) setDrawn(true);
}

async function toggleCamera(): Promise<void> {
  if (video.srcObject instanceof MediaStream) {
    place(video, video.videoWidth, video.videoHeight);
    video.srcObject.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    video.hidden = true;
    byId("camera").textContent = "Camera";
    return;
  }
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    status.textContent = "The camera can't be used. Allow it in the browser's settings, or upload a picture.";
    return;
  }
  video.hidden = false;
  await video.play();
  byId("camera").textContent = "Take";
}

async function upload(file: File | undefined): Promise<void> {
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file);
    place(bitmap, bitmap.width, bitmap.height);
  } catch {
    status.textContent = "This file is no picture that the browser can open. Choose a PNG or JPEG.";
  }
}

/** Browsers that can install the page say so in an event of their own, which no standard names yet. */
function offerInstall(): void {
  const button = byId("install");
  let question: (Event & { prompt?: () => Promise<unknown> }) | undefined;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    question = event;
    button.hidden = false;
  });
  button.addEventListener("click", () => void question?.prompt?.());
  addEventListener("appinstalled", () => (button.hidden = true));
}

async function start(): Promise<void> {
  clear();
  listenToPen();
  offerInstall();
  byId("clear").addEventListener("click", clear);
  byId("camera").addEventListener("click", () => void toggleCamera());
  byId<HTMLInputElement>("file").addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    void upload(input.files?.[0]).finally(() => (input.value = ""));
  });
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("./sw.js");
  ort.env.wasm.wasmPaths = { wasm: wasmUrl };
  const names = ["detector", "classifier", "regions"];
  const [detector, classifier, regions] = await Promise.all(names.map(load));
  models = await openModels({ detector, classifier, regions });
  status.textContent = "Ready.";
  document.body.dataset.ready = "yes";
  if (waiting) await readNext(waiting);
  else await warmUp(models);
  document.body.dataset.warm = "yes";
}

/** Read a 7 that nobody drew, so that the first drawing finds everything compiled. */
async function warmUp(opened: Models): Promise<void> {
  const gray = makeBytes(PAD_PX, Math.round((PAD_PX * canvas.height) / canvas.width));
  gray.data.fill(255);
  for (let y = 40; y < 120; y++) {
    const right = y < 46 ? 140 : Math.round(140 - 0.4 * (y - 46));
    gray.data.fill(17, y * gray.width + (y < 46 ? 90 : right - 6), y * gray.width + right);
  }
  for (let turn = 0; turn < WARM_UPS && !hasDrawn; turn++) {
    await read(gray, opened);
    await new Promise((resume) => setTimeout(resume));
  }
}

async function load(name: string): Promise<Uint8Array> {
  const answer = await fetch(`./models/${name}.onnx`);
  if (!answer.ok) throw new Error(`models/${name}.onnx: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

start().catch((error: unknown) => {
  status.textContent = `The models can't be loaded (${String(error)}). Load the page again.`;
});
