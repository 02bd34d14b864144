"""Callbacks that score epochs: silent where they can score, announced where they cannot."""

import warnings

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, make_scorer
from skorch.callbacks import BatchScoring, EpochScoring

from sktsad import AutoencoderDetector, ForecastDetector, RNNClassifier, SlidingWindow, StatefulRNNClassifier
from sktsad.metrics import SCORERS

RNG = np.random.default_rng(0)
Y = (np.arange(80) % 5 == 2).astype(int)
WINDOWS = SlidingWindow(3).fit_transform(RNG.normal(size=(80, 1)) + 2 * Y[:, None])
PARAMS = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}


@pytest.mark.parametrize("callback", [EpochScoring("roc_auc"), ("own", EpochScoring(lambda net, X, y: 1.0))])
def test_scores_of_validation_rows_need_some(callback):
    model = RNNClassifier("rnn", callbacks=[callback], **PARAMS)
    with pytest.warns(
        UserWarning, match=r"EpochScoring\(.*early_stopping=False holds none out.*on_train=True"
    ) as record:
        model.fit(WINDOWS, Y)
    assert record[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for has_valid in (False, True):
            watch = EpochScoring("roc_auc", name="watched", on_train=not has_valid)
            model = RNNClassifier("rnn", callbacks=[watch], early_stopping=has_valid, **PARAMS)
            assert len(model.fit(WINDOWS, Y).net_.history[:, "watched"]) == 1


@pytest.mark.parametrize("scoring", ["roc_auc", make_scorer(f1_score), SCORERS["vus_pr"]])
@pytest.mark.parametrize("kind", [EpochScoring, BatchScoring])
@pytest.mark.parametrize(
    "detector", [AutoencoderDetector(hidden_sizes=(2,)), ForecastDetector(hidden_size=2)]
)
def test_a_detector_has_no_labels_to_score(detector, kind, scoring):
    detector.set_params(callbacks=[kind(scoring)], max_epochs=1)
    with pytest.raises(ValueError, match=rf"{kind.__name__}\(.*without labels: monitor 'valid_loss'"):
        detector.fit(WINDOWS, Y)


def test_a_function_may_score_a_detector():
    watch = EpochScoring(lambda net, X, y: float(len(y)), on_train=True, name="rows")
    detector = AutoencoderDetector(hidden_sizes=(2,), max_epochs=2, callbacks=[watch], random_state=0)
    assert detector.fit(WINDOWS).net_.history[:, "rows"] == [50, 50]  # 30 of 80 are held out


@pytest.mark.parametrize("on_train", [False, True])
def test_scores_without_the_outputs_of_the_epoch_are_those_of_the_rows(on_train):
    watch = EpochScoring("average_precision", name="watched", on_train=on_train, use_caching=False)
    model = RNNClassifier("rnn", callbacks=[watch], early_stopping=True, **PARAMS)
    model.fit(WINDOWS, Y, sample_weight=np.linspace(1, 2, len(Y)))
    rows = slice(64) if on_train else slice(64, None)
    expected = average_precision_score(Y[rows], model.predict_proba(WINDOWS)[rows, 1])
    assert model.net_.history[-1, "watched"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("model", "kind"),
    [(StatefulRNNClassifier("rnn", **PARAMS), EpochScoring), (RNNClassifier("rnn", **PARAMS), BatchScoring)],
)
def test_what_cannot_be_scored_without_the_outputs_of_the_epoch_is_named(model, kind):
    model.set_params(callbacks=[kind("roc_auc", use_caching=False)], early_stopping=True)
    with pytest.raises(
        ValueError, match=rf"{kind.__name__}\('roc_auc'\) with use_caching=False.*Use use_caching=True"
    ):
        model.fit(np.asarray(WINDOWS), Y)
