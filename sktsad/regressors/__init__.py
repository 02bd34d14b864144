"""Regressors that forecast the next values of a series."""

from ._rnn import RNNRegressor

__all__ = ["RNNRegressor"]
