// The live connection: one question at a time, and of those that wait only the newest is kept.

import { getKey } from "./api.js";

const PROTOCOL = "inkdigits.v1";
const LONGEST_PAUSE_MS = 8000;

function encodeKey(key) {
  const bytes = new TextEncoder().encode(key);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export class Live {
  // onReading({seq, reading, ms, dropped}), onProblem({detail, remedy}), onState("open" | "closed"); options of frames
  constructor({ onReading, onProblem, onState = () => {}, options = null }) {
    this.onReading = onReading;
    this.onProblem = onProblem;
    this.onState = onState;
    this.socket = null;
    this.seq = 0;
    this.asked = null;
    this.waiting = null;
    this.failures = 0;
    this.isWanted = false;
    this.options = options;
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  open() {
    this.isWanted = true;
    if (this.socket) return;
    const key = getKey();
    const protocols = key ? [PROTOCOL, `inkdigits.key.${encodeKey(key)}`] : [PROTOCOL];
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/v1/live`, protocols);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.failures = 0;
      this.asked = null;
      if (this.options) socket.send(JSON.stringify({ type: "options", ...this.options }));
      this.onState("open");
      this.flush();
    });
    socket.addEventListener("message", (event) => this.take(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.lose(socket));
  }

  close() {
    this.isWanted = false;
    this.waiting = null;
    this.socket?.close();
  }

  lose(socket) {
    if (this.socket !== socket) return;
    this.socket = null;
    this.asked = null;
    this.failures += 1;
    this.onState("closed");
    if (!this.isWanted) return;
    setTimeout(() => this.isWanted && this.open(), Math.min(LONGEST_PAUSE_MS, 250 * 2 ** this.failures));
  }

  // Options for the frames to come.
  setOptions(options) {
    this.options = options;
    if (this.isOpen) this.socket.send(JSON.stringify({ type: "options", ...options }));
  }

  // message: an object for strokes, or a Blob for a frame; returns its number.
  ask(message) {
    this.seq += 1;
    this.waiting = { seq: this.seq, message };
    this.flush();
    return this.seq;
  }

  get isBusy() {
    return this.asked !== null || this.waiting !== null;
  }

  async flush() {
    if (!this.isOpen || this.asked !== null || this.waiting === null) return;
    const { seq, message } = this.waiting;
    this.waiting = null;
    this.asked = seq;
    if (message instanceof Blob) {
      const head = new DataView(new ArrayBuffer(4));
      head.setUint32(0, seq);
      const data = await new Blob([head.buffer, message]).arrayBuffer();
      if (this.isOpen) this.socket.send(data);
    } else {
      this.socket.send(JSON.stringify({ type: "strokes", seq, ...message }));
    }
  }

  take(answer) {
    if (answer.seq === null || answer.seq === this.asked) this.asked = null;
    if (answer.type === "reading") this.onReading(answer);
    else this.onProblem(answer.problem, answer.seq);
    this.flush();
  }
}

