"""More windows by small changes, as clocks and sensors make them."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from sklearn.utils import check_random_state

from .._core import RANDOM_STATE, Estimator, Interval, Seed

CHANGES = ("jitter", "scaling", "time_warp", "shift")


class WindowAugmenter(Estimator):
    """Copy windows with small changes: a strategy for `SafeSampler`.

    SMOTE interpolates between two windows, which distorts waves that are out of phase; here each copy is made from one
    window [1]_.

    Parameters
    ----------
    changes : sequence of {"jitter", "scaling", "time_warp", "shift"}, default=all four
        Changes made to a copy; the order in this list does not matter. "time_warp" compresses some parts of the window
        and stretches others; "shift" moves the window in time and repeats the row at its end; "scaling" multiplies each
        channel by a factor; "jitter" adds Gaussian noise.
    strength : float, default=0.1
        Size of the changes: the standard deviation of the noise, as a multiple of that of the channel; by about how
        much the factors, and the relative lengths of time steps, differ from 1; and the largest shift, as a share of
        the window.
    random_state : int, RandomState or None, default=None
        Controls which windows and changes are drawn.

    References
    ----------
    .. [1] T. T. Um et al., "Data augmentation of wearable sensor data for Parkinson's disease monitoring using
       convolutional neural networks", ICMI 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sktsad.sampling import WindowAugmenter
    >>> waves = np.sin(np.arange(20) / 3 + np.arange(5)[:, None])[:, :, None]
    >>> copies, parents = WindowAugmenter(random_state=0).augment(waves, 8)
    >>> copies.shape, parents.shape
    ((8, 20, 1), (8,))
    """

    _parameter_constraints: dict = {
        "changes": ["array-like"],
        "strength": [Interval(Real, 0, None, closed="left")],
        "random_state": RANDOM_STATE,
    }

    def __init__(
        self, changes: Sequence[str] = CHANGES, *, strength: float = 0.1, random_state: Seed = None
    ) -> None:
        self.changes = changes
        self.strength = strength
        self.random_state = random_state

    def augment(self, windows: np.ndarray, n_copies: int) -> tuple[np.ndarray, np.ndarray]:
        """Make changed copies.

        Parameters
        ----------
        windows : ndarray of shape (n_windows, length, n_channels)
            Windows of one class.
        n_copies : int
            Number of copies.

        Returns
        -------
        copies : ndarray of shape (n_copies, length, n_channels)
            Changed copies, as floats; all windows are drawn about equally often.
        parents : ndarray of shape (n_copies,)
            The window that each copy is made from.

        Raises
        ------
        ValueError
            If ``changes`` contains an unknown name, or the windows do not have three dimensions.
        """
        self._validate_params()
        unknown = sorted(set(self.changes) - set(CHANGES))
        if unknown:
            raise ValueError(f"changes={self.changes!r} contains {unknown}: choose from {list(CHANGES)}.")
        if np.ndim(windows) != 3:
            raise ValueError(
                f"windows has shape {np.shape(windows)}, not (n_windows, length, n_channels): reshape it."
            )
        rng = check_random_state(self.random_state)
        order = rng.permutation(len(windows))
        parents = np.sort(np.resize(order, n_copies))
        copies = windows[parents]
        dtype = windows.dtype if windows.dtype.kind == "f" else np.float64
        n, length, n_channels = copies.shape
        # For each step of a copy, the time in the original window.
        times = np.tile(np.arange(length, dtype=float), (n, 1))
        if "time_warp" in self.changes and length > 1:
            speed = np.abs(1 + self.strength * rng.standard_normal((n, length - 1)))
            clock = np.cumsum(np.hstack([np.zeros((n, 1)), speed]), axis=1)
            times = clock * ((length - 1) / np.maximum(clock[:, -1:], 1e-12))
        if "shift" in self.changes:
            times = times + rng.uniform(-self.strength, self.strength, (n, 1)) * length
        copies = _at_times(copies, times)
        if "scaling" in self.changes:
            copies = copies * (1 + self.strength * rng.standard_normal((n, 1, n_channels)))
        if "jitter" in self.changes:
            spread = windows.std(axis=(0, 1))
            copies = copies + self.strength * spread * rng.standard_normal(copies.shape)
        return copies.astype(dtype), parents


def _at_times(windows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Interpolate windows between their rows, each at its own times; the rows at both ends are repeated beyond them."""
    last = windows.shape[1] - 1
    times = np.clip(times, 0, last)[:, :, None]
    before = np.minimum(np.floor(times).astype(int), max(last - 1, 0))
    part = times - before
    low = np.take_along_axis(windows, before, axis=1)
    high = np.take_along_axis(windows, np.minimum(before + 1, last), axis=1)
    return low * (1 - part) + high * part
