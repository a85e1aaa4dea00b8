/** The page: draw, upload, camera. Nothing leaves the device. */
import * as ort from "onnxruntime-web/wasm";
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import { openModels } from "./models";
import { read, type Models, type Picture, type Reading } from "./reader";
import "./style.css";

const MOST_PX = 480;
const canvas = byId<HTMLCanvasElement>("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true })!;
const answer = byId("answer");
const details = byId("details");
const status = byId("status");
const video = byId<HTMLVideoElement>("video");
let models: Models | undefined;
let isReading = false;
let isWaiting = false;
let hasDrawn = false;

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function clear(): void {
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  hasDrawn = false;
  show({ text: "", digits: [] }, 0);
}

function show(reading: Reading, tookMs: number): void {
  answer.textContent = reading.text || "–";
  details.replaceChildren(
    ...reading.digits.map((digit) => {
      const item = document.createElement("li");
      item.textContent = `${digit.label}: ${(100 * digit.confidence).toFixed(0)} %`;
      return item;
    }),
  );
  document.body.dataset.text = reading.text;
  document.body.dataset.ms = tookMs.toFixed(0);
  if (models) status.textContent = tookMs ? `Read in ${tookMs.toFixed(0)} ms, on this device.` : "Ready.";
}

function grab(source: CanvasImageSource, width: number, height: number): Picture {
  const scale = Math.min(1, MOST_PX / Math.max(width, height));
  const small = document.createElement("canvas");
  small.width = Math.max(28, Math.round(width * scale));
  small.height = Math.max(28, Math.round(height * scale));
  const context = small.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, small.width, small.height);
  context.drawImage(source, 0, 0, small.width, small.height);
  const rgba = context.getImageData(0, 0, small.width, small.height).data;
  const gray = new Float32Array(small.width * small.height);
  for (let i = 0; i < gray.length; i++) {
    gray[i] = 0.299 * rgba[4 * i]! + 0.587 * rgba[4 * i + 1]! + 0.114 * rgba[4 * i + 2]!;
  }
  return { gray, height: small.height, width: small.width };
}

/** Read what stands on the canvas; while one reading runs, only the newest drawing waits. */
async function readCanvas(): Promise<void> {
  if (!models || !hasDrawn) return;
  if (isReading) {
    isWaiting = true;
    return;
  }
  isReading = true;
  do {
    isWaiting = false;
    const start = performance.now();
    show(await read(grab(canvas, canvas.width, canvas.height), models), performance.now() - start);
    await new Promise(requestAnimationFrame);
  } while (isWaiting);
  isReading = false;
}

function place(source: CanvasImageSource, width: number, height: number): void {
  clear();
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const [w, h] = [width * scale, height * scale];
  pen.drawImage(source, (canvas.width - w) / 2, (canvas.height - h) / 2, w, h);
  hasDrawn = true;
  void readCanvas();
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
    if (last) void readCanvas();
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
  hasDrawn = true;
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

async function start(): Promise<void> {
  clear();
  listenToPen();
  byId("clear").addEventListener("click", clear);
  byId("camera").addEventListener("click", () => void toggleCamera());
  byId<HTMLInputElement>("file").addEventListener("change", (event) => {
    const input = event.target as HTMLInputElement;
    void upload(input.files?.[0]).finally(() => (input.value = ""));
  });
  if ("serviceWorker" in navigator && import.meta.env.PROD) void navigator.serviceWorker.register("./sw.js");
  ort.env.wasm.wasmPaths = { wasm: wasmUrl };
  const [page, glyph] = await Promise.all(["page", "glyph"].map(load));
  models = await openModels(page!, glyph!);
  status.textContent = "Ready.";
  document.body.dataset.ready = "yes";
  void readCanvas();
}

async function load(name: string): Promise<Uint8Array> {
  const answer = await fetch(`./models/${name}.onnx`);
  if (!answer.ok) throw new Error(`models/${name}.onnx: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

start().catch((error: unknown) => {
  status.textContent = `The models can't be loaded (${String(error)}). Load the page again.`;
});
