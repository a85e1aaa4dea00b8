"""How a service is set up, and which set-ups are refused.

Owns: the settings and their defaults, and the rule that strangers need a key. Leaves to others: acting on them.
"""

from __future__ import annotations

import ipaddress
import json
import os
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from inkdigits.errors import UsageError
from inkdigits.images import Limits

KEY_VARIABLE = "INKDIGITS_API_KEY"
SETTINGS_VARIABLE = "INKDIGITS_SERVE"  # how worker processes learn their settings
TWICE = 2
LEAST_KEY_LENGTH = 16  # 64 bits if made of hexadecimal digits; at 60 tries a second that is forever
# Telephones make pictures of 12 to 50 million pixels; 48 at once decode to 144 MB.
WEB_LIMITS = Limits(max_bytes=16 * 2**20, max_pixels=50_000_000, max_pages=20, max_total_pixels=100_000_000)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a process of the service needs to know.

    Attributes:
        model: Name of a model that ships, or path of a bundle.
        host: Address to listen on.
        port: Port to listen on; 0 takes a free one.
        api_key: Clients must send it; "" asks for none.
        allowed_hosts: Names under which the service may be asked, beside its own; with a loopback host all others
            are refused, so that no page of the web can reach it through a name of its own (DNS rebinding).
        origins: Other origins whose pages may call the service (CORS), such as "https://example.org".
        threads: Readings at the same time.
        max_waiting: Readings that may wait; further ones are told to come back.
        time_limit_s: Longest time from a complete upload to its answer.
        upload_limit_s: Longest time for a body to arrive.
        limits: Bytes, pixels and pages of one picture.
        max_files: Files in one request.
        max_body_bytes: Of one request.
        max_json_bytes: Of one request in JSON; strokes need no more.
        max_bytes_in_flight: Of all bodies together that are being received or read.
        rate_per_s: Requests a second and client, over a longer time; 0 sets no bound.
        burst: Requests that a client may make at once.
        corrections: Where answers are kept that people want to keep: path of an SQLite file, or the URL of a
            PostgreSQL database; "" keeps nothing.
        device_app: Folder of the built app that reads on the device itself (apps/browser/dist), which is offered at
            /device/; "" offers none.
        review_below: Answers with a digit less sure than this belong into the review queue.
        max_answer_bytes: Of one request that keeps an answer.
        max_live: Open live connections.
        max_messages_per_s: Messages a second on one live connection.
    """

    model: str = "latin"
    host: str = "127.0.0.1"
    port: int = 8000
    api_key: str = field(default="", repr=False)
    allowed_hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    threads: int = field(default_factory=lambda: max(1, min(4, os.cpu_count() or 1)))
    max_waiting: int = 16
    time_limit_s: float = 20.0
    upload_limit_s: float = 30.0
    limits: Limits = WEB_LIMITS
    max_files: int = 20
    max_body_bytes: int = 48 * 2**20
    max_json_bytes: int = 2**20
    max_bytes_in_flight: int = 256 * 2**20
    rate_per_s: float = 60.0
    burst: int = 120
    corrections: str = field(default="", repr=False)
    device_app: str = ""
    review_below: float = 0.9
    max_answer_bytes: int = 8 * 2**20
    max_live: int = 32
    max_messages_per_s: int = 240

    @property
    def is_local(self) -> bool:
        """True if only this machine can reach the service."""
        return is_loopback(self.host)

    def to_json(self) -> str:
        """Return the settings as text, for a worker process."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Settings:
        """Read what `to_json` wrote.

        Args:
            text: JSON.
        """
        raw: dict[str, Any] = json.loads(text)
        raw["limits"] = Limits(**raw["limits"])
        plain: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in raw.items()}
        return Settings(**plain)

    @staticmethod
    def from_environment() -> Settings:
        """Read the settings that the parent process left, or defaults with the key of the environment."""
        text = os.environ.get(SETTINGS_VARIABLE)
        return Settings.from_json(text) if text else Settings(api_key=os.environ.get(KEY_VARIABLE, ""))


def is_loopback(host: str) -> bool:
    """Return True if an address can only be reached from this machine.

    Args:
        host: Name or address; of names only "localhost" counts.
    """
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_exposure(settings: Settings, *, times_insecure: int) -> Settings:
    """Refuse to be open to others without a key.

    Args:
        settings: As asked for.
        times_insecure: How often the user has said that no key is wanted; only twice counts, since once may be a
            line that was copied.

    Returns:
        The settings, with spaces around the key removed.

    Raises:
        UsageError: If others could reach the service without a key, or the key is too short.
    """
    key = settings.api_key.strip()
    if not key and not settings.is_local and times_insecure < TWICE:
        raise UsageError(
            f"listening on {settings.host} would let anyone on the network use this service",
            remedy=f"Set a key with --api-key or {KEY_VARIABLE}, or say --insecure-no-key twice to do without one.",
        )
    if key and (len(key) < LEAST_KEY_LENGTH or not key.isascii() or not key.isprintable()):
        raise UsageError(
            f"the API key must have at least {LEAST_KEY_LENGTH} printable ASCII characters",
            remedy="Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe())'.",
        )
    return replace(settings, api_key=key)
