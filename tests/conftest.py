"""What all tests share: real data are skipped where absent, and never silently where they are required."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from databases import place, postgres_server
from inkdigits.types import LabelledImages

__all__ = ["place", "postgres_server"]

DATA = "INKDIGITS_DATA"
REQUIRED = "INKDIGITS_REQUIRE_DATA"
_skipped_real_data: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get(REQUIRED) and not Path(os.environ.get(DATA, "-")).is_dir():
        raise pytest.UsageError(f"{REQUIRED} is set, but {DATA} names no folder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get(DATA):
        for item in items:
            if "real_data" in item.keywords:
                item.add_marker(pytest.mark.skip(reason=f"{DATA} is not set"))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and "real_data" in report.keywords and not hasattr(report, "wasxfail"):
        _skipped_real_data.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if os.environ.get(REQUIRED) and _skipped_real_data and exitstatus == 0:
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get(REQUIRED) and _skipped_real_data:
        terminalreporter.write_line(f"FAILED: real-data tests were skipped: {_skipped_real_data}", red=True)


@pytest.fixture
def examples() -> Path:
    """Folder of the example pictures."""
    return Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="session")
def small_digits() -> LabelledImages:
    """scikit-learn's 8x8 digits, each pixel grown to 3x3 and framed: (1797, 28, 28), not sorted by class."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    grown = np.kron(digits.images * (255 / 16), np.ones((3, 3)))
    images = np.pad(grown, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    return LabelledImages(images, digits.target.astype(np.int64), tuple("0123456789"), name="small/train")
