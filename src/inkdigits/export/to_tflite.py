"""The TFLite target: the Keras model, converted by TensorFlow; run by LiteRT (ai-edge-litert).

litert-torch would convert the torch model without TensorFlow, but its releases up to 0.9.3 exclude the torch that
this project is tested with (they take torch < 2.13), and pip finds no set of pinned versions beside 0.10.0: so the
way leads through Keras.

Number of glyphs and size of the picture are free: `resize_tensor_input` sets them before `allocate_tensors`.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from inkdigits.bundles import METADATA_KEY
from inkdigits.errors import MissingExtraError
from inkdigits.export.facts import describe
from inkdigits.export.proof import Answer, Run
from inkdigits.export.recogniser import INPUTS, OUTPUTS, Form, Source
from inkdigits.export.to_keras import make_keras_model


def write_tflite(source: Source, form: Form, path: Path) -> None:
    """Write a float32 model of TFLite's own operations alone.

    As TFLite's metadata library does, "inkdigits.json" is appended as a zip archive, which runtimes pass over.

    Args:
        source: The bundle.
        form: What the model takes.
        path: The file.

    Raises:
        MissingExtraError: If keras or tensorflow is not installed.
    """
    try:
        import tensorflow as tf
    except ImportError as error:
        raise MissingExtraError("tensorflow", extra="tflite") from error
    from keras.export import ExportArchive

    model = make_keras_model(source, form, with_none=True)
    size = (28, 28) if form is Form.bare else (None, None)
    signature = [tf.TensorSpec((None, *size), tf.float32, name=INPUTS[form])]
    with tempfile.TemporaryDirectory() as folder:
        archive = ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", lambda pixels: _serve(model, pixels), input_signature=signature)
        archive.write_out(folder, verbose=False)
        path.write_bytes(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
    with zipfile.ZipFile(path, "a") as package:
        package.writestr(f"{METADATA_KEY}.json", describe(source, form, target="tflite"))


def _serve(model: Any, pixels: Any) -> dict[str, Any]:  # noqa: ANN401
    return dict(zip(OUTPUTS, model(pixels, training=False), strict=True))


def open_tflite(path: Path, form: Form, source: Source) -> Run:
    """Open a written file in LiteRT.

    Args:
        path: The file.
        form: What it takes.
        source: Its bundle; tells the number of labels.

    Raises:
        MissingExtraError: If ai-edge-litert is not installed.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError("ai-edge-litert", extra="tflite") from error
    interpreter = Interpreter(model_path=str(path), num_threads=1)
    taken = interpreter.get_input_details()[0]["index"]
    given = sorted(interpreter.get_output_details(), key=lambda detail: -len(detail["shape"]))

    def run(batch: npt.NDArray[np.float32]) -> Answer:
        interpreter.resize_tensor_input(taken, batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(taken, batch)
        interpreter.invoke()
        probs, none = (interpreter.get_tensor(detail["index"]) for detail in given)  # (N, C), then (N,)
        return probs, none

    return run
