"""Labels of the rows of one call of ``partial_fit``, which need not have both classes."""

from __future__ import annotations

import numpy as np

from .._core import Labels, Rows, check_labels, num_samples


def labels_of_part(
    X: Rows, y: Labels, classes: Labels, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return both classes, and which rows are anomalies.

    Parameters
    ----------
    X, y : array-like
        Rows and labels of the call; None treats all rows as normal.
    classes : array-like of shape (2,) or None
        The parameter ``classes`` of the call; None only if ``known`` is given.
    known : ndarray of shape (2,) or None
        The classes of earlier calls; None in the first call.

    Raises
    ------
    ValueError
        If y has labels that are not among the classes, or classes differ from those before.
    """
    both = known if classes is None else np.unique(np.asarray(classes))
    if both is None or len(both) != 2 or not (known is None or np.array_equal(both, known)):
        wanted = "two labels" if known is None else f"{known.tolist()}, as before"
        raise ValueError(f"classes={classes!r} must be {wanted}.")
    anomalous = np.zeros(num_samples(X), dtype=bool)
    if y is not None:
        labels = check_labels(X, y)
        if not np.isin(labels, both).all():
            raise ValueError(
                f"y holds labels {np.unique(labels)[:5].tolist()}, but the classes are {both.tolist()}. Use these "
                "labels only."
            )
        anomalous = labels == both[1]
    return both, anomalous
