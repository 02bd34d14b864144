"""The base of the detectors with a network; how each detects is tested in its own file."""

import numpy as np
import pytest
import torch

from sktsad import AutoencoderDetector, SlidingWindow
from sktsad.neural import NetDetector

ROWS = np.sin(np.arange(200) / 3).reshape(-1, 1)
WINDOWS = SlidingWindow(8).fit_transform(ROWS)


class Nameless(AutoencoderDetector):
    _network = NetDetector._network


def test_a_detector_has_to_say_which_network():
    with pytest.raises(NotImplementedError):
        Nameless(max_epochs=1).fit(WINDOWS)


def test_the_score_module_maps_windows_to_the_scores():
    detector = AutoencoderDetector(max_epochs=2, random_state=0)
    assert not hasattr(detector, "score_module_")
    detector.fit(WINDOWS)
    with torch.no_grad():
        scores = detector.score_module_(torch.from_numpy(WINDOWS.gather(slice(None), np.float32)))
    np.testing.assert_allclose(scores, detector.anomaly_score(WINDOWS), rtol=1e-5)
