"""The last touch on /openapi.json: problems under their own media type, and an answer of this service everywhere.

Owns: where examples stand in the document. Leaves to others: the examples (examples), the document (FastAPI).
"""

from __future__ import annotations

import copy
from typing import Any

from inkdigits.web.examples import ANSWERS
from inkdigits.web.problems import CONTENT_TYPE


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Complete the document that FastAPI made.

    FastAPI writes the schema of each model under application/json, of problems, too.

    Args:
        document: OpenAPI; its inner parts belong to the routes, and stay as they are.

    Returns:
        Another document.
    """
    document = copy.deepcopy(document)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, response in operation["responses"].items():
                content = response.get("content", {})
                if CONTENT_TYPE in content:
                    content[CONTENT_TYPE].update(content.pop("application/json", {}))
                example = find_answer(f"{method} {path}", status)
                kind = next((kind for kind in content if kind != "image/png"), None)
                if example is not None and kind is not None:
                    content[kind]["example"] = example
    return document


def find_answer(route: str, status: str) -> Any:  # noqa: ANN401
    """Find what this service answered.

    Args:
        route: Method and path, such as "post /v1/read".
        status: Such as "200"; problems of one status look alike on all routes.

    Returns:
        The body; None if there is no example.
    """
    found = ANSWERS.get(route, {}).get(status)
    return ANSWERS.get("problems", {}).get(status) if found is None else found
