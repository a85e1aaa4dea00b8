"""The page in a real browser: draw, upload, paste, point a camera, by mouse and keyboard."""

from __future__ import annotations

import io
import json
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
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

REQUIRED = "INKDIGITS_REQUIRE_BROWSER"  # set where a skipped browser test must fail
NAMES = ("chromium", "chromium-browser", "google-chrome")
DESKTOP, PHONE = (1400, 900), (390, 844)
PATIENCE_MS = 30_000
KEY = "0123456789abcdef-key"
Strokes = list[list[list[float]]]
Theme = Literal["light", "dark"]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = os.environ.get("INKDIGITS_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = "no Chromium on this machine; on Debian: apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, but there is {reason}")
        pytest.skip(reason)
    camera = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    camera.write_bytes(make_camera(Path(__file__).parents[2] / "examples" / "amount.jpg"))
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
    """Ask axe-core for serious and critical problems of accessibility."""
    page.evaluate(AXE_SCRIPT)
    results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {found['nodes'][0]['html'][:120]}"
        for found in results["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def overflows(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_each_digit_is_read_while_it_is_drawn(open_page: OpenPage, recorded: dict[str, Strokes]) -> None:
    page = open_page()
    for label in "0123456789":
        draw(page, recorded[label])
        expect(page.locator("#number")).to_have_text(label)
        expect(page.locator("#digits img")).to_have_count(1)
        expect(page.locator(".bar.best span")).to_have_text(label)
        page.click("#clear")
        expect(page.locator("#digits .digit")).to_have_count(0)


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_the_ink_that_decided_is_shown_on_demand(
    open_page: OpenPage, recorded: dict[str, Strokes], size: tuple[int, int], theme: Theme
) -> None:
    page = open_page(size, theme=theme)
    asked: list[str] = []

    def note(sent: Request) -> None:
        if "/v1/explain" in sent.url:
            asked.append(json.loads(sent.post_data or "")["label"])

    page.on("request", note)
    expect(page.locator("#why")).to_be_hidden()
    draw(page, recorded["1984"], scale=0.5 if size == PHONE else 1.0)
    expect(page.locator("#digits img")).to_have_count(4)
    assert asked == []  # never unless somebody wonders
    why = page.locator("#why")
    expect(why).to_have_text("Why 4?")
    why.focus()
    page.keyboard.press("Enter")
    expect(why).to_have_attribute("aria-expanded", "true")
    text = page.locator("#why-text")
    expect(text).to_have_text(re.compile("speaks most for 4"))
    expect(page.locator("#spoken")).to_have_text(re.compile("speaks most for 4"))
    expect(page.get_by_role("img", name=re.compile("speaks most for 4"))).to_be_visible()
    assert count_colours(page) > 20
    assert find_problems(page) == []
    assert not overflows(page)
    page.locator("#digits .digit").first.click()
    expect(why).to_have_text("Why 1?")
    expect(text).to_have_text(re.compile("for 1"))
    page.locator("#digits .digit").nth(3).click()
    expect(text).to_have_text(re.compile("for 4"))
    assert asked == ["4", "1"]  # what was told once is not asked again
    page.click("#clear")
    expect(page.locator("#why-panel")).to_be_hidden()
    draw(page, recorded["3"], scale=0.5 if size == PHONE else 1.0)
    expect(text).to_have_text(re.compile("for 3"))
    why.click()
    expect(page.locator("#why-panel")).to_be_hidden()


def count_colours(page: Page) -> int:
    """Pixels of the map that are neither white nor grey."""
    return int(
        page.evaluate(
            """() => {
                const { data } = document.getElementById("why-heat").getContext("2d").getImageData(0, 0, 28, 28);
                let count = 0;
                for (let i = 0; i < data.length; i += 4) count += Math.abs(data[i] - data[i + 2]) > 40;
                return count;
            }"""
        )
    )


def test_strokes_can_be_undone_by_buttons_and_keys(open_page: OpenPage, recorded: dict[str, Strokes]) -> None:
    page = open_page()
    draw(page, recorded["1984"])
    number = page.locator("#number")
    expect(number).to_have_text("1984")
    expect(page.locator("#pad-boxes .box")).to_have_count(4)
    expect(page.locator("#spoken")).to_contain_text("1984")
    strokes = len(recorded["1984"])
    for _ in range(strokes):
        page.keyboard.press("Control+z")
    expect(number).to_have_class(re.compile("is-empty"))
    expect(page.locator("#undo")).to_be_disabled()
    for _ in range(strokes):
        page.keyboard.press("Control+Shift+z")
    expect(number).to_have_text("1984")
    page.locator("#ink").focus()
    page.keyboard.press("Delete")
    expect(number).to_have_class(re.compile("is-empty"))
    page.click("#undo")
    expect(number).to_have_text("1984")
    page.click("#draw-boxes")
    expect(page.locator("#pad-boxes")).to_be_hidden()


def test_pictures_are_uploaded_together(open_page: OpenPage, examples: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    page = open_page(expected="415")
    page.click("#tab-upload")
    page.set_input_files("#files", [examples / "amount.jpg", examples / "list.png", tmp_path / "notes.png"])
    number = page.locator("#number")
    expect(number).to_have_text("1250")
    expect(page.locator("#digits img")).to_have_count(4)
    expect(page.locator("#viewer .box:not(.rejected)")).to_have_count(4)
    page.locator("#digits .digit").nth(2).click()
    expect(page.locator(".bar.best span")).to_have_text("5")
    page.locator("#strip button").nth(1).click()
    expect(number).to_have_text(re.compile(r"1984\s+307\s+65\s+4128\s+790"))
    page.locator("#aside summary").click()
    expect(page.locator("#aside-list")).to_contain_text("Ruled line")
    page.locator("#strip button").nth(2).click()
    expect(page.locator("#verdict")).to_contain_text("no picture of a supported kind")
    with page.expect_download() as download:
        page.click("#json")
    saved = json.loads(download.value.path().read_text())
    assert [(item["source"], item["text"].split()[0]) for item in saved] == [
        ("amount.jpg", "1250"),
        ("list.png", "1984"),
    ]
    with page.expect_download() as download:
        page.click("#csv")
    rows = download.value.path().read_text().splitlines()
    assert rows[0] == "source,page,line,text,confidence,x,y,width,height"
    assert len(rows) == 7
    page.click("#remove")
    expect(page.locator("#strip button")).to_have_count(2)


def test_an_example_and_a_document_are_read(open_page: OpenPage, examples: Path, tmp_path: Path) -> None:
    pages = [Image.open(examples / name).convert("L") for name in ("digit.png", "postal-code.png")]
    pages[0].save(tmp_path / "two.tiff", save_all=True, append_images=pages[1:])
    page = open_page()
    page.click("#tab-upload")
    page.click("#samples button >> nth=1")
    expect(page.locator("#number")).to_have_text("3856")
    page.set_input_files("#files", tmp_path / "two.tiff")
    expect(page.locator("#number")).to_have_text(re.compile(r"7\s+90214"))
    expect(page.locator("#page-name")).to_have_text("1 / 2")
    expect(page.locator("#viewer .box")).to_have_count(1)
    page.click("#page-next")
    expect(page.locator("#viewer .box")).to_have_count(5)


def test_a_picture_is_pasted_and_its_number_copied(open_page: OpenPage, digit: bytes) -> None:
    page = open_page()
    page.evaluate(
        """async (bytes) => navigator.clipboard.write(
            [new ClipboardItem({"image/png": new Blob([new Uint8Array(bytes)], {type: "image/png"})})])""",
        list(digit),
    )
    page.keyboard.press("Control+v")
    expect(page.locator("#tab-upload")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#number")).to_have_text("7")
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "7"


def test_a_dropped_picture_is_read(open_page: OpenPage, digit: bytes) -> None:
    page = open_page()
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "seven.png", {type: "image/png"}));
            return transfer;
        }""",
        list(digit),
    )
    page.dispatch_event("#pad", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#drop-veil")).to_be_visible()
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator("#drop-veil")).to_be_hidden()
    expect(page.locator("#number")).to_have_text("7")


def test_the_camera_is_read_live_and_frozen(open_page: OpenPage) -> None:
    page = open_page()
    page.click("#tab-camera")
    page.click("#camera-start")
    expect(page.locator("#number")).to_have_text("1250")
    expect(page.locator("#finder-boxes .box:not(.rejected)")).to_have_count(4)
    page.click("#freeze")
    expect(page.locator("#digits img")).to_have_count(4)
    expect(page.locator("#still")).to_be_visible()
    page.click("#freeze")
    expect(page.locator("#still")).to_be_hidden()
    page.click("#tab-draw")
    assert page.evaluate("document.getElementById('video').srcObject.getTracks()[0].readyState") == "ended"


def test_a_key_is_asked_for_once(
    open_page: OpenPage, serve: Callable[..., Any], recorded: dict[str, Strokes]
) -> None:
    page = open_page(at=serve("--rate", "0", key=KEY).url, expected="401|WebSocket")
    page.fill("#key", "this is not the key")
    page.keyboard.press("Enter")
    expect(page.locator("#key-error")).to_have_text("That key was not accepted.")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    expect(page.locator("#key-dialog")).to_be_hidden()
    draw(page, recorded["5"])
    expect(page.locator("#number")).to_have_text("5")
    page.reload()
    expect(page.locator("body.is-ready")).to_be_visible()
    expect(page.locator("#key-dialog")).to_be_hidden()


def test_the_keyboard_reaches_everything(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("body.is-ready")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#tab-draw")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tab-upload")).to_be_focused()
    expect(page.locator("#upload")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator("#camera")).to_be_visible()
    assert page.url.endswith("#/camera")
    page.keyboard.press("Tab")
    expect(page.locator("#programs-open")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#programs")).to_be_visible()
    expect(page.locator("#programs-code")).to_contain_text("/v1/read")
    page.keyboard.press("Escape")
    expect(page.locator("#programs")).to_be_hidden()


@pytest.mark.parametrize(("size", "theme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_nothing_is_hard_to_reach(
    open_page: OpenPage, recorded: dict[str, Strokes], examples: Path, size: tuple[int, int], theme: Theme
) -> None:
    page = open_page(size, theme=theme)
    draw(page, recorded["7"], scale=0.5 if size == PHONE else 1.0)
    expect(page.locator("#digits img")).to_have_count(1)
    assert find_problems(page) == []
    assert not overflows(page)
    page.click("#tab-upload")
    page.set_input_files("#files", [examples / "list.png", examples / "amount.jpg"])
    expect(page.locator("#number")).to_have_text(re.compile("1984"))
    page.locator("#aside summary").click()
    assert find_problems(page) == []
    assert not overflows(page)
    page.click("#tab-camera")
    assert find_problems(page) == []
    page.click("#theme")
    assert page.evaluate("document.documentElement.dataset.theme") != theme
    for way in ("camera", "upload", "draw"):
        page.click(f"#tab-{way}")
        assert find_problems(page) == []


def test_a_correction_is_found_after_a_restart(
    open_page: OpenPage,
    serve: Callable[..., Any],
    recorded: dict[str, Strokes],
    digit: bytes,
    tmp_path: Path,
) -> None:
    database = str(tmp_path / "corrections.db")
    # Every answer is less sure than 1, so that what nobody judges is queued.
    options = ("--rate", "0", "--corrections", database, "--review-below", "1")
    first = serve(*options)
    page = open_page(at=first.url)
    expect(page.locator("body.is-ready")).to_be_visible()
    draw(page, recorded["7"])
    expect(page.locator("#digits img")).to_have_count(1)
    page.locator("#keys .key").nth(1).click()
    expect(page.locator("#keep-dialog")).to_contain_text("file on this machine")
    page.keyboard.press("Escape")  # no consent: corrected here, stored nowhere
    expect(page.locator("#number")).to_have_text("1")
    expect(page.locator("#judge-note")).to_contain_text("nothing is stored")
    expect(page.locator("#keep")).to_have_attribute("aria-checked", "false")
    assert (
        page.evaluate("fetch('/v1/review?state=all').then((a) => a.json()).then((a) => a.items.length)") == 0
    )
    page.click("#keep")
    page.click("#confirm")  # what now stands there: a 1
    expect(page.locator("#judge-note")).to_have_text("Kept to learn from.")
    page.click("#tab-upload")
    page.set_input_files("#files", {"name": "seven.png", "mimeType": "image/png", "buffer": digit})
    expect(page.locator("#review-count")).to_have_text("1")  # the upload has joined the queue
    assert first.end() in (0, -15)

    page = open_page(at=serve(*options).url)
    page.click("#tab-review")
    expect(page.locator("#number")).to_have_text("7")
    expect(page.locator("#review-viewer .box")).to_have_count(1)
    page.locator("#digits .digit").focus()
    page.keyboard.press("2")  # by keyboard alone
    expect(page.locator("#number")).to_have_text("2")
    page.locator("#confirm").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#review-title")).to_have_text("Nothing to review")
    page.click("#review-judged")
    expect(page.locator("#review-strip .kept span")).to_have_text(["7 → 2", "7 → 1"])
    page.locator("#review-strip .kept").nth(1).click()
    expect(page.locator("#digits b")).to_have_text("1")
    expect(page.locator("#verdict")).to_have_text("Corrected by you.")
    page.click("#key-none")
    expect(page.locator("#review-strip .kept span").nth(1)).to_have_text("7 → –")
    page.click("#forget")
    expect(page.locator("#review-strip .kept")).to_have_count(1)
    page.click("#forget-all")
    page.click("#forget-dialog .danger")
    expect(page.locator("#review-title")).to_have_text("Nothing judged yet")
    expect(page.locator("#forget-all")).to_be_disabled()


def test_an_answer_is_confirmed_with_one_tap(
    open_page: OpenPage, serve: Callable[..., Any], recorded: dict[str, Strokes], tmp_path: Path
) -> None:
    served = serve("--rate", "0", "--corrections", str(tmp_path / "corrections.db"))
    page = open_page(PHONE, at=served.url, theme="dark")
    expect(page.locator("body.is-ready")).to_be_visible()
    page.evaluate("localStorage.setItem('inkdigits-keep', 'on')")
    page.reload()
    expect(page.locator("#keep")).to_have_attribute("aria-checked", "true")
    draw(page, recorded["7"], scale=0.5)
    expect(page.locator("#digits img")).to_have_count(1)
    page.tap("#confirm")
    expect(page.locator("#judge-note")).to_have_text("Kept to learn from.")
    assert find_problems(page) == []
    page.tap("#tab-review")
    page.tap("#review-judged")
    expect(page.locator("#review-strip .kept span")).to_have_text("7")
    assert find_problems(page) == []
    assert not overflows(page)
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.emulate_media(reduced_motion="reduce")  # colours half way between two themes are no one's choice
    page.click("#theme")
    assert find_problems(page) == []
    page.click("#forget-all")
    assert find_problems(page) == []


def test_without_a_place_nothing_is_offered_to_be_kept(
    open_page: OpenPage, recorded: dict[str, Strokes]
) -> None:
    page = open_page()
    expect(page.locator("body.is-ready")).to_be_visible()
    draw(page, recorded["7"])
    expect(page.locator("#digits img")).to_have_count(1)
    for hidden in ("#tab-review", "#judge", "#keep-row"):
        expect(page.locator(hidden)).to_be_hidden()
    page.locator("#keys .key").nth(1).click()  # the answer on the page can be corrected all the same
    expect(page.locator("#number")).to_have_text("1")
    with page.expect_download() as download:
        page.click("#json")
    assert json.loads(download.value.path().read_text())["text"] == "1"
