"""The live connection: newest wins, problems don't end it, strangers don't get in."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from inkdigits.images import Page
from inkdigits.web.reading import Options, Readings, Result
from inkdigits.web.settings import Settings

LIVE = "ws://127.0.0.1:8000/v1/live"
KEY = "0123456789abcdef-key"
Strokes = list[list[list[float]]]


def frame(seq: int, data: bytes) -> bytes:
    return seq.to_bytes(4) + data


class Gated(Readings):
    """Readings that wait for a signal each."""

    def __init__(self, real: Readings) -> None:
        self.__dict__.update(real.__dict__)
        self.begun, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def read_pages(self, pages: list[Page], options: Options) -> Result:
        self.begun.release()
        assert self.go.acquire(timeout=20)
        return super().read_pages(pages, options)


def test_strokes_and_frames_are_read(client: TestClient, recorded: dict[str, Strokes], digit: bytes) -> None:
    with client.websocket_connect(LIVE) as socket:
        socket.send_json({"type": "strokes", "seq": 1, "strokes": recorded["1984"], "forms": True})
        answer = socket.receive_json()
        assert (answer["type"], answer["seq"], answer["dropped"]) == ("reading", 1, 0)
        assert answer["reading"]["text"] == "1984"
        assert len(answer["reading"]["forms"]) == 4
        socket.send_bytes(frame(2, digit))
        assert socket.receive_json()["reading"]["text"] == "7"
        socket.send_json({"type": "options", "forms": True, "min_confidence": 1.0})
        socket.send_bytes(frame(3, digit))
        answer = socket.receive_json()
        assert (answer["seq"], answer["reading"]["text"], len(answer["reading"]["forms"])) == (3, "?", 1)


def test_newest_wins(
    make_client: Callable[[Settings], TestClient], recorded: dict[str, Strokes], digit: bytes
) -> None:
    client = make_client(Settings(rate_per_s=0))
    service = client.app.state.service  # type: ignore[attr-defined]
    service.readings = gated = Gated(service.readings)
    with client.websocket_connect(LIVE) as socket:
        socket.send_bytes(frame(1, digit))
        assert gated.begun.acquire(timeout=10)  # 1 is being read; the rest arrives meanwhile
        for seq in range(2, 9):
            socket.send_bytes(frame(seq, b"an old frame"))
        socket.send_json({"type": "strokes", "seq": 9, "strokes": recorded["3"]})
        socket.send_text("{")  # its answer tells that everything before it has arrived
        assert socket.receive_json()["type"] == "problem"
        gated.go.release(2)
        first, second = socket.receive_json(), socket.receive_json()
        assert (first["seq"], first["reading"]["text"]) == (1, "7")
        assert (second["seq"], second["reading"]["text"], second["dropped"]) == (9, "3", 0)
        assert first["dropped"] == 7
    text = client.get("/metrics").text
    assert "inkdigits_live_dropped_total 7" in text
    assert "inkdigits_live_readings_total 2" in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"type": "strokes"}',
        '{"type": "other", "seq": 1}',
        '{"type": "options", "field": "x"}',
    ],
)
def test_wrong_messages_are_problems(client: TestClient, text: str, digit: bytes) -> None:
    with client.websocket_connect(LIVE) as socket:
        socket.send_text(text)
        assert socket.receive_json()["problem"]["status"] == 422
        for data in (b"", b"\0", frame(5, b"no picture")):
            socket.send_bytes(data)
            assert 400 <= socket.receive_json()["problem"]["status"] < 500
        socket.send_bytes(frame(6, digit))
        assert socket.receive_json()["reading"]["text"] == "7"


def test_a_full_queue_delays_but_loses_nothing_newest(
    make_client: Callable[[Settings], TestClient], digit: bytes
) -> None:
    client = make_client(Settings(rate_per_s=0, threads=1, max_waiting=0))
    service = client.app.state.service  # type: ignore[attr-defined]
    service.readings = gated = Gated(service.readings)
    with client.websocket_connect(LIVE) as one, client.websocket_connect(LIVE) as two:
        one.send_bytes(frame(1, digit))
        assert gated.begun.acquire(timeout=10)
        two.send_bytes(frame(1, digit))
        gated.go.release(2)
        assert one.receive_json()["reading"]["text"] == two.receive_json()["reading"]["text"] == "7"


def test_floods_and_crowds_are_turned_away(make_client: Callable[[Settings], TestClient]) -> None:
    client = make_client(Settings(rate_per_s=0, max_live=1, max_messages_per_s=20))
    with client.websocket_connect(LIVE):
        with client.websocket_connect(LIVE) as second, pytest.raises(WebSocketDisconnect) as crowd:
            second.receive_json()
        assert crowd.value.code == 1013
    with client.websocket_connect(LIVE) as socket:
        for _ in range(60):
            socket.send_text('{"type": "options"}')
        with pytest.raises(WebSocketDisconnect) as flood:
            socket.receive_json()
        assert flood.value.code == 1008
    assert client.app.state.service.live == 0  # type: ignore[attr-defined]


def test_strangers_do_not_get_in(make_client: Callable[[Settings], TestClient], digit: bytes) -> None:
    client = make_client(Settings(rate_per_s=0, api_key=KEY))
    name = "inkdigits.key." + base64.urlsafe_b64encode(KEY.encode()).decode().rstrip("=")
    for headers, status in (
        ({}, 401),
        ({"Sec-WebSocket-Protocol": "inkdigits.v1, inkdigits.key.AAAA"}, 401),
        ({"Sec-WebSocket-Protocol": "inkdigits.key.!!!!"}, 401),
        ({"X-API-Key": KEY, "Origin": "https://evil.example"}, 403),
        ({"X-API-Key": KEY, "Host": "evil.example"}, 403),
    ):
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            client.websocket_connect(LIVE, headers=headers),
        ):
            pass
        assert refused.value.status_code == status
        assert refused.value.json()["remedy"]
    with client.websocket_connect(LIVE, subprotocols=["inkdigits.v1", name]) as socket:
        assert socket.accepted_subprotocol == "inkdigits.v1"
        socket.send_bytes(frame(1, digit))
        assert socket.receive_json()["reading"]["text"] == "7"
