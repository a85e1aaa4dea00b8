// Calls of the service: the key, problems in one sentence, waiting when it is busy.

import { $, toast } from "./dom.js";
import { t } from "./texts.js";

const KEY = "inkdigits-key";
const MOST_TRIES = 4;
const LONGEST_WAIT_S = 8;

export class Problem extends Error {
  constructor(detail, remedy = "", status = 0) {
    super(detail);
    this.remedy = remedy;
    this.status = status;
  }
}

export function getKey() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

function keepKey(key) {
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // without storage the key is asked for again after a reload
  }
}

let asking = null;

// Asks for the key once, however many calls need it.
export function askForKey(wasWrong) {
  asking ??= new Promise((resolve) => {
    const dialog = $("key-dialog");
    $("key-error").textContent = wasWrong ? t("key.wrong") : "";
    $("key").value = "";
    dialog.addEventListener(
      "close",
      () => {
        asking = null;
        keepKey($("key").value.trim());
        resolve();
      },
      { once: true },
    );
    dialog.showModal();
  });
  return asking;
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

export async function call(path, { method = "GET", body, json, signal } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    const headers = {};
    const key = getKey();
    if (key) headers.Authorization = `Bearer ${key}`;
    if (json !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(path, {
        method,
        headers,
        body: json === undefined ? body : JSON.stringify(json),
        signal,
        credentials: "omit",
      });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem(t("problem.offline"));
    }
    if (response.ok) return response;
    if (response.status === 401) {
      await askForKey(Boolean(key));
      continue;
    }
    if (response.status === 429 && attempt < MOST_TRIES) {
      if (attempt > 1) toast(t("problem.busy"));
      await pause(Math.min(LONGEST_WAIT_S, Number(response.headers.get("Retry-After")) || 1));
      continue;
    }
    throw await explain(response);
  }
}

async function explain(response) {
  try {
    const problem = await response.json();
    return new Problem(problem.detail, problem.remedy, response.status);
  } catch {
    return new Problem(t("problem.offline"), "", response.status);
  }
}

// Reads one picture; returns the reading and how long the service took.
export async function readPicture(blob, { name = "", forms = true, pages = false, signal } = {}) {
  const form = new FormData();
  form.append("file", blob, name || "picture");
  const response = await call(`/v1/read?forms=${forms}&pages=${pages}`, { method: "POST", body: form, signal });
  return { reading: await response.json(), ms: findDuration(response) };
}

export async function readStrokes(strokes, { signal } = {}) {
  const response = await call("/v1/strokes", { method: "POST", json: strokes, signal });
  return { reading: await response.json(), ms: findDuration(response) };
}

// Which ink of a form speaks for a label.
export async function explainForm(form, label, { signal } = {}) {
  const response = await call("/v1/explain", { method: "POST", json: { form, label }, signal });
  return response.json();
}

function findDuration(response) {
  const match = /dur=([\d.]+)/.exec(response.headers.get("Server-Timing") ?? "");
  return match ? Number(match[1]) : null;
}
