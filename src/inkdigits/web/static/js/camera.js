// Camera: live boxes over the picture, and a frozen frame that is read once more at full size.

import { readPicture } from "./api.js";
import { $, pressable } from "./dom.js";
import { encodePicture, makeId } from "./keeping.js";
import { Live } from "./live.js";
import { Overlay } from "./overlay.js";
import { t } from "./texts.js";

const LIVE_PX = 640; // longer side of a live frame: 40 KB, and digits of 1/20 of it can be read
const LIVE_QUALITY = 0.75;
const STILL_QUALITY = 0.92;
const LEAST_PAUSE_MS = 60;
const MEAN_OVER = 0.15;

export function startCamera(answer) {
  const video = $("video");
  const overlay = new Overlay($("finder-boxes"));
  const frame = document.createElement("canvas");
  let stream = null;
  let facing = "environment";
  let isFrozen = false;
  let isShown = false;
  let timer = 0;
  let rate = 0;
  let lastMs = 0;

  const live = new Live({
    options: { forms: true },
    onReading: ({ reading, ms }) => {
      if (!stream || isFrozen) return;
      const now = performance.now();
      if (lastMs) rate += MEAN_OVER * (1000 / (now - lastMs) - rate);
      lastMs = now;
      $("camera-note").textContent = rate > 0.5 ? t("camera.fps", { fps: Math.round(rate) }) : "";
      overlay.show(reading, 0);
      answer.show("camera", { items: [{ name: "camera", reading, isFinal: false }], ms });
    },
    onProblem: (problem) => answer.fail("camera", problem),
  });

  function grab(mostPx) {
    const scale = Math.min(1, mostPx / Math.max(video.videoWidth, video.videoHeight));
    frame.width = Math.round(video.videoWidth * scale);
    frame.height = Math.round(video.videoHeight * scale);
    frame.getContext("2d").drawImage(video, 0, 0, frame.width, frame.height);
  }

  const toBlob = (quality) => new Promise((resolve) => frame.toBlob(resolve, "image/jpeg", quality));

  async function send() {
    clearTimeout(timer);
    if (!stream || isFrozen || !isShown) return;
    if (live.isOpen && !live.isBusy && video.videoWidth > 0 && !document.hidden) {
      grab(LIVE_PX);
      const blob = await toBlob(LIVE_QUALITY);
      if (blob && stream && !isFrozen) live.ask(blob);
    }
    timer = setTimeout(send, LEAST_PAUSE_MS);
  }

  async function start() {
    if (!navigator.mediaDevices?.getUserMedia) {
      fail("camera.insecure");
      return;
    }
    stop();
    $("camera-start").disabled = true;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 720 } },
        audio: false,
      });
    } catch (error) {
      fail({ NotAllowedError: "camera.denied", NotFoundError: "camera.missing" }[error.name] ?? "camera.failed");
      return;
    } finally {
      $("camera-start").disabled = false;
    }
    video.srcObject = stream;
    stream.getVideoTracks()[0].addEventListener("ended", stop);
    await video.play();
    $("finder-fit").style.setProperty("--ratio", video.videoWidth / video.videoHeight);
    showRunning(true);
    $("freeze").focus({ preventScroll: true });
    const devices = await navigator.mediaDevices.enumerateDevices();
    $("camera-switch").hidden = devices.filter((device) => device.kind === "videoinput").length < 2;
    live.open();
    send();
  }

  function stop() {
    clearTimeout(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    lastMs = rate = 0;
    live.close();
    overlay.clear();
    resume();
    showRunning(false);
    answer.clear("camera");
  }

  function fail(key) {
    stop();
    $("camera-sub").textContent = t(key);
    answer.fail("camera", { detail: t(key) });
  }

  function showRunning(isRunning) {
    $("camera-empty").hidden = isRunning;
    $("finder").hidden = !isRunning;
    $("camera-tools").hidden = !isRunning;
    $("camera-note").textContent = "";
  }

  async function freeze() {
    isFrozen = true;
    renderFreeze();
    grab(Infinity);
    const still = $("still");
    still.width = frame.width;
    still.height = frame.height;
    still.getContext("2d").drawImage(frame, 0, 0);
    still.hidden = false;
    answer.wait("camera");
    try {
      const { reading, ms } = await readPicture(await toBlob(STILL_QUALITY), { name: "camera.jpg" });
      if (!isFrozen) return;
      overlay.show(reading, 0);
      const getPicture = () => encodePicture(still, still.width, still.height);
      answer.show("camera", { items: [{ id: makeId(), name: "camera", reading, isFinal: true, getPicture }], ms });
    } catch (problem) {
      answer.fail("camera", { detail: problem.message, remedy: problem.remedy });
    }
  }

  function resume() {
    isFrozen = false;
    $("still").hidden = true;
    renderFreeze();
  }

  function renderFreeze() {
    $("freeze").querySelector("span").textContent = t(isFrozen ? "camera.resume" : "camera.freeze");
    $("freeze").querySelector("use").setAttribute("href", isFrozen ? "#i-play" : "#i-freeze");
    $("camera-note").textContent = "";
  }

  $("camera-start").addEventListener("click", start);
  $("camera-stop").addEventListener("click", () => {
    stop();
    $("camera-start").focus();
  });
  $("camera-switch").addEventListener("click", () => {
    facing = facing === "environment" ? "user" : "environment";
    start();
  });
  $("freeze").addEventListener("click", () => {
    if (isFrozen) {
      resume();
      send();
    } else {
      freeze();
    }
  });
  pressable($("camera-boxes"), true, (isOn) => overlay.setShown(isOn));
  renderFreeze();

  return {
    enter: () => {
      isShown = true;
      if (stream) {
        live.open();
        send();
      }
    },
    leave: () => {
      isShown = false;
      if (stream) stop(); // a camera that nobody looks at must not run
    },
    pick: (index) => overlay.pick(index),
    relabel: (digits, labels) => overlay.relabel(digits, labels),
    pickAside: (reason) => overlay.pickAside(reason),
    showAsides: (areShown) => overlay.showAsides(areShown),
  };
}
