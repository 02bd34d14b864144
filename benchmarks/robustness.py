"""What every public estimator does with bad parameters and bad input: an error that names them, or wrong results.

A case is *refused by name* if the error is a ValueError, TypeError, MemoryError or FileNotFoundError that names the
parameter, or what is wrong with the input, and the estimator is unchanged; *accepted* only if scores are those of the
same data as a float64 frame with a DatetimeIndex, or of the same parameter as a plain Python value; *announced* if
there is a warning and scores differ, or no such data exist; *silent* if there is no warning. *Half-fitted*: there is an
error, and the estimator has changed. *Hang*: no result within the limit of computing. *Unclear*: any other error.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import _bad_inputs as inputs
import numpy as np
import pandas as pd
from _bad_parameters import bad_parameters, is_allowed, plain
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

import sktsad
import sktsad.thresholds
from sktsad.thresholds import ThresholdRule

VERDICTS = ("refused by name", "accepted", "announced", "silent", "half-fitted", "hang", "unclear")
#: Parameters that make a fit fast, where an estimator has them.
QUICK = {
    "max_epochs": 1,
    "min_updates": 1,
    "hidden_size": 3,
    "dense_size": 3,
    "hidden_sizes": (3, 2),
    "n_draws": 1,
    "length": 3,
    "min_events": 1,
    "random_state": 0,
}
#: Words of an error that names the wrong input.
_OF_INPUT = re.compile(
    r"\b(X|y|sample_weight|weights?|index|time|levels?|columns?|features?|labels?|rows?|samples?|class(es)?|target|scores?|"
    r"dimensions?|sparse|channels?)\b"
)
_CHUNK = 60
#: How many times the limit of computing a case may take altogether.
_PATIENCE = 10


class Hang(BaseException):
    """No result in time."""


def estimators() -> dict[str, type]:
    """Return the public estimators and threshold rules by name."""
    found = {}
    for module in (sktsad, sktsad.thresholds):
        for name in module.__all__:
            cls = getattr(module, name)
            if inspect.isclass(cls) and issubclass(cls, BaseEstimator) and hasattr(cls, "fit"):
                found[name] = cls
    del found["ThresholdRule"]
    return found


@cache
def encoder_path() -> str:
    """Write an encoder of two channels."""
    folder = Path(tempfile.mkdtemp())
    windows = sktsad.SlidingWindow(3).fit_transform(inputs.clean_rows())
    model = sktsad.ForecastPretrainer(hidden_size=3, max_epochs=1, n_channels=2, random_state=0).fit(windows)
    sktsad.save_encoder(model, folder / "encoder.pt")
    return str(folder / "encoder.pt")


def quick_parameters(cls: type) -> dict[str, Any]:
    """Return the arguments that an estimator needs, and those that make it fast."""
    names = {}
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        if name in QUICK:
            names[name] = QUICK[name]
        elif parameter.default is parameter.empty and name != "self":
            names[name] = {
                "detectors": [("z", sktsad.ZScoreDetector()), ("gaussian", sktsad.GaussianDetector())],
                "classifier": FrozenEstimator(
                    make_pipeline(sktsad.SeriesScaler(), LogisticRegression()).fit(*training_data(cls))
                ),
                "detector": IsolationForest(n_estimators=3, random_state=0),
                "path": encoder_path() if name == "path" else None,
                "features": ["level", "spread"],
            }.get(name, make_pipeline(sktsad.SeriesScaler(), LogisticRegression()))
    if cls is sktsad.ThresholdClassifier:
        names["cv"] = StratifiedKFold(2)
    if cls in (sktsad.PretrainedEncoder, sktsad.SafeSampler):
        names["n_channels"] = 2
    return names


def new(cls: type, **parameters: Any) -> Any:
    """Make an estimator that fits quickly."""
    return cls(**{**quick_parameters(cls), **parameters})


def results(model: Any, X: Any, y: Any = None) -> np.ndarray:
    """Return the output of a fitted estimator for rows, as numbers."""
    if isinstance(model, ThresholdRule):
        return np.array([model.threshold_])
    for method in ("decision_function", "transform", "predict"):
        if hasattr(model, method):
            return np.asarray(getattr(model, method)(X), dtype=float)
    return np.asarray(model.fit_resample(X, y)[0], dtype=float)


def fit(model: Any, X: Any, y: Any, **params: Any) -> np.ndarray:
    """Fit and return the results for the same rows."""
    model.fit(X, y, **params)
    _FITTED.append(model)
    return results(model, X, y)


#: Models whose fit succeeded in the present case.
_FITTED: list[Any] = []


def training_data(cls: type) -> tuple[Any, np.ndarray]:
    """Return clean rows, or scores for a threshold rule, and labels."""
    X, y = inputs.clean_rows(), inputs.clean_labels()
    return (X["load"] if issubclass(cls, ThresholdRule) else X), y


@cache
def uses(cls: type, name: str) -> bool:
    """Return whether labels, or weights, make a difference to an estimator."""
    if name == "sample_weight":
        return "sample_weight" in inspect.signature(cls.fit).parameters
    X, y = training_data(cls)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return not np.array_equal(fit(new(cls), X, None), fit(new(cls), X, y), equal_nan=True)
    except (ValueError, TypeError):
        return True


_MODELS: dict[type, Any] = {}


def fitted(cls: type) -> Any:
    """Return an estimator fitted to clean rows, the same one for all cases."""
    if cls not in _MODELS:
        X, y = training_data(cls)
        _MODELS[cls] = new(cls).fit(X, y)
    return _MODELS[cls]


def judge(
    attempt: Any, model: Any, expect: Any, is_named: Any, is_single: bool = False, wants_nan: bool = False
) -> tuple[str, str]:
    """Run one case and return the verdict, with the text of its error or warning.

    Parameters
    ----------
    attempt : callable
        Runs the case and returns numbers.
    model : estimator
        It must be as it was if the case fails.
    expect : callable or None
        Returns the right numbers; None for cases that are meaningless.
    is_named : callable
        Tells whether an error names its cause.
    is_single : bool, default=False
        Whether the rows have single precision, or less.
    wants_nan : bool, default=False
        Whether NaN was asked for, such as by ``fill=nan``.
    """
    before = vars(model).copy()
    _FITTED.clear()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = attempt()
        except Hang:
            return "hang", ""
        except ImportError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            is_changed = vars(model).keys() != before.keys() or any(
                vars(model)[name] is not before[name] for name in before
            )
            if is_changed and not any(model is other for other in _FITTED):
                return "half-fitted", text
            kinds = (ValueError, TypeError, MemoryError, FileNotFoundError)
            right = isinstance(error, kinds) and is_named(str(error))
            return ("refused by name" if right else "unclear"), text
    said = {str(item.message) for item in caught if issubclass(item.category, UserWarning)}
    usual: set[str] = set()
    right = False
    if expect is not None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            wanted = expect()
        usual = {str(item.message) for item in caught}
        rtol = 1e-3 if is_single else 1e-5  # solvers of other libraries stop elsewhere in single precision
        right = found.shape == wanted.shape and np.allclose(
            found, wanted, rtol=rtol, atol=1e-7, equal_nan=True
        )
    if right and (wants_nan or not np.isnan(found).any()):
        return "accepted", " | ".join(said - usual)
    news = " | ".join(sorted(said - usual))
    return ("announced" if news else "silent"), news or ("other numbers" if expect else "no error")


def cases_of(cls: type, kind: str) -> list[Any]:
    """Return the cases of one kind for an estimator."""
    if kind == "parameter":
        signature = inspect.signature(cls.__init__).parameters
        rules = {name: rule for name, rule in cls._parameter_constraints.items() if name in signature}
        return [
            (name, value, junk) for name, rule in rules.items() for value, junk in bad_parameters(name, rule)
        ]
    is_rule = issubclass(cls, ThresholdRule)
    if kind == "labels":
        return (
            []
            if not uses(cls, "y")
            else [(*case, True) for case in inputs.LABELS] + [(*case, False) for case in inputs.BAD_LABELS]
        )
    if kind == "weights":
        return (
            []
            if is_rule or not uses(cls, "sample_weight")
            else [(*case, True) for case in inputs.WEIGHTS] + [(*case, False) for case in inputs.BAD_WEIGHTS]
        )
    if is_rule or (cls is sktsad.SafeSampler and kind == "rows later"):  # which have no later rows
        return []
    takes_nan = new(cls).__sklearn_tags__().input_tags.allow_nan
    missing = inputs.MISSING if takes_nan else [(name, mutate, None) for name, mutate, _ in inputs.MISSING]
    rows = [*inputs.DRESSED, *inputs.DISORDERED, *missing, *((*case, None) for case in inputs.BROKEN)]
    return rows + [(*case, None) for case in inputs.LATER] if kind == "rows later" else rows


def run_case(cls: type, kind: str, case: Any) -> tuple[str, str, str]:
    """Return the name of a case, its verdict, and the text of its error or warning."""
    X, y = training_data(cls)
    if kind == "parameter":
        name, value, is_junk = case
        model = new(cls, **{name: value})
        rule = cls._parameter_constraints[name]
        wants_nan = isinstance(value, float | np.floating) and bool(np.isnan(value))
        means_something = is_allowed(value, rule) and (wants_nan or not is_junk)
        expect = (lambda: fit(new(cls, **{name: plain(value)}), X, y)) if means_something else None
        verdict = judge(
            lambda: fit(model, X, y), model, expect, lambda text: name in text, wants_nan=wants_nan
        )
        return f"{name}={value!r:.60}", *verdict
    name, mutate, right = case

    def is_named(text: str) -> bool:
        return bool(_OF_INPUT.search(text))

    if kind == "rows at fit":
        model, bad = new(cls), mutate(X)
        expect = None if right is None else (lambda: _in_order(fit(new(cls), right(X), y), bad, right(X)))
        y_bad = y if right is None else _in_order(y, bad, right(X))
        is_single = any(word in name for word in ("float32", "Float32", "float16"))
        return name, *judge(lambda: fit(model, bad, _cut(y_bad, bad)), model, expect, is_named, is_single)
    if kind == "rows later":
        later, labels = inputs.clean_rows(inputs.N_LATER, inputs.N_ROWS), inputs.clean_labels(inputs.N_LATER)
        model, bad = fitted(cls), mutate(later)
        expect = (
            None
            if right is None
            else (lambda: _in_order(results(model, right(later), labels), bad, right(later)))
        )
        return name, *judge(lambda: results(model, bad, _cut(labels, bad)), model, expect, is_named)
    model = new(cls)
    if kind == "labels":
        bad = mutate(y, X.index)
        wanted = _targets(bad) if issubclass(cls, RegressorMixin) else y if right else None
        expect = None if wanted is None else (lambda: fit(new(cls), X, wanted))
        return name, *judge(lambda: fit(model, X, bad), model, expect, is_named)
    bad = mutate(len(X), X.index)
    expect = (lambda: fit(new(cls), X, y, sample_weight=np.ones(len(X)))) if right else None
    return name, *judge(lambda: fit(model, X, y, sample_weight=bad), model, expect, is_named)


@cache
def _warm_up() -> None:
    """Fit a network first, so that the time limit does not interrupt the imports of torch."""
    sktsad.TorchClassifier(max_epochs=1).fit(*training_data(sktsad.TorchClassifier))


def _in_order(numbers: np.ndarray, bad: Any, right: pd.DataFrame) -> np.ndarray:
    """Bring the right numbers into the order in which the rows came."""
    where = inputs.positions(bad, right)
    return numbers if where is None or len(where) != len(numbers) else numbers[where]


def _targets(y: Any) -> np.ndarray | None:
    """Return the target of a regressor as an array of numbers; None if it cannot be one."""
    try:
        return (
            np.asarray(y, dtype=float)
            if isinstance(y, (list, tuple, np.ndarray, pd.Series, pd.DataFrame))
            else None
        )
    except (TypeError, ValueError):
        return None


def _cut(y: np.ndarray, X: Any) -> np.ndarray:
    """Return one label per row, so that their number is right."""
    try:
        return y[: len(X)]
    except TypeError:
        return y


def run_chunk(name: str, kind: str, start: int, every: int, limit: float, stop_at: float) -> list[tuple]:
    """Run some cases of one kind for one estimator: each, or one in ``every``."""
    import torch

    torch.set_num_threads(1)
    _warm_up()
    cls, out = estimators()[name], []

    def ring(*args: Any) -> None:
        raise Hang

    for limited in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(limited, ring)
    for case in cases_of(cls, kind)[start : start + _CHUNK : every]:
        if time.time() > stop_at:
            break
        # On a busy machine a large network is slow, but does not hang.
        signal.setitimer(signal.ITIMER_PROF, limit)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE * limit)
        try:
            out.append((name, kind, *run_case(cls, kind, case)))
        except Hang:
            out.append((name, kind, str(case[:2])[:60], "hang", ""))
        except ImportError:  # of polars or pyarrow, which need not be there
            continue
        except Exception as error:  # of a constructor, or of the clean data
            out.append(
                (name, kind, str(case[:2])[:60], "unclear", f"before fit: {type(error).__name__}: {error}")
            )
        finally:
            for timer in (signal.ITIMER_PROF, signal.ITIMER_REAL):
                signal.setitimer(timer, 0)
    return out


def main() -> int:
    """Run the grid, print a table, and keep the cases that are neither refused by name nor accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--seconds", type=float, default=3600.0, help="stop after that many")
    parser.add_argument("--every", type=int, default=1, help="run one case in that many")
    parser.add_argument(
        "--limit", type=float, default=60.0, help="seconds of computing after which a case hangs"
    )
    parser.add_argument("--only", default="", help="pattern of estimators")
    parser.add_argument("--kind", default="", help="pattern of kinds")
    parser.add_argument("--out", type=Path, help="folder for the table and a JSON line for each case of note")
    options = parser.parse_args()
    stop_at = time.time() + options.seconds
    kinds = [
        kind
        for kind in ("parameter", "rows at fit", "rows later", "labels", "weights")
        if options.kind in kind
    ]
    chunks = [
        (name, kind, start)
        for name, cls in estimators().items()
        if re.search(options.only, name)
        for kind in kinds
        for start in range(0, len(cases_of(cls, kind)), _CHUNK)
    ]
    done = Parallel(n_jobs=options.jobs)(
        delayed(run_chunk)(*chunk, options.every, options.limit, stop_at) for chunk in chunks
    )
    found = pd.DataFrame(
        [case for chunk in done for case in chunk], columns=["estimator", "kind", "case", "verdict", "said"]
    )
    n_cases = sum(
        len(cases_of(estimators()[name], kind)[start : start + _CHUNK : options.every])
        for name, kind, start in chunks
    )
    lines = []
    for by in ("estimator", "kind"):
        table = pd.crosstab(found[by], found["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
        lines.append(table.to_string())
    counts = Counter(found["verdict"])
    lines.append(
        ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS)
        + f"; {len(found)} of {n_cases} cases"
    )
    print("\n\n".join(lines))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "robustness.txt").write_text("\n\n".join(lines) + "\n")
        odd = found[~found["verdict"].isin(["refused by name", "accepted"])]
        text = "\n".join(json.dumps(row) for row in odd.astype(str).to_dict("records"))
        (options.out / "robustness.jsonl").write_text(text + "\n")
    return 0 if not any(counts[verdict] for verdict in ("silent", "half-fitted", "hang")) else 1


if __name__ == "__main__":
    sys.exit(main())
