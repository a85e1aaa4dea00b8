"""Reading while the pen still moves, or while a camera runs: WS /v1/live, newest wins.

Owns: the protocol of live connections. Leaves to others: reading, the pool.

A client sends text messages, JSON objects: strokes as for /v1/strokes with `"type": "strokes"`, or options for the
frames to come with `"type": "options"`; and binary messages: four bytes of a number (big-endian), then a picture as
for /v1/read. Each strokes message has such a number too, `seq`. While one is read, only the newest of those that
arrive is kept. The answers are JSON: `{"type": "reading", "seq", "dropped", "ms", "reading"}`, or
`{"type": "problem", "seq", "problem"}`; `dropped` counts messages since the last answer that were never read.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.types import Message
from starlette.websockets import WebSocketDisconnect

from inkdigits.errors import InkdigitsError
from inkdigits.web.errors import BusyError, OptionsError
from inkdigits.web.guard import LIVE_PROTOCOL
from inkdigits.web.problems import describe
from inkdigits.web.reading import Options, Readings, to_answer
from inkdigits.web.routes_read import answer_strokes
from inkdigits.web.schemas import StrokesIn
from inkdigits.web.service import Service, TheService
from inkdigits.web.uploads import Upload

router = APIRouter()
SEQ_BYTES = 4
RETRY_S = 0.03  # a full queue is asked again after so long: about two readings of a drawing
TRY_LATER, POLICY = 1013, 1008  # RFC 6455 and IANA's registry of close codes


class LiveStrokes(StrokesIn):
    """Strokes on a live connection."""

    type: Literal["strokes"]
    seq: Annotated[int, Field(ge=0, lt=2**32)]


class LiveOptions(BaseModel):
    """Options for the frames to come."""

    model_config = ConfigDict(extra="forbid")
    type: Literal["options"]
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.0
    field: Annotated[str, Field(max_length=200)] = ""
    forms: bool = False


@dataclass(frozen=True, slots=True)
class _Frame:
    seq: int
    data: bytes
    options: Options


_Message = LiveStrokes | _Frame


@router.websocket("/v1/live")
async def live(socket: WebSocket, service: TheService) -> None:
    """Serve one live connection."""
    offered = socket.scope.get("subprotocols", [])
    await socket.accept(subprotocol=LIVE_PROTOCOL if LIVE_PROTOCOL in offered else None)
    if service.live >= service.settings.max_live:
        await socket.close(TRY_LATER, "too many live connections")
        return
    service.live += 1
    try:
        await _Session(socket, service).serve()
    finally:
        service.live -= 1


class _Session:
    """One connection: one task receives and keeps the newest message, another reads and answers."""

    def __init__(self, socket: WebSocket, service: Service) -> None:
        self._socket, self._service = socket, service
        self._newest: _Message | None = None
        self._has_news = asyncio.Event()
        self._dropped = 0
        self._options = Options()
        self._sending = asyncio.Lock()
        self._second, self._messages = 0, 0

    async def serve(self) -> None:
        answering = asyncio.create_task(self._answer_all())
        try:
            await self._receive_all()
        except WebSocketDisconnect:
            pass
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _receive_all(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if self._is_flood():
                await self._socket.close(POLICY, "too many messages")
                return
            try:
                self._take(message)
            except InkdigitsError as error:
                await self._send({"type": "problem", "seq": None, "problem": describe(error)})

    def _take(self, message: Message) -> None:
        news: _Message
        if message.get("bytes") is not None:
            data: bytes = message["bytes"]
            news = _Frame(int.from_bytes(data[:SEQ_BYTES]), data[SEQ_BYTES:], self._options)
        else:
            parsed = parse_message(
                message.get("text") or "", most_bytes=self._service.settings.max_json_bytes
            )
            if isinstance(parsed, LiveOptions):
                self._options = Options.parse(
                    min_confidence=parsed.min_confidence, field=parsed.field, forms=parsed.forms, pages=False
                )
                return
            news = parsed
        self._dropped += self._newest is not None
        self._newest = news
        self._has_news.set()

    async def _answer_all(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            news, self._newest = self._newest, None
            if news is not None:
                await self._answer(news)

    async def _answer(self, news: _Message) -> None:
        try:
            answer, duration_ms = await self._service.run(lambda readings: _read(readings, news))
        except BusyError:  # whoever sent one picture goes first; here a newer one comes anyway
            await asyncio.sleep(RETRY_S)
            if self._newest is None:
                self._newest = news
            else:
                self._dropped += 1
            self._has_news.set()
            return
        except InkdigitsError as error:
            await self._send({"type": "problem", "seq": news.seq, "problem": describe(error)})
            return
        dropped, self._dropped = self._dropped, 0
        count = self._service.metrics.count
        count("inkdigits_live_readings_total", "Readings on live connections.")
        count(
            "inkdigits_live_dropped_total",
            "Messages on live connections that newer ones replaced.",
            by=dropped,
        )
        told = {"type": "reading", "seq": news.seq, "dropped": dropped, "ms": round(duration_ms, 1)}
        await self._send({**told, "reading": answer})

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            try:
                await self._socket.send_text(json.dumps(message, separators=(",", ":")))
            except (WebSocketDisconnect, RuntimeError):
                return  # the client is gone; the receiving task ends the session

    def _is_flood(self) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._messages = second, 0
        self._messages += 1
        return self._messages > self._service.settings.max_messages_per_s


def parse_message(text: str, *, most_bytes: int) -> LiveStrokes | LiveOptions:
    """Understand a text message.

    Args:
        text: JSON.
        most_bytes: Longer ones are refused.

    Raises:
        OptionsError: If it is too long or has another form.
    """
    if len(text) > most_bytes:
        raise OptionsError("The message is too long", remedy="Send fewer points.")
    kind = LiveOptions if '"options"' in text[:80] else LiveStrokes
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:60]
        raise OptionsError(
            f"{place or 'the message'}: {first['msg']}",
            remedy="Send strokes or options as JSON, frames as bytes.",
        ) from error


def _read(readings: Readings, news: _Message) -> dict[str, Any]:
    if isinstance(news, LiveStrokes):
        return answer_strokes(readings, news)
    return to_answer(readings.read(Upload(news.data), news.options), news.options)
