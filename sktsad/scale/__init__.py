"""Many series in several processes or on several machines: scores by partition, and panels larger than memory."""

from ._parquet_panel import ParquetPanel
from ._score_panel import score_panel
from ._score_table import score_table

__all__ = ["ParquetPanel", "score_panel", "score_table"]
