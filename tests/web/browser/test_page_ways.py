"""The page in a real browser: draw, upload, paste, point a camera, by mouse and keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect

from browsing import DESKTOP, PHONE, OpenPage, Strokes, Theme, draw, find_problems, overflows

KEY = "0123456789abcdef-key"


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


@pytest.mark.parametrize("kind", ["tiff", "pdf"])
def test_an_example_and_a_document_are_read(
    open_page: OpenPage, examples: Path, tmp_path: Path, kind: str
) -> None:
    pages = [Image.open(examples / name).convert("L") for name in ("digit.png", "postal-code.png")]
    pages[0].save(tmp_path / f"two.{kind}", save_all=True, append_images=pages[1:])
    page = open_page()
    page.click("#tab-upload")
    page.click("#samples button >> nth=1")
    expect(page.locator("#number")).to_have_text("3856")
    page.set_input_files("#files", tmp_path / f"two.{kind}")
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
