"""Loaders of real time series with labelled anomalies; generators of series, and of anomalies in your own."""

from ._aiops_kpi import fetch_aiops_kpi, load_aiops_kpi
from ._data_home import get_data_home
from ._ecg5000 import fetch_ecg5000, load_ecg5000
from ._folder import load_folder
from ._make_anomalies import make_anomalies
from ._make_kpi import make_kpi
from ._mnist import fetch_mnist, load_mnist
from ._nab import fetch_nab, load_nab
from ._processminer import load_processminer
from ._skab import fetch_skab, load_skab
from ._smd import fetch_smd, load_smd
from ._tsb_ad import fetch_tsb_ad, load_tsb_ad
from ._ucr_anomaly import fetch_ucr_anomaly, load_ucr_anomaly

__all__ = [
    "fetch_aiops_kpi",
    "fetch_ecg5000",
    "fetch_mnist",
    "fetch_nab",
    "fetch_skab",
    "fetch_smd",
    "fetch_tsb_ad",
    "fetch_ucr_anomaly",
    "get_data_home",
    "load_aiops_kpi",
    "load_ecg5000",
    "load_folder",
    "load_mnist",
    "load_nab",
    "load_processminer",
    "load_skab",
    "load_smd",
    "load_tsb_ad",
    "load_ucr_anomaly",
    "make_anomalies",
    "make_kpi",
]
