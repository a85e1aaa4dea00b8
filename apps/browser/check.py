"""Opens the built app in a headless browser: loads it once, cuts the network, and reads.

    python apps/browser/check.py [--screenshot FILE]

Needs playwright and a Chromium (CHROMIUM names it, else the one of playwright or /usr/bin/chromium). Reads each
vector of tests/vectors.json through the page's own upload, draws one digit with the mouse, and checks what browsers
ask of an app that can be installed: manifest, icons, service worker, start page without a network.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from playwright.sync_api import BrowserContext, Page, sync_playwright

APP = Path(__file__).parent
FILES = APP / "dist"
MOST_BYTES = 6_000_000
SEVEN = [(150, 80), (300, 80), (260, 150), (220, 250)]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the built files without a word."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401
        """Say nothing."""


def main() -> int:
    """Run all checks; 0 if they pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screenshot", type=Path)
    arguments = parser.parse_args()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(FILES))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    failures: list[str] = check_size()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 800, "height": 900})
        page = context.new_page()
        failures += check_app(page, context, f"http://127.0.0.1:{server.server_port}/", server)
        if arguments.screenshot:
            page.screenshot(path=arguments.screenshot)
        browser.close()
    for failure in failures:
        print(f"FAILED: {failure}")
    return 1 if failures else 0


def find_chromium() -> str | None:
    """Return the browser's path, or None for playwright's own."""
    named = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return named if Path(named).exists() else None


def check_size() -> list[str]:
    """Check how much a first visit downloads, the WebAssembly runtime left out."""
    files = [path for path in FILES.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files if path.suffix != ".wasm")
    runtime = sum(path.stat().st_size for path in files if path.suffix == ".wasm")
    print(f"Download: {size / 1e6:.2f} MB, and {runtime / 1e6:.2f} MB of WebAssembly runtime, uncompressed.")
    return [f"the download is {size} bytes"] if size > MOST_BYTES else []


def check_app(
    page: Page, context: BrowserContext, address: str, server: http.server.ThreadingHTTPServer
) -> list[str]:
    """Load, cut the network, load again, and read."""
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(f"error on the page: {error}"))
    page.goto(address)
    page.wait_for_selector("body[data-ready=yes]", timeout=120_000)
    failures += check_install(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    server.shutdown()
    server.server_close()
    context.set_offline(True)
    start_s = time.perf_counter()
    page.reload()
    page.wait_for_selector("body[data-ready=yes]", timeout=120_000)
    print(f"Loaded again without a network in {time.perf_counter() - start_s:.2f} s.")
    vectors = json.loads((APP / "tests" / "vectors.json").read_text("utf-8"))
    times = []
    for vector in vectors:
        text, took_ms = upload(page, vector)
        times.append(took_ms)
        if text != vector["text"]:
            failures.append(f"{vector['name']}: {text!r} instead of {vector['text']!r}")
    print(
        f"{len(vectors)} pictures; a reading takes {np.median(times):.0f} ms (median), {max(times):.0f} at most."
    )
    text = draw(page)
    if text != "7":
        failures.append(f"a drawn 7 was read as {text!r}")
    return failures


def check_install(page: Page) -> list[str]:
    """Check what makes a page an app: manifest with name, start, icons; a service worker."""
    manifest = page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then((answer) => answer.json())"
    )
    missing = [
        f"the manifest has no {key}"
        for key in ("name", "start_url", "display", "icons")
        if not manifest.get(key)
    ]
    for icon in manifest["icons"]:
        if not page.evaluate("(src) => fetch(src).then((answer) => answer.ok)", icon["src"]):
            missing.append(f"the icon {icon['src']} is missing")
    if not page.evaluate("navigator.serviceWorker.getRegistration().then((found) => !!found)"):
        missing.append("no service worker is registered")
    return missing


def upload(page: Page, vector: dict[str, Any]) -> tuple[str, float]:
    """Give a picture to the page's own upload, and wait for its answer."""
    gray = np.frombuffer(base64.b64decode(vector["gray"]), np.uint8).reshape(
        vector["height"], vector["width"]
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        cv2.imwrite(str(path), gray)
        page.evaluate("document.body.dataset.ms = '0'")
        page.set_input_files("#file", str(path))
        page.wait_for_selector("body:not([data-ms='0'])", timeout=120_000)
    return answer(page)


def draw(page: Page) -> str:
    """Draw a 7 with the mouse."""
    page.click("#clear")
    box = page.locator("#canvas").bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"] / 480, box["y"] + y * box["height"] / 320) for x, y in SEVEN]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=12)
    page.mouse.up()
    page.wait_for_selector("body:not([data-ms='0'])", timeout=120_000)
    return answer(page)[0]


def answer(page: Page) -> tuple[str, float]:
    """Return the text and the milliseconds that the page tells."""
    text: str = page.evaluate("document.body.dataset.text")
    return text, float(page.evaluate("document.body.dataset.ms"))


if __name__ == "__main__":
    sys.exit(main())
