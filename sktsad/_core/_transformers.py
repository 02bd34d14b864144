"""scikit-learn's TransformerMixin, under names that tell type checkers what ``fit_transform`` returns.

At run time all of them are the mixin itself. The types are those without ``set_output``, which returns Any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, overload

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin

from ._types import Labels, Rows
from ._windows import Windows

if TYPE_CHECKING:

    class ArrayTransformer(TransformerMixin):
        """A transformer that returns arrays."""

        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> np.ndarray: ...

    class ToWindows(TransformerMixin):
        """A transformer that returns windows."""

        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> Windows: ...

    class RowTransformer(TransformerMixin):
        """A transformer that returns frames for frames, and arrays for all else."""

        @overload
        def fit_transform(self, X: pd.DataFrame, y: Labels = None, **params: Any) -> pd.DataFrame: ...
        @overload
        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> np.ndarray: ...
        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> Any: ...

    class WindowTransformer(TransformerMixin):
        """A transformer that returns windows for windows, frames for frames, and arrays for all else."""

        @overload
        def fit_transform(self, X: Windows, y: Labels = None, **params: Any) -> Windows: ...
        @overload
        def fit_transform(self, X: pd.DataFrame, y: Labels = None, **params: Any) -> pd.DataFrame: ...
        @overload
        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> np.ndarray: ...
        def fit_transform(self, X: Rows, y: Labels = None, **params: Any) -> Any: ...

else:
    ArrayTransformer = ToWindows = RowTransformer = WindowTransformer = TransformerMixin
