"""ONNX Runtime, told to keep quiet: its wheels hold telemetry that is on unless it is refused.

Owns: how ONNX Runtime is imported. Leaves to others: what is done with it.

Without this, opening a model writes a device id and a queue of events below the user's cache folder, for upload to
the runtime's maker when a network is there. The variable is read when the library loads, so it is set before.
Nothing else in this package may import onnxruntime; `tests/e2e/test_keeps_quiet.py` looks.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as onnxruntime

onnxruntime.disable_telemetry_events()  # if somebody else has loaded it before
