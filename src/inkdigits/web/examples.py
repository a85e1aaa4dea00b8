"""Examples for /openapi.json: requests and answers as this service gave them.

Owns: the examples. Leaves to others: their form (schemas).
"""

from __future__ import annotations

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

# The answer to examples/digit.png, as a form with one file.
READING: dict[str, Any] = {
    "schema": 1,
    "source": "digit.png",
    "text": "7",
    "pages": [{"width": 320, "height": 340}],
    "numbers": [
        {
            "text": "7",
            "value": 7,
            "kind": "number",
            "confidence": 0.999866,
            "box": [101, 71, 99, 188],
            "line": 0,
            "page": 0,
            "digits": [
                {
                    "label": "7",
                    "confidence": 0.999866,
                    "box": [101, 71, 99, 188],
                    "alternatives": [
                        {"label": "9", "confidence": 8e-06},
                        {"label": "4", "confidence": 3e-06},
                        {"label": "3", "confidence": 3e-06},
                        {"label": "1", "confidence": 3e-06},
                        {"label": "2", "confidence": 0.0},
                        {"label": "8", "confidence": 0.0},
                        {"label": "5", "confidence": 0.0},
                        {"label": "6", "confidence": 0.0},
                        {"label": "0", "confidence": 0.0},
                    ],
                    "is_sure": True,
                }
            ],
            "marks": [],
            "seen": "",
            "violates": "",
        }
    ],
    "rows": [],
    "review": [],
    "rejected": [],
}

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
