"""Reads the example pictures with the shipped model and shows what came out: `make demo`."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import inkdigits
from inkdigits import Reader
from inkdigits.annotate import annotate_page
from inkdigits.images import load_pages

EXAMPLES = Path(__file__).parent
ANNOTATED = Path("out/demo")


def main() -> int:
    """Read every example, save it annotated, and compare with what is written there.

    Returns:
        0 if all were read right, else 1.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--installed", action="store_true", help="insist on an installed package without torch"
    )
    if parser.parse_args().installed:
        check_installation()
    expected: dict[str, str] = json.loads((EXAMPLES / "expected.json").read_text(encoding="utf-8"))
    reader = Reader()
    wrong = sum(not show(reader, name, text) for name, text in expected.items())
    print(f"\n{len(expected) - wrong} of {len(expected)} pictures read right.")
    print(f"The pictures with boxes and confidence are in {ANNOTATED}/")
    return int(wrong > 0)


def show(reader: Reader, name: str, text: str) -> bool:
    """Read one picture, print what was read and save it annotated."""
    pages = load_pages(EXAMPLES / name)
    reading = reader.read_pages([pages])[0]
    ANNOTATED.mkdir(parents=True, exist_ok=True)
    annotate_page(pages[0], reading).save(ANNOTATED / f"{Path(name).stem}.png")
    is_right = reading.text == text
    answer = reading.text.replace("\n", " / ") or "(nothing: a blank page)"
    print(f"{'ok   ' if is_right else 'WRONG'}  {name:18} {answer}")
    return is_right


def check_installation() -> None:
    """Stop unless the package is installed as a wheel and no deep-learning framework is there."""
    if importlib.util.find_spec("torch") or "site-packages" not in inkdigits.__file__:
        sys.exit("This check wants the installed wheel and core dependencies only.")


if __name__ == "__main__":
    sys.exit(main())
