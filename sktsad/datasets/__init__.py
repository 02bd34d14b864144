"""Loaders of real time series with labelled anomalies; generators of series, and of anomalies in your own."""

from ._aiops_kpi import load_aiops_kpi
from ._data_home import get_data_home
from ._ecg5000 import load_ecg5000
from ._folder import load_folder
from ._make_anomalies import make_anomalies
from ._make_kpi import make_kpi
from ._mnist import load_mnist
from ._nab import load_nab
from ._processminer import load_processminer
from ._smd import load_smd
from ._tsb_ad import load_tsb_ad
from ._ucr_anomaly import load_ucr_anomaly

__all__ = [
    "get_data_home",
    "load_aiops_kpi",
    "load_ecg5000",
    "load_folder",
    "load_mnist",
    "load_nab",
    "load_processminer",
    "load_smd",
    "load_tsb_ad",
    "load_ucr_anomaly",
    "make_anomalies",
    "make_kpi",
]
