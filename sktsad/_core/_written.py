"""Parameters as the decimal numbers that the user wrote."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_written(value: Any) -> Any:
    """Return a NumPy number as the Python float that the user wrote: 0.99 for ``np.float32(0.99)``.

    A direct conversion gives 0.9900000095367432, and in NumPy's type, products with numbers of rows are rounded or
    infinite.
    """
    return float(str(value)) if isinstance(value, np.floating) else value
