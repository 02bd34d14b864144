"""Loaders of real time series with labelled anomalies, and a generator of synthetic ones."""

from sktsad.datasets._aiops_kpi import load_aiops_kpi
from sktsad.datasets._data_home import get_data_home
from sktsad.datasets._ecg5000 import load_ecg5000
from sktsad.datasets._make_kpi import make_kpi
from sktsad.datasets._mnist import load_mnist
from sktsad.datasets._nab import load_nab
from sktsad.datasets._processminer import load_processminer

__all__ = [
    "get_data_home",
    "load_aiops_kpi",
    "load_ecg5000",
    "load_mnist",
    "load_nab",
    "load_processminer",
    "make_kpi",
]
