"""The detector to start with if there are no labels."""

from __future__ import annotations

from numbers import Real
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler

from .._core import AnyEstimator, Interval, StrOptions, validate_params
from ..preprocessing import SeriesScaler, SlidingWindow, WindowReducer
from ..thresholds import MedianMAD, ThresholdRule
from ._fusion import FusionDetector
from ._gaussian import GaussianDetector
from ._nearest_windows import NearestWindowsDetector
from ._pca import PCADetector

#: Number of windows to compare with: more of them improve little. For shapes, half of them are enough.
_MAX_WINDOWS = 5000
#: Number of rows of the windows of "course": longer than many periods, which are too short to be compared by
#: themselves.
_COURSE = 100
#: Rows on each side over which the scores of whole recordings are averaged: half of the windows of "course" in all.
_SMOOTH = _COURSE // 4
#: Largest number of values of a window, over all columns: a day of minutes is compared as averages over a few minutes.
_MAX_VALUES = 256
#: The same for each column where columns are compared one by one: fewer means hide the course of one.
_MAX_PER_COLUMN = 64


@validate_params(
    {
        "threshold": [ThresholdRule, Interval(Real, None, None, closed="neither"), None],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "score_on": [StrOptions({"row", "overlap", "series"})],
    },
    prefer_skip_nested_validation=True,
)
def make_detector(
    *, threshold: Any = None, validation_fraction: float = 0.2, score_on: str = "row"
) -> FusionDetector:
    """Return the detector to start with if there are no labels: a fusion of six that complement one another.

    Each scales the series, makes windows, and scores them in its own way. Four search for the most similar window among
    the normal rows: "course" compares 100 rows without their level, "values" half a period of the series with its
    level, "shape" a whole period and "half_shape" half a period, both without level and amplitude. "subspace"
    reconstructs a period from principal components. "surprise" compares the last row of a period with its prediction
    from the other rows. With several columns, "course" and "values" search in each column separately, and the column
    that stands out most counts; the other members use all columns together.

    Parameters
    ----------
    threshold : threshold rule, float or None, default=None
        None means ``MedianMAD(6)``, on the mean of the six scores, or ``MedianMAD(8)`` if it looks ahead.
    validation_fraction : float, default=0.2
        Share of rows, the last of each series in time, that are held out: the scale of the members' scores and the
        threshold are learnt from them. Then the members are fitted again, to all rows.
    score_on : {"row", "overlap", "series"}, default="row"
        "row" scores a row by the windows that end with it. "overlap" scores it by all windows that contain it, and
        "series" also compares these with the other windows of their series, as in `FusionDetector`. Both **look ahead**
        and are for analysing past data, where they find events better: "series" in whole recordings. Scores of
        "series" are averaged over 51 rows; ``set_params(smooth=0)`` before ``fit`` turns that off.

    Returns
    -------
    detector : FusionDetector
        Six pipelines, not fitted. It takes plain rows, of one series or a panel, and is tuned like any other estimator:
        ``detector.set_params(values="drop")``, ``course__slidingwindow__length=48``.

    See Also
    --------
    FusionDetector : Combines members of your choice.

    Notes
    -----
    Members and lengths were chosen on series of the UCR anomaly archive and on the tuning series of TSB-AD; how they
    use several columns was chosen on such series among other columns, and on generated events. Series of
    fewer than about 300 rows are too short for windows of 100: set a shorter ``course__slidingwindow__length``.

    The scores of the members are put on one scale by ``scale="log"`` and averaged: the mean is ``log(2)`` if each
    member scores as high as on its most unusual held-out row.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad import make_detector
    >>> rng = np.random.default_rng(0)
    >>> X = np.sin(np.arange(1000) / 5).reshape(-1, 1) + rng.normal(0, 0.1, (1000, 1))
    >>> X[800:820] *= 0.5  # a faint period
    >>> detector = make_detector().fit(X[:600])
    >>> bool(800 <= detector.decision_function(X).argmax() < 830)
    True
    """

    def member(
        length: int | str, detector: AnyEstimator, keep: str = "means", per_column: int = 1
    ) -> Pipeline:
        # Scaled by range, so that a switch that is rarely on has little weight: in standard deviations, it would
        # outweigh sensors.
        return make_pipeline(
            SeriesScaler(MinMaxScaler()),
            SlidingWindow(length),
            WindowReducer(_MAX_VALUES, max_per_channel=per_column, keep=keep),
            detector,
        )

    # Only the scores of the members are used, not their thresholds.
    nearest = NearestWindowsDetector(max_windows=_MAX_WINDOWS, threshold=0.0)
    # An event in one of many columns hardly changes the distance over all of them.
    values = clone(nearest).set_params(n_best=1)
    course = clone(values).set_params(normalize="level")
    shape = clone(nearest).set_params(normalize=True, max_windows=_MAX_WINDOWS // 2)
    members = [
        ("course", member(_COURSE, course, per_column=_MAX_PER_COLUMN)),
        ("values", member("auto/2", values, per_column=_MAX_PER_COLUMN)),
        ("shape", member("auto", shape)),
        ("half_shape", member("auto/2", clone(shape))),
        ("subspace", member("auto", PCADetector(0.95, threshold=0.0))),
        ("surprise", member("auto", GaussianDetector("full", score_on="last", threshold=0.0), "last")),
    ]
    return FusionDetector(
        members,
        scale="log",
        threshold=MedianMAD(6 if score_on == "row" else 8) if threshold is None else threshold,
        validation_fraction=validation_fraction,
        refit=True,
        score_on=score_on,
        smooth=_SMOOTH if score_on == "series" else 0,
    )
