"""How often one client may ask: a bucket of tokens each, refilled with time.

Owns: the buckets and their number. Leaves to others: who the client is (guard).
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from inkdigits.web.errors import RateError

MOST_CLIENTS = 10_000  # buckets that are remembered: 2 MB; the one that was idle longest is forgotten
IPV6_PREFIX = 64  # what one subscriber is given, RFC 6177


class RateLimiter:
    """One bucket of tokens for each client.

    Args:
        rate_per_s: Tokens that come back each second; 0 sets no bound.
        burst: Tokens in a full bucket.
        clock: Seconds that never run backward.
    """

    def __init__(self, *, rate_per_s: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate_per_s, self._burst, self._clock = rate_per_s, burst, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> tokens, when

    def take(self, address: str) -> None:
        """Take a token.

        Args:
            address: Of the client.

        Raises:
            RateError: If the client has none left.
        """
        if self._rate_per_s <= 0:
            return
        client, now_s = name_client(address), self._clock()
        tokens, then_s = self._buckets.pop(client, (float(self._burst), now_s))
        tokens = min(self._burst, tokens + (now_s - then_s) * self._rate_per_s)
        has_token = tokens >= 1
        self._buckets[client] = (tokens - has_token, now_s)
        if len(self._buckets) > MOST_CLIENTS:
            self._buckets.popitem(last=False)
        if not has_token:
            raise RateError(
                f"One client may ask {self._rate_per_s:g} times a second, {self._burst} times at once",
                remedy="Ask more slowly, or put several pictures into one request to /v1/read/batch.",
                retry_after_s=max(1, math.ceil((1 - tokens) / self._rate_per_s)),
            )


def name_client(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the network of an IPv6 subscriber.

    Args:
        address: As the server tells it; anything else is its own client.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False))
