"""The error tree: one sentence with a remedy, one exit code for each branch."""

from __future__ import annotations

import pytest

from inkdigits import errors
from inkdigits.errors import InkdigitsError, MissingExtraError

BRANCHES: dict[type[InkdigitsError], int] = {
    errors.InkdigitsError: 1,
    errors.UsageError: 2,
    errors.ImageError: 3,
    errors.DataError: 4,
    errors.BundleError: 5,
    errors.RecipeError: 6,
    errors.MissingExtraError: 7,
    errors.OutputError: 8,
}
LEAVES: dict[type[InkdigitsError], tuple[int, int]] = {
    errors.ImageNotFoundError: (3, 404),
    errors.ImageFormatError: (3, 415),
    errors.ImageCorruptError: (3, 422),
    errors.ImageTooLargeError: (3, 413),
    errors.EmptyInkError: (3, 422),
    errors.DataNotFoundError: (4, 404),
    errors.DataCorruptError: (4, 500),
    errors.DownloadError: (4, 502),
    errors.ExportError: (5, 500),
}


def all_errors() -> set[type[InkdigitsError]]:
    found = {value for value in vars(errors).values() if isinstance(value, type)}
    return {kind for kind in found if issubclass(kind, InkdigitsError)}


def test_every_error_is_in_these_tables() -> None:
    assert all_errors() == {*BRANCHES, *LEAVES}


@pytest.mark.parametrize("kind", BRANCHES)
def test_exit_code_of_a_branch(kind: type[InkdigitsError]) -> None:
    assert kind.exit_code == BRANCHES[kind]


def test_branches_share_no_exit_code() -> None:
    assert len(set(BRANCHES.values())) == len(BRANCHES)


@pytest.mark.parametrize("kind", LEAVES)
def test_exit_code_and_status_of_a_leaf(kind: type[InkdigitsError]) -> None:
    assert (kind.exit_code, kind.http_status) == LEAVES[kind]


@pytest.mark.parametrize("kind", [*BRANCHES, *LEAVES])
def test_statuses_are_errors(kind: type[InkdigitsError]) -> None:
    assert 400 <= kind.http_status < 600
    assert 0 < kind.exit_code < 126  # above, shells have their own meanings


def test_a_remedy_is_a_second_sentence() -> None:
    assert str(errors.UsageError("that is wrong", remedy="Do this.")) == "that is wrong. Do this."
    assert str(errors.UsageError("that is wrong")) == "that is wrong."


def test_a_missing_library_names_the_command() -> None:
    error = MissingExtraError("torch", extra="train")
    assert str(error) == "torch is not installed. Install it with: pip install 'inkdigits[train]'."
