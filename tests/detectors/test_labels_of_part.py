"""Labels of a part of the rows: both classes are known, but need not be there."""

import numpy as np
import pytest

from sktsad.detectors import labels_of_part

ROWS = np.zeros((3, 1))


@pytest.mark.parametrize(
    ("y", "classes", "known", "expected"),
    [
        (None, None, ["a", "b"], [False, False, False]),
        (["b", "a", "b"], None, ["a", "b"], [True, False, True]),
        (["b", "b", "b"], ["b", "a"], None, [True, True, True]),
        ([0, 0, 0], [0, 1], [0, 1], [False, False, False]),
    ],
)
def test_classes_are_those_given_or_known(y, classes, known, expected):
    both, anomalous = labels_of_part(ROWS, y, classes, None if known is None else np.array(known))
    assert both.tolist() == sorted(classes or known)
    assert anomalous.tolist() == expected


@pytest.mark.parametrize(
    ("y", "classes", "known", "message"),
    [
        (None, [0], None, r"classes=\[0\] must be two labels"),
        (None, [0, 2], [0, 1], r"must be \[0, 1\], as before"),
        ([0, 1, 2], None, [0, 1], r"y holds labels \[0, 1, 2\], but the classes are \[0, 1\]"),
    ],
)
def test_other_classes_are_refused(y, classes, known, message):
    with pytest.raises(ValueError, match=message):
        labels_of_part(ROWS, y, classes, None if known is None else np.array(known))
