"""Examples for /openapi.json: requests and answers as this service gave them.

Owns: the examples. Leaves to others: their form (schemas).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

# A seven in two strokes, [x, y, t]; `tests/web` sends it and compares.
STROKES: dict[str, Any] = {
    "strokes": [
        [
            [80, 70, 0.0],
            [130, 66, 0.05],
            [190, 64, 0.11],
            [186, 76, 0.14],
            [150, 150, 0.22],
            [122, 226, 0.31],
        ],
        [[104, 150, 0.52], [176, 142, 0.6]],
    ],
    "width": 280,
    "height": 280,
    "pen_width": 14,
}

# Method and path -> status -> body, as this service answered; tests/web/test_web_openapi.py compares and writes it.
ANSWERS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("examples.json").read_text("utf-8"))

# The answer to examples/digit.png, as a form with one file.
READING: dict[str, Any] = ANSWERS["post /v1/read"]["200"]

ANSWER_ID = "b7c41f0e-2f0d-4c8e-9f5a-5d2a4b1c9e77"

# The 28x28 form of that seven, PNG.
FORM = (
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAABAklEQVQoFX3BzyuDcQDH8ffH2g5ikYOS1pxcXHaYPL"
    "HE3PwFfvwFSnOg7ORIoeQiuSr+AE5qSdvKzVHIkZGQSe2Jpex59v3O4ft6CQfhIByEg3AQDiKU6PuJdVUr76/fhERg"
    "pNTGn8+bxTINItCzmYw9RxIdvZ3s5mgQ/3jFj+FbGsQ/Z1PL2wREq/TlW7JKQLQqTCzsERItMhcPAz4hYWn31jJf15"
    "5PQDSlD4YicH+6VCcgmrL7ldrk3WCdJmE7nNtawRCW6FN3toAhLKNFP17DEJbV9dIYFmE5H89vYBFG/CWausIijOmT"
    "x/46FmHs5I5msQmj7M0cYxNGPjXvYxMOvw1qPR3tGcp6AAAAAElFTkSuQmCC"
)

# A person says that it is a seven indeed.
ANSWER: dict[str, Any] = {
    "id": ANSWER_ID,
    "consent": True,
    "reading": {**READING, "forms": [FORM]},
    "labels": ["7"],
    "picture": FORM,
}

# Why is that a seven?
EXPLAIN: dict[str, Any] = {"form": FORM, "label": "7"}
