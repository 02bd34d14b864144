"""Files of encoders: the contents are checked before a module is built."""

from __future__ import annotations

import os
import warnings
import zipfile
from io import BytesIO
from numbers import Integral, Real
from typing import Any

import torch

from .._core import level_of_user, version_of
from ..networks import CELLS, RecurrentEncoder

_PACKAGES = ("sktsad", "torch")
#: Weights and biases of one unit, by cell.
_GATES = {"rnn": 1, "gru": 3, "lstm": 4}
#: Upper limits of the sizes in a file, far beyond any that are useful.
_LARGEST = {"n_channels": 2**16, "hidden_size": 2**13, "num_layers": 100, "patch_size": 2**16}
_ARGUMENTS = {*_LARGEST, "cell", "dropout", "bidirectional", "pooling"}


def write_encoder(encoder: RecurrentEncoder, path: str | os.PathLike[str]) -> None:
    """Write an encoder: arguments, weights, versions."""
    contents = {
        "arguments": encoder.arguments,
        "state": {name: value.cpu() for name, value in encoder.state_dict().items()},
        "versions": {name: version_of(name) for name in _PACKAGES},
    }
    with open(path, "wb") as file:  # errors of torch would not name the path
        torch.save(contents, file)


def read_encoder(path: str | os.PathLike[str]) -> tuple[RecurrentEncoder, dict[str, str]]:
    """Read a file of `write_encoder`: return the encoder, and versions of packages.

    Raises
    ------
    OSError
        If there is no such file.
    ValueError
        If the file does not contain an encoder, is damaged, or arguments and weights do not match.

    Warns
    -----
    UserWarning
        If the file was written with other versions.
    """
    try:
        with open(path, "rb") as file:
            content = BytesIO(file.read())
    except (FileNotFoundError, ValueError) as error:  # the latter for characters that no path contains
        raise FileNotFoundError(
            f"path={os.fspath(path)!r} does not exist. Write it with save_encoder, or correct the path."
        ) from error
    except IsADirectoryError as error:
        raise IsADirectoryError(
            f"path={os.fspath(path)!r} is a folder. Set path to a file written by save_encoder."
        ) from error
    try:
        damaged = zipfile.ZipFile(content).testzip()  # torch does not compare checksums
        content.seek(0)
        saved = torch.load(content, weights_only=True, map_location="cpu")
        arguments, state, versions = saved["arguments"], saved["state"], saved["versions"]
        fault = f"the checksum of {damaged!r} differs" if damaged else _fault(arguments, state, versions)
    except MemoryError:
        raise
    except Exception as error:  # from torch or pickle, or a missing key: all mean that there is no encoder
        raise ValueError(
            f"path={os.fspath(path)!r} contains no encoder: write one with save_encoder."
        ) from error
    if fault:
        raise ValueError(
            f"path={os.fspath(path)!r} contains no valid encoder: {fault}. Write it again with save_encoder."
        )
    with torch.device("meta"):  # no random weights, and no random numbers are consumed
        encoder = RecurrentEncoder(**arguments)
    encoder.load_state_dict(state, assign=True)  # in the precision of the file
    _warn_if_other_versions(path, versions)
    return encoder, versions


def _fault(arguments: dict[str, Any], state: dict[str, Any], versions: dict[str, str]) -> str | None:
    """Return what is wrong with the contents of a file; None if nothing is."""
    if not all(isinstance(each, dict) for each in (arguments, state, versions)):
        return "its parts are not mappings"
    if set(arguments) != _ARGUMENTS:
        return f"its arguments are {sorted(map(str, arguments))}, but must be {sorted(_ARGUMENTS)}"
    for name, largest in _LARGEST.items():
        value = arguments[name]
        if not isinstance(value, Integral) or isinstance(value, bool) or not 1 <= int(value) <= largest:
            return f"{name}={value!r:.50} must be a whole number from 1 to {largest:,}"
    if arguments["cell"] not in CELLS:
        return f"cell={arguments['cell']!r:.50} must be one of {sorted(CELLS)}"
    if arguments["pooling"] not in ("last", "last_max"):
        return f"pooling={arguments['pooling']!r:.50} must be 'last' or 'last_max'"
    if not isinstance(arguments["bidirectional"], bool):
        return f"bidirectional={arguments['bidirectional']!r:.50} must be True or False"
    dropout = arguments["dropout"]
    if not isinstance(dropout, Real) or not 0 <= float(dropout) < 1:
        return f"dropout={dropout!r:.50} must be at least 0 and below 1"
    shapes = _shapes(**arguments)
    if set(state) != set(shapes):
        return f"it contains {len(state)} weights, but its arguments need {len(shapes)}, such as {next(iter(shapes))!r}"
    for name, shape in shapes.items():
        weight = state[name]
        if not isinstance(weight, torch.Tensor) or tuple(weight.shape) != shape:
            return f"the weights {name!r} are of shape {tuple(getattr(weight, 'shape', ()))}, but must be {shape}"
        if weight.dtype not in (torch.float32, torch.float64) or not bool(torch.isfinite(weight).all()):
            return f"the weights {name!r} are not all finite numbers of float32 or float64"
    dtypes = {weight.dtype for weight in state.values()}
    return f"its weights are of several types, {dtypes}" if len(dtypes) > 1 else None


def _shapes(
    n_channels: int,
    cell: str,
    hidden_size: int,
    num_layers: int,
    bidirectional: bool,
    patch_size: int,
    **others: Any,
) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight of an encoder, without building it."""
    n_gates = _GATES[cell] * hidden_size
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(num_layers):
        n_inputs = hidden_size * (2 if bidirectional else 1) if layer else patch_size * n_channels
        for end in ("", "_reverse") if bidirectional else ("",):
            shapes[f"rnn.weight_ih_l{layer}{end}"] = (n_gates, n_inputs)
            shapes[f"rnn.weight_hh_l{layer}{end}"] = (n_gates, hidden_size)
            shapes[f"rnn.bias_ih_l{layer}{end}"] = shapes[f"rnn.bias_hh_l{layer}{end}"] = (n_gates,)
    return shapes


def _warn_if_other_versions(path: str | os.PathLike[str], versions: dict[str, str]) -> None:
    then = {name: str(versions.get(name, "unknown")).partition("+")[0] for name in _PACKAGES}
    changed = [name for name in _PACKAGES if then[name] != version_of(name)]
    if changed:
        old = ", ".join(f"{name} {then[name]}" for name in changed)
        new = ", ".join(f"{name} {version_of(name)}" for name in changed)
        warnings.warn(
            f"path={os.fspath(path)!r} was written with {old} and is read with {new}: codes may differ. Compare them "
            "on known rows.",
            UserWarning,
            stacklevel=level_of_user(),
        )
