import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sktsad import ThresholdClassifier, ZScoreDetector
from sktsad.postprocessing._inner_detector import inner_detector


def test_it_is_found_in_whatever_holds_it_with_the_rows_as_they_reach_it():
    rows = np.arange(100.0).reshape(-1, 1)
    model = make_pipeline(
        StandardScaler(), ThresholdClassifier(FrozenEstimator(ZScoreDetector(threshold=3.0).fit(rows)), 1.0)
    )
    model.fit(rows)
    detector, seen = inner_detector(model, rows, "center_", "")
    assert detector.center_ == 49.5 and abs(seen.mean()) < 1e-9
    with pytest.raises(
        TypeError, match=r"contains no fitted estimator with precision_, only .*ZScoreDetector.*Take another"
    ):
        inner_detector(model, rows, "precision_", "Take another.")
