"""Types that skops may load."""

from __future__ import annotations

from .. import detectors, model_selection, postprocessing, preprocessing, sampling, thresholds
from .._core import FITTED_PARTS

_ROOMS = (detectors, postprocessing, model_selection, preprocessing, sampling, thresholds)
#: Types of scikit-learn and imbalanced-learn that skops does not trust by default.
_OTHERS = ("imblearn.pipeline.Pipeline", "sklearn.utils._bunch.Bunch")


def skops_trusted_types() -> list[str]:
    """Return the types of sktsad that skops can load safely, as they only store what they have learnt.

    A skops file runs no code when it is loaded, except for types that are trusted by name. The list contains the
    estimators without a network, the threshold rules, the splitters, and ``Pipeline`` of imbalanced-learn.

    Returns
    -------
    names : list of str
        For ``skops.io.load(file, trusted=names)``.

    See Also
    --------
    to_onnx : For models with a network.

    Notes
    -----
    Estimators with a network are left out. skorch keeps the network as a pickle within its state, so trusting its class
    means trusting any code in the file.

    Examples
    --------
    >>> from sktsad.export import skops_trusted_types
    >>> "sktsad.detectors._z_score.ZScoreDetector" in skops_trusted_types()
    True
    """
    public = {getattr(room, name) for room in _ROOMS for name in room.__all__}
    classes = [cls for cls in (*public, *FITTED_PARTS) if isinstance(cls, type)]
    return sorted([*(f"{cls.__module__}.{cls.__qualname__}" for cls in classes), *_OTHERS])
