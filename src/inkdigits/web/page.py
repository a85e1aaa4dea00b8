"""The page's files, read once when the service starts and served from memory: no path of a client is opened.

Owns: their types, compression, caching. Leaves to others: what is in them (static/).
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".txt": "text/plain; charset=utf-8",
}
# Of the app that reads on the device itself (apps/browser), which the service may offer beside its own page.
APP_TYPES = {**TYPES, ".wasm": "application/wasm", ".onnx": "application/octet-stream"}
COMPRESSED = (".html", ".js", ".css", ".svg", ".webmanifest", ".txt", ".wasm")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file of the page.

    Attributes:
        data: Its bytes.
        zipped: The same, compressed; b"" where that gains nothing.
        kind: Its media type.
        tag: Changes with the content.
    """

    data: bytes
    zipped: bytes
    kind: str
    tag: str

    def answer(self, request: Request) -> Response:
        """Return the file as an answer, or 304 if the client has it.

        Args:
            request: What was asked.
        """
        # no-cache means: ask whether it changed. A new version of this package is then seen at once.
        headers = {"ETag": self.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.zipped and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                self.zipped, media_type=self.kind, headers={**headers, "Content-Encoding": "gzip"}
            )
        return Response(self.data, media_type=self.kind, headers=headers)


def load_files(folder: Path = FOLDER, *, types: Mapping[str, str] = TYPES) -> dict[str, StaticFile]:
    """Read all files of the page.

    Args:
        folder: Where they lie.
        types: Endings of what is read, and their media types.

    Returns:
        Path below the folder, with slashes -> file.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in types and path.is_file():
            data = path.read_bytes()
            zipped = gzip.compress(data, mtime=0) if path.suffix in COMPRESSED else b""
            tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
            files[path.relative_to(folder).as_posix()] = StaticFile(data, zipped, types[path.suffix], tag)
    return files


def make_router(files: dict[str, StaticFile]) -> APIRouter:
    """Make the routes of the page.

    Args:
        files: As `load_files` returns them.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    async def show_page(request: Request) -> Response:
        return files["index.html"].answer(request)

    @router.api_route("/favicon.ico", methods=["GET", "HEAD"])
    async def show_icon(request: Request) -> Response:
        return files["icon.svg"].answer(request)

    @router.api_route("/static/{path:path}", methods=["GET", "HEAD"])
    async def show_file(request: Request, path: str) -> Response:
        if path not in files:
            raise HTTPException(404)
        return files[path].answer(request)

    return router


def make_app_router(files: Mapping[str, StaticFile]) -> APIRouter:
    """Make the routes of the app that reads on the device itself.

    Args:
        files: As `load_files` returns them, with `APP_TYPES`.
    """
    router = APIRouter(include_in_schema=False)

    @router.api_route("/device/{path:path}", methods=["GET", "HEAD"])
    async def show_app(request: Request, path: str) -> Response:
        name = path or "index.html"
        if name not in files:
            raise HTTPException(404)
        return files[name].answer(request)

    return router
