"""Parameters as the numbers that were written."""

from __future__ import annotations

from typing import Any

import numpy as np


def as_written(value: Any) -> Any:
    """Return a number in NumPy's types as the Python float that was written: 0.99 for ``np.float32(0.99)``.

    As a float that is 0.9900000095367432, and in its own type, products with numbers of rows are rounded or infinite.
    """
    return float(str(value)) if isinstance(value, np.floating) else value
