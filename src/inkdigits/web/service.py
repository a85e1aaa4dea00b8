"""What all routes of one process share: settings, models, the pool, counters.

Owns: putting them together, and handing work to the pool. Leaves to others: each of them.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import Depends
from fastapi.requests import HTTPConnection

from inkdigits import __version__
from inkdigits.bundles import list_bundles, load_classifier
from inkdigits.corrections.records import CorrectionsError
from inkdigits.web.errors import NotKeptError
from inkdigits.web.keeping import NOWHERE, AboutModel, Place
from inkdigits.web.metrics import Metrics, measure_memory
from inkdigits.web.pool import ReadingPool
from inkdigits.web.reading import Readings
from inkdigits.web.settings import Settings

if TYPE_CHECKING:
    from inkdigits.corrections.store import CorrectionStore

T = TypeVar("T")
KEEPERS, KEEPING_WAITING = 2, 64  # threads and queue for the database; one answer takes milliseconds
log = logging.getLogger("inkdigits.web")


@dataclass
class Service:
    """One process of the service.

    Attributes:
        settings: How it is set up.
        metrics: What it counts.
        pool: Where readings run; None until `start`, and after `stop` closed.
        readings: The models; None until `start`.
        live: Open live connections.
        keeping: Where the database is asked, off the event loop.
        corrections: The database of kept answers; None if nothing is kept here.
        about_model: Which model reads; empty until `start`.
    """

    settings: Settings
    metrics: Metrics
    pool: ReadingPool
    readings: Readings | None = None
    live: int = 0
    keeping: ReadingPool = field(
        default_factory=lambda: ReadingPool(threads=KEEPERS, max_waiting=KEEPING_WAITING, what="answers")
    )
    corrections: CorrectionStore | None = None
    about_model: AboutModel = AboutModel("", "", __version__)  # noqa: RUF009 - frozen
    models: list[dict[str, Any]] = field(default_factory=list)

    @staticmethod
    def make(settings: Settings) -> Service:
        """Make a service that has not opened its models yet.

        Args:
            settings: How it is set up.
        """
        metrics = Metrics(version=__version__, model=settings.model)
        pool = ReadingPool(threads=settings.threads, max_waiting=settings.max_waiting)
        service = Service(settings, metrics, pool)
        metrics.add_gauge("inkdigits_readings_taken", "Readings that run or wait.", lambda: pool.taken)
        metrics.add_gauge(
            "inkdigits_readings_capacity", "Readings that may run or wait.", lambda: pool.capacity
        )
        metrics.add_gauge("inkdigits_live_connections", "Open live connections.", lambda: service.live)
        metrics.add_gauge("process_resident_memory_bytes", "Memory held.", measure_memory)
        return service

    def start(self) -> None:
        """Open the models, and read once.

        Raises:
            BundleError: If the model can't be opened.
            CorrectionsError: If the database can't be.
        """
        if self.settings.corrections:
            from inkdigits.corrections.store import CorrectionStore  # SQLAlchemy takes a third of a second

            self.corrections = CorrectionStore(self.settings.corrections)
        self.readings = Readings(self.settings.model, limits=self.settings.limits)
        self.readings.warm_up()
        self.models = describe_models(self.settings.model)
        path = load_classifier(self.settings.model).path
        self.about_model = AboutModel(path.stem, hashlib.sha256(path.read_bytes()).hexdigest(), __version__)

    def stop(self) -> None:
        """Finish what was accepted."""
        self.pool.close()
        self.keeping.close()
        if self.corrections is not None:
            self.corrections.close()

    @property
    def place(self) -> Place:
        """Where answers are kept."""
        if self.corrections is None:
            return NOWHERE
        return "file" if self.corrections.backend == "sqlite" else "database"

    async def keep(self, call: Callable[[CorrectionStore], T]) -> T:
        """Ask the database, in a thread.

        Args:
            call: What to ask; what it has written when it returns is on the disk.

        Raises:
            NotKeptError: If nothing is kept here.
            CorrectionsError: If the database fails; the log says why.
            BusyError: If too many wait already.
        """
        store = self.corrections
        if store is None:
            raise NotKeptError(
                "This service keeps no answers", remedy="Start it with inkdigits serve --corrections FILE."
            )
        try:
            return await self.keeping.run(lambda: call(store), time_limit_s=self.settings.time_limit_s)
        except CorrectionsError as error:
            log.error("%s", error)  # names the host of the database: not for clients
            raise CorrectionsError(
                "The answer can't be kept or looked up now", remedy="Try again in a moment."
            ) from error

    @property
    def is_ready(self) -> bool:
        """True if a reading sent now would be done."""
        return self.readings is not None and not self.pool.is_closed

    async def run(self, call: Callable[[Readings], T]) -> tuple[T, float]:
        """Do something with the models, in a thread.

        Args:
            call: What to do.

        Returns:
            Its result, and how many milliseconds it waited and worked.
        """
        readings = self.readings
        assert readings is not None, "routes are served after start only"
        start_s = time.perf_counter()
        result = await self.pool.run(lambda: call(readings), time_limit_s=self.settings.time_limit_s)
        return result, 1000 * (time.perf_counter() - start_s)

    def count_digits(self, count: int) -> None:
        """Count digits that were read.

        Args:
            count: How many.
        """
        self.metrics.count("inkdigits_digits_total", "Digits that were read.", by=count)


def describe_models(active: str) -> list[dict[str, Any]]:
    """Describe the models that ship, and the active one first if it is another.

    Args:
        active: Name or path of the active model; of a path only the file's name is told.
    """
    names = list_bundles()
    models = []
    for name in names if active in names else (active, *names):
        bundle = load_classifier(name)
        raw = bundle.metadata.everything
        models.append(
            {
                "name": bundle.path.stem,
                "is_active": name == active,
                "labels": list(bundle.labels),
                "parameters": bundle.metadata.parameters,
                "bytes": bundle.path.stat().st_size,
                "data": list(raw.get("data", [])),
                "licence": str(raw.get("licence", "")),
                "metrics": dict(raw.get("metrics", {})),
            }
        )
    return models


async def get_service(connection: HTTPConnection) -> Service:
    """Return the service that a request or WebSocket belongs to.

    Asynchronous, since FastAPI takes plain functions to a thread and back: a third of a route's time, and more when
    all threads want the interpreter.

    Args:
        connection: The request or WebSocket.
    """
    service: Service = connection.app.state.service
    return service


TheService = Annotated[Service, Depends(get_service)]
