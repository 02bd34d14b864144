"""Fitted models as ONNX."""

from __future__ import annotations

import json
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._core import AnyEstimator, HasMethods, StrOptions, validate_params, version_of

if TYPE_CHECKING:
    import torch
    from onnx import ModelProto

_PACKAGES = ("sktsad", "torch", "onnx")


@validate_params(
    {
        "model": [HasMethods(["fit", "decision_function"])],
        "path": [str, os.PathLike, None],
        "dtype": [StrOptions({"float32", "float64"})],
    },
    prefer_skip_nested_validation=True,
)
def to_onnx(
    model: AnyEstimator, path: str | os.PathLike[str] | None = None, *, dtype: str = "float64"
) -> ModelProto:
    """Export a fitted classifier or detector, with all steps before it, for use without sktsad.

    The model takes ``rows`` of one series, in time order and without a gap, and returns a ``decision`` and a ``label``
    for each. Scaling, windows, network and threshold are all inside.

    Parameters
    ----------
    model : estimator or Pipeline
        A fitted `RNNClassifier`, `TorchClassifier`, `AutoencoderDetector`, `VAEDetector`, `ForecastDetector`,
        `StatefulRNNClassifier`, `StatefulForecastDetector`, `GaussianDetector` or `ZScoreDetector`; a
        `ThresholdClassifier` or ``FrozenEstimator`` around one of these; or a ``Pipeline`` of scalers and a
        `SlidingWindow` that ends with one of these. A scaler is any transformer that shifts and scales each column
        separately. Samplers act at fit only and are left out.
    path : str or path-like, default=None
        File to write; None writes none.
    dtype : {"float64", "float32"}, default="float64"
        Type of ``rows``. With both, scaling is computed in float64 and the network in float32.

    Returns
    -------
    onnx_model : onnx.ModelProto
        Input ``rows`` of shape (n_rows, n_features_in); a network that runs along the series has more inputs, see
        Notes. Outputs ``decision``, float64 of shape (n_rows,), or (n_rows, n_classes) for more than two classes, which
        is `decision_function`; and ``label``, int64 of shape (n_rows,), which is `predict`, or the position in
        ``classes_`` if these are not integers. ``metadata_props`` contains the ``classes``, the ``columns`` if they had
        names, and the versions of the packages.

    Raises
    ------
    ImportError
        If onnx or onnxscript are not installed.
    TypeError
        If the last step cannot be exported.
    ValueError
        If a step before the last cannot be exported.
    RuntimeError
        If the exported step of a network along the series, run by onnx on random numbers, gives different results from
        the model: torch before 2.13 may export it wrongly.

    Notes
    -----
    The exported model reads no index: every call is one series, and its first row has no past. To continue a stream,
    pass the last ``length - 1`` rows again before the new ones, and ignore their results. NaN and numbers too large for
    float32 raise no error: the decision is then infinite for a detector, NaN for a classifier, and the label is that of
    the anomaly. All windows of a call are in memory, so pass a long series in several calls.

    A network that runs along the series, such as `StatefulRNNClassifier`, is exported as one step: ``rows`` contains
    the next row of each of ``n_rows`` series, and ``state``, float32 of shape (n_rows, n_numbers), their past. A third
    output, ``next_state``, is the state after these rows; pass it with the next rows. Pass zeros for a series without a
    past, and for the first row after a gap. With ``series_embedding`` there is a third input, ``series``, int64 of
    shape (n_rows,): the position of each series among those of `fit`, or -1.

    On the CPU, decisions differ from those of `decision_function` by rounding in float32: in the tests of sktsad, by at
    most 1e-5 of the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sktsad import SlidingWindow, ZScoreDetector
    >>> from sktsad.export import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> detector = make_pipeline(
    ...     StandardScaler(), SlidingWindow(20), ZScoreDetector("rolling")
    ... ).fit(X)
    >>> onnx_model = to_onnx(detector, "detector.onnx")  # doctest: +SKIP
    """
    check_is_fitted(model)
    try:
        import onnx
        import onnxscript  # noqa: F401  used by torch's exporter
    except ImportError as error:
        raise ImportError(
            f"to_onnx needs onnx and onnxscript: pip install 'sktsad[onnx]' ({error})."
        ) from error
    import torch

    from ._along_parts import ClassifierStep, LabelledStep
    from ._parts import LabelledDecision, parts

    classes = np.asarray(model.classes_)
    labels = classes if classes.dtype.kind in "iub" else np.arange(len(classes))
    chain = list(parts(model))
    # torch would treat a size of 0 or 1 rows as a constant.
    inputs = {"rows": torch.zeros(3, model.n_features_in_, dtype=getattr(torch, dtype))}
    outputs = ["decision", "label"]
    steps = [part for part in chain if isinstance(part, ClassifierStep)]
    if steps:
        inputs["state"] = torch.zeros(3, steps[0].n_numbers)
        outputs.append("next_state")
        if steps[0].knows_series:
            inputs["series"] = torch.zeros(3, dtype=torch.int64)
    module = LabelledStep(chain, labels) if steps else LabelledDecision(chain, labels)
    with _quiet(), torch.inference_mode():
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            dynamo=True,
            verbose=False,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes={name: {0: "n_rows"} for name in inputs},
        )
    proto = program.model_proto  # type: ignore[union-attr]
    _forget_sources(proto)
    notes = {"classes": json.dumps(classes.tolist()), **{name: version_of(name) for name in _PACKAGES}}
    if hasattr(model, "feature_names_in_"):
        notes["columns"] = json.dumps(list(model.feature_names_in_))
    onnx.helper.set_model_props(proto, notes)
    onnx.checker.check_model(proto)
    if steps:
        _check_alike(module, proto, inputs)
    if path is not None:
        onnx.save(proto, os.fspath(path))
    return proto


def _check_alike(module: torch.nn.Module, proto: ModelProto, inputs: dict[str, torch.Tensor]) -> None:
    """Raise if an exported step and the module give different results on random numbers.

    Versions of torch before 2.13 may export a cell with a given state wrongly. Other models are not compared, as onnx
    can run one step of a cell, but not every loop over the rows of a window.
    """
    import torch
    from onnx.reference import ReferenceEvaluator

    generator = torch.Generator().manual_seed(0)
    given = {
        name: torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in inputs.items()
    }
    with torch.inference_mode():
        wanted = [output.numpy() for output in module(*given.values())]
    try:
        found = ReferenceEvaluator(proto).run(None, {name: tensor.numpy() for name, tensor in given.items()})
        fault = "" if all(map(_is_alike, found, wanted)) else "other numbers"
    except (ValueError, IndexError) as error:  # from shapes that do not match
        fault = str(error)
    if fault:
        raise RuntimeError(
            f"torch {torch.__version__} exported a program whose results differ from those of the model ({fault}). "
            "Install newer versions: pip install --upgrade torch onnx onnxscript."
        )


def _is_alike(found: np.ndarray, wanted: np.ndarray) -> bool:
    size = np.abs(wanted[np.isfinite(wanted)]).max(initial=1.0)
    return found.shape == wanted.shape and np.allclose(
        found, wanted, rtol=1e-4, atol=1e-4 * size, equal_nan=True
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the messages of torch's exporter."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _forget_sources(proto: ModelProto) -> None:
    """Drop the source of each node, with lines of code and local paths, as recorded by the exporter."""
    graph = proto.graph
    for noted in (graph, *graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        del noted.metadata_props[:]
        noted.ClearField("doc_string")
