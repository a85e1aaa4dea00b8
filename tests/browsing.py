"""The page in a real browser: how it is opened and watched, what hands do on it, what is asked of it."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

REQUIRED = "INKDIGITS_REQUIRE_BROWSER"  # set where a skipped browser test must fail
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1400, 900), (390, 844)
PATIENCE_MS = 30_000
SETTLE = """async () => {
  const moving = () => document.getAnimations().filter(one => one instanceof CSSTransition);
  while (moving().length) await Promise.allSettled(moving().map(one => one.finished));
}"""
Strokes = list[list[list[float]]]
Theme = Literal["light", "dark"]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")  # Playwright holds this thread's event loop until the browser is closed
def browser(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = os.environ.get("INKDIGITS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "no Chromium on this machine; on Debian: apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, but there is {reason}")
        pytest.skip(reason)
    camera = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    camera.write_bytes(make_camera(Path(__file__).parents[1] / "examples" / "amount.jpg"))
    options = (
        "no-sandbox", "disable-gpu", "disable-background-networking", "no-first-run", "disable-sync",
        "use-fake-device-for-media-stream", "use-fake-ui-for-media-stream",
        f"use-file-for-fake-video-capture={camera}",
    )  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[f"--{option}" for option in options])
        yield browser
        browser.close()


def make_camera(picture: Path) -> bytes:
    """A stream of ten frames that show a sheet with a number."""
    frame = Image.new("RGB", (640, 480), (120, 116, 110))
    frame.paste(Image.open(picture).convert("RGB").resize((600, 338)), (20, 70))
    stream = io.BytesIO()
    frame.save(stream, "JPEG", quality=90)
    return stream.getvalue() * 10


@pytest.fixture(scope="module")
def url(serve: Callable[..., Any]) -> str:
    return str(serve("--rate", "0").url)


class Watched:
    """A page of which everything that goes wrong is written down."""

    def __init__(self, context: BrowserContext) -> None:
        self.page = context.new_page()
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(text)


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[OpenPage]:
    """Open the page; in the end no error was logged and no other host was asked."""
    opened: list[tuple[Watched, str, str]] = []

    def start(
        size: tuple[int, int] = DESKTOP, *, at: str = url, expected: str = "", theme: Theme = "light"
    ) -> Page:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            has_touch=size == PHONE,
            is_mobile=size == PHONE,
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE_MS)
        watched = Watched(context)
        opened.append((watched, at, expected))
        watched.page.goto(at)
        return watched.page

    yield start
    for watched, at, expected in opened:
        own = urlsplit(at).netloc
        watched.page.context.close()
        assert watched.hosts - {""} == {own}
        assert [text for text in watched.errors if not (expected and re.search(expected, text))] == []


def draw(page: Page, strokes: Strokes, *, scale: float = 1.0) -> None:
    box = page.locator("#ink").bounding_box()
    assert box is not None
    for stroke in strokes:
        points = [(box["x"] + x * scale, box["y"] + y * scale) for x, y, _ in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in [*points[3:-1:3], points[-1]]:
            page.mouse.move(*point)
        page.mouse.up()


def find_problems(page: Page) -> list[str]:
    """Ask axe-core for violations of WCAG 2.2 AA, and for serious ones of what is merely good practice.

    Colours are judged when they have arrived: halfway from one theme to the other any button is hard to read.
    """
    page.evaluate(SETTLE)
    page.evaluate(AXE_SCRIPT)
    # The size of targets, new in 2.2, is off unless asked for.
    results = page.evaluate("axe.run(document, {rules: {'target-size': {enabled: true}}})")
    assert len(results["passes"]) > 15  # it has really looked
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:120]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical") or any(tag.startswith("wcag") for tag in found["tags"])
    ]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))
