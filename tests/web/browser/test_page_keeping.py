"""Confirming, correcting and reviewing answers in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Locator, expect

from browsing import DESKTOP, PHONE, OpenPage, Strokes, draw, find_problems, overflows

SLOW_JUDGEMENTS = """() => {
    const ask = window.fetch;
    window.fetch = async (path, options) => {
        if (options?.method === "POST") await new Promise((resolve) => setTimeout(resolve, 800));
        return ask(path, options);
    };
}"""


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
    page.evaluate(SLOW_JUDGEMENTS)
    page.keyboard.press("Enter")
    page.click("#review-judged")  # before the judgement has arrived
    expect(page.locator("#review-strip .kept span")).to_have_text(["7 → 2", "7 → 1"])
    page.locator("#review-strip .kept").nth(1).click()
    expect(page.locator("#digits b")).to_have_text("1")
    expect(page.locator("#verdict")).to_have_text("Corrected by you.")
    page.click("#review-open")
    expect(page.locator("#review-empty")).to_be_visible()
    expect(page.locator("#review-title")).to_have_text("Nothing to review")
    page.click("#review-judged")
    page.locator("#review-strip .kept").nth(1).click()
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
    for hidden in ("#tab-review", "#confirm", "#keep-row"):
        expect(page.locator(hidden)).to_be_hidden()
    page.locator("#keys .key").nth(1).click()  # the answer on the page can be corrected all the same
    expect(page.locator("#number")).to_have_text("1")
    with page.expect_download() as download:
        page.click("#json")
    assert json.loads(download.value.path().read_text())["text"] == "1"


def wait_for_place(locator: Locator) -> FloatRect:
    """Return where something stands once it has stood there for a third of a second."""
    place = locator.bounding_box()
    for _ in range(30):
        locator.page.wait_for_timeout(300)
        place, last = locator.bounding_box(), place
        if place is not None and place == last:
            return place
    raise AssertionError(f"it moves on and on: {place}")


def test_the_bars_stand_still_and_all_fits_on_one_screen(
    open_page: OpenPage, serve: Callable[..., Any], recorded: dict[str, Strokes], tmp_path: Path
) -> None:
    served = serve("--rate", "0", "--corrections", str(tmp_path / "corrections.db"))
    page = open_page(DESKTOP, at=served.url)
    expect(page.locator("body.is-ready")).to_be_visible()
    draw(page, recorded["1984"][:-1])
    box = page.locator("#ink").bounding_box()
    assert box is not None
    points = [(box["x"] + x, box["y"] + y) for x, y, _ in recorded["1984"][-1]]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    expect(page.locator("#number")).to_have_text("1984")
    expect(page.locator("#digits img")).to_have_count(4)  # the forms, too, while the pen still moves
    expect(page.locator("#keypad")).to_be_hidden()
    bars = page.locator("#bars")
    before = wait_for_place(bars)  # what is said of the drawing changes until the last point was read
    page.mouse.up()
    expect(page.locator("#confirm")).to_be_visible()
    expect(page.locator("#keys .key")).to_have_count(10)
    after = wait_for_place(bars)
    assert (after["x"], after["y"]) == (before["x"], before["y"])
    assert page.evaluate("(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)(answer)") == 0
