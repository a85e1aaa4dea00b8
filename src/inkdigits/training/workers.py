"""Processes that draw synthetic pages side by side, each with its own bank of glyphs.

Owns: starting them. Leaves to others: what they draw.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from typing import TypeVar

import cv2

from inkdigits.datasets.synth import GlyphBank

Job = TypeVar("Job")
Result = TypeVar("Result")


@lru_cache(maxsize=1)
def load_bank() -> GlyphBank:
    """Load the bank once a process: it takes seconds to build."""
    return GlyphBank.load()


def map_processes(
    work: Callable[[Job], Result], jobs: Sequence[Job], *, workers: int | None = None
) -> list[Result]:
    """Do jobs in several processes.

    Args:
        work: A function of a module, so that other processes find it; jobs carry their seeds, so that the number of
            processes changes nothing.
        jobs: What it is given.
        workers: Processes; None takes one for each processor.

    Returns:
        Results in the order of the jobs.
    """
    # "spawn": a fork of a process whose numeric libraries have started threads hangs
    context = get_context("spawn")
    with ProcessPoolExecutor(workers or os.cpu_count(), mp_context=context, initializer=_start) as pool:
        return list(pool.map(work, jobs))


def _start() -> None:
    cv2.setNumThreads(1)
