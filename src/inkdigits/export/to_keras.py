"""The Keras target: a Keras 3 model of ordinary layers with the same weights, as `.keras` and `.h5`.

The model runs on any backend of Keras. The bare form is what tutorials build: (N, 28, 28) in, one softmax out, so
that `model.predict(images).argmax(axis=1)` and `model.evaluate` work as they show.
"""

from __future__ import annotations

import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from inkdigits.bundles import METADATA_KEY
from inkdigits.errors import BundleError, MissingExtraError
from inkdigits.export.facts import describe
from inkdigits.export.network import INPUT, Layer
from inkdigits.export.picture_graph import PictureGraph
from inkdigits.export.proof import Answer, Run
from inkdigits.export.recogniser import INPUTS, OUTPUTS, Form, Source
from inkdigits.export.tensors_keras import KerasTensors

_METADATA_FILE: Final = f"{METADATA_KEY}.json"
Weighted = tuple[Any, list[npt.NDArray[np.float32]]]


def write_keras(source: Source, form: Form, path: Path) -> None:
    """Write a `.keras` archive; the metadata lie in it as "inkdigits.json".

    Args:
        source: The bundle.
        form: What the model takes.
        path: The file, ".keras".

    Raises:
        MissingExtraError: If keras or its backend is not installed.
    """
    make_keras_model(source, form).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(_METADATA_FILE, describe(source, form, target="keras"))


def write_h5(source: Source, form: Form, path: Path) -> None:
    """Write an HDF5 file, which older tools read; the metadata are its attribute "inkdigits".

    Args:
        source: The bundle.
        form: What the model takes.
        path: The file, ".h5".

    Raises:
        MissingExtraError: If keras or its backend is not installed.
    """
    model = make_keras_model(source, form)
    import h5py

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras would rather have the other file, which is written too
        if form is Form.bare:
            model.save(path)
        else:
            _save_operations(model, source, path)
    with h5py.File(path, "a") as file:
        file.attrs[METADATA_KEY] = describe(source, form, target="keras")


def _save_operations(model: Any, source: Source, path: Path) -> None:  # noqa: ANN401
    """Save a model that holds operations between its layers.

    Keras writes them into this format without the module that they come from, and then knows them no more; it
    reads the description of a `.keras` file here too. That is longer than the 64 kB that HDF5's first format gives
    an attribute, so the file has the one of HDF5 1.8 (2008). The weights are those of the same network without
    normalisation, which has none.
    """
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.h5"
        make_keras_model(source, Form.bare, with_none=True).save(bare)
        with h5py.File(bare) as twin, h5py.File(path, "w", libver="latest") as file:
            twin.copy("model_weights", file)
            for name in ("keras_version", "backend"):
                file.attrs[name] = twin.attrs[name]
            file.attrs["model_config"] = model.to_json()


def open_keras(path: Path, form: Form, source: Source) -> Run:
    """Open a written model in Keras.

    Args:
        path: The file, ".keras" or ".h5".
        form: What it takes.
        source: Its bundle; tells nothing that is needed.
    """
    model = _import_keras().saving.load_model(path, compile=False)

    def run(batch: npt.NDArray[np.float32]) -> Answer:
        answer = model.predict(batch, batch_size=64, verbose=0)
        if form is Form.bare:
            expected = source.classifier.predict(batch)[1]  # the bare model has no such output
            return np.asarray(answer), expected
        return np.asarray(answer[0]), np.asarray(answer[1])

    return run


def make_keras_model(source: Source, form: Form, *, with_none: bool = False) -> Any:  # noqa: ANN401
    """Build the model.

    Args:
        source: The bundle.
        form: What it takes.
        with_none: Whether the bare form gives the probability of "none" too; the picture form always does.

    Returns:
        A `keras.Model` that gives "probs", or a list of "probs" and "none".

    Raises:
        MissingExtraError: If keras or its backend is not installed.
        BundleError: If Keras has no such layer.
    """
    keras = _import_keras()
    pixels = keras.Input((28, 28) if form is Form.bare else (None, None), name=INPUTS[form])
    ink, has_ink = PictureGraph(KerasTensors()).build(pixels) if form is Form.picture else (pixels, None)
    gives_none = with_none or form is Form.picture
    layers = source.layers if gives_none else _leave_none_out(source)
    logits = _add_network(keras, layers, keras.layers.Reshape((28, 28, 1))(ink))
    logits = keras.layers.Rescaling(1 / source.metadata.temperature, name="calibration")(logits)
    outputs = (
        _add_outputs(keras, logits, has_ink, source)
        if gives_none
        else keras.layers.Softmax(name=OUTPUTS[0])(logits)
    )
    return keras.Model(pixels, outputs, name=f"{source.metadata.name}-{form.value}".replace("-", "_"))


def _leave_none_out(source: Source) -> tuple[Layer, ...]:
    """Return the network without the output of "none": the model then needs nothing but common layers."""
    *before, last = source.layers
    if last.kind != "dense":
        raise BundleError("The network does not end with a dense layer", remedy="Export it to ONNX instead.")
    count = len(source.classifier.labels)
    return (*before, replace(last, weights={name: array[:count] for name, array in last.weights.items()}))


def _add_outputs(keras: Any, scaled: Any, has_ink: Any, source: Source) -> list[Any]:  # noqa: ANN401
    ops, count = keras.ops, len(source.classifier.labels)
    probs = keras.layers.Softmax(name=OUTPUTS[0])(scaled[:, :count])
    none = ops.softmax(scaled, axis=-1)[:, count] if source.classifier.knows_none else scaled[:, 0] * 0.0
    if has_ink is not None:
        none = ops.maximum(none, 1.0 - has_ink[:, 0, 0])
    return [probs, keras.layers.Identity(name=OUTPUTS[1])(none)]


def _add_network(keras: Any, layers: tuple[Layer, ...], ink: Any) -> Any:  # noqa: ANN401
    """Chain the layers; maps are (N, H, W, C) here and (N, C, H, W) in a bundle."""
    values = {INPUT: ink}
    weights: list[Weighted] = []
    for layer in layers:
        values[layer.output] = _add_layer(keras, layer, [values[name] for name in layer.inputs], weights)
    for built, arrays in weights:
        built.set_weights(arrays)
    return values[layers[-1].output]


def _add_layer(keras: Any, layer: Layer, inputs: list[Any], weights: list[Weighted]) -> Any:  # noqa: ANN401
    kinds: Mapping[str, Any] = {
        "conv": _conv, "max_pool": _max_pool, "dense": _dense, "norm": _norm, "flatten": _flatten, "crop": _crop,
    }  # fmt: skip
    if layer.kind in kinds:
        return kinds[layer.kind](keras.layers, layer, inputs[0], weights)
    simple = {"relu": keras.layers.ReLU, "add": keras.layers.Add, "mean": keras.layers.GlobalAveragePooling2D}
    if layer.kind not in simple:
        raise BundleError(f"Keras has no layer for {layer.kind!r}")
    return simple[layer.kind]()(inputs if layer.kind == "add" else inputs[0])


def _conv(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    weight = layer.weights["weight"]
    conv = layers.Conv2D(
        weight.shape[0],
        layer.options["window"],
        strides=layer.options["strides"],
        groups=layer.options["groups"][0],
    )
    # (O, I, kH, kW) -> (kH, kW, I, O)
    weights.append((conv, [weight.transpose(2, 3, 1, 0), layer.weights["bias"]]))
    return conv(_pad(layers, layer, x))


def _max_pool(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    # Maps are not negative here (they come from a ReLU), so padding with 0 changes no maximum.
    padded = _pad(layers, layer, x)
    return layers.MaxPooling2D(layer.options["window"], strides=layer.options["strides"])(padded)


def _dense(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    dense = layers.Dense(layer.weights["weight"].shape[0])
    weights.append((dense, [layer.weights["weight"].T, layer.weights["bias"]]))
    return dense(x)


def _norm(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    norm = layers.BatchNormalization(epsilon=0.0)
    scale, shift = layer.weights["weight"], layer.weights["bias"]
    weights.append((norm, [scale, shift, np.zeros_like(scale), np.ones_like(scale)]))
    return norm(x)


def _flatten(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    """Flatten in the order of a bundle, so that the weights behind it stay as they are."""
    return layers.Flatten()(layers.Permute((3, 1, 2))(x))


def _crop(layers: Any, layer: Layer, x: Any, weights: list[Weighted]) -> Any:  # noqa: ANN401
    top, left, bottom, right = layer.options["crop"]
    return layers.Cropping2D(((top, bottom), (left, right)))(x)


def _pad(layers: Any, layer: Layer, x: Any) -> Any:  # noqa: ANN401
    top, left, bottom, right = layer.options["pads"]
    return layers.ZeroPadding2D(((top, bottom), (left, right)))(x) if any(layer.options["pads"]) else x


def _import_keras() -> Any:  # noqa: ANN401
    try:
        import keras
    except ImportError as error:  # Keras without a backend says so with an ImportError of that backend
        raise MissingExtraError(str(error.name or "keras"), extra="keras") from error
    return keras
