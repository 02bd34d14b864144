"""Base of the estimators that hold a skorch net: their common parameters."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._core import VersionedEstimator, Windows, check_layout, check_windows, tail_mask

if TYPE_CHECKING:
    from ._training import LeanNet, WindowDataset

_PREFIX = "net__"


class NetEstimator(VersionedEstimator):
    """Parameters that all estimators with a net share, and ``net__*`` for the rest of skorch's.

    A subclass names its own parameters and takes these as keyword arguments; its signature then lists both,
    so that ``get_params``, ``clone`` and documentation see every name.
    """

    _parameter_constraints: dict = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "predict_batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "optimizer": [StrOptions({"adam", "adamw", "sgd", "rmsprop"}), callable],
        "early_stopping": ["boolean", Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left"), None],
        "device": [str],
        "dtype": [StrOptions({"float32", "float64"})],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "callbacks": [list, tuple, None],
    }

    _packages = (*VersionedEstimator._packages, "skorch", "torch")

    net_: LeanNet
    _layout: tuple[int, int]
    _own_parameters: Mapping[str, inspect.Parameter]
    #: Shape in which the network sees a row; None means (length, channels).
    _row_shape: tuple[int, ...] | None = None

    def __init__(
        self,
        *,
        max_epochs: int = 20,
        batch_size: int = 128,
        predict_batch_size: int = 256,
        lr: float = 1e-3,
        optimizer: Any = "adam",
        early_stopping: bool | int = False,
        validation_fraction: float = 0.2,
        n_channels: int | None = None,
        device: str = "cpu",
        dtype: str = "float32",
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        callbacks: Any = None,
        **net_params: Any,
    ) -> None:
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.predict_batch_size = predict_batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_channels = n_channels
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.callbacks = callbacks
        for name, value in net_params.items():
            if not name.startswith(_PREFIX):
                raise TypeError(
                    f"{type(self).__name__}.__init__() got an unexpected keyword argument {name!r}"
                )
            setattr(self, name, value)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" not in vars(cls):
            return
        # Only its own: with those of its bases, it would hide the defaults of bases that come later.
        cls._own_parameters = inspect.signature(cls.__init__).parameters
        merged: dict[str, inspect.Parameter] = {}
        for base in cls.__mro__:
            if issubclass(base, NetEstimator) and "__init__" in vars(base):
                merged = {**merged, **vars(base)["_own_parameters"], **merged}
        named = sorted((p for p in merged.values() if p.kind != p.VAR_KEYWORD), key=lambda p: p.kind)
        cls.__init__.__signature__ = inspect.Signature(named)  # type: ignore[attr-defined]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters, with those for skorch as ``net__<name>``.

        Parameters
        ----------
        deep : bool, default=True
            Whether to go into parameters that are estimators.

        Returns
        -------
        params : dict
        """
        net_params = {name: value for name, value in vars(self).items() if name.startswith(_PREFIX)}
        return {**super().get_params(deep=deep), **net_params}

    def set_params(self, **params: Any) -> Self:
        """Set parameters; any ``net__<name>`` goes to skorch.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        self : estimator
        """
        for name in [name for name in params if name.startswith(_PREFIX)]:
            setattr(self, name, params.pop(name))
        return super().set_params(**params)

    def _is_warm(self) -> bool:
        return self.warm_start and hasattr(self, "net_")

    def _make_net(
        self,
        module: Callable[..., Any],
        module_params: dict[str, Any],
        criterion: Any,
        callbacks: Sequence[Any] = (),
        **kwargs: Any,
    ) -> LeanNet:
        """Make a net with the shared parameters and ``net__*``; the estimator's own callbacks come first."""
        from ._training import make_net

        random_state = np.random.RandomState(check_random_state(self.random_state).randint(2**31))
        params = self.get_params(deep=False)
        params["callbacks"] = [*callbacks, *(self.callbacks or [])]
        net_params = {
            name[len(_PREFIX) :]: params.pop(name) for name in list(params) if name.startswith(_PREFIX)
        }
        return make_net(module, module_params, criterion, params, net_params, random_state, **kwargs)

    def _new_net(self, windows: Windows) -> LeanNet:
        """Return an untrained net for such windows."""
        raise NotImplementedError

    def _train(
        self,
        windows: Windows,
        dataset: WindowDataset,
        valid: WindowDataset | None,
        *,
        warm: bool,
        n_epochs: int,
    ) -> None:
        """Train a new net, or a copy of the one in use: a failure leaves that alone."""
        from ._training import set_lr, train

        if warm:
            check_layout(self._layout, windows)
            net = copy.deepcopy(self.net_)
            if bool(self.early_stopping) != ("early_stopping" in dict(net.callbacks_)):
                raise ValueError(
                    f"early_stopping={self.early_stopping} differs from that of the first fit: a network that is "
                    "trained further keeps it. Set it back, or fit anew with warm_start=False."
                )
            net.set_params(batch_size=self.batch_size)
            if net.lr != self.lr:  # else it stays where a schedule has left it
                set_lr(net, self.lr)
        else:
            net = self._new_net(windows)
        net.set_params(max_epochs=n_epochs)
        self.net_ = train(net, dataset, valid)

    def _dataset(
        self,
        windows: Windows,
        target: np.ndarray | None = None,
        sample_weight: np.ndarray | None = None,
    ) -> WindowDataset:
        from ._training import WindowDataset

        return WindowDataset(windows, target, sample_weight, self._row_shape, self.dtype)

    def _tail(self, windows: Windows) -> np.ndarray:
        """Mark the last rows in time, which early stopping watches; none without it."""
        tail = tail_mask(windows, self.validation_fraction if self.early_stopping else 0)
        if self.early_stopping and not tail.any():
            raise ValueError(
                f"early_stopping={self.early_stopping} has nothing to watch: validation_fraction="
                f"{self.validation_fraction} of {len(tail)} rows is none. Give more rows, or early_stopping=False."
            )
        return tail

    def _split(
        self, windows: Windows, target: np.ndarray, weight: np.ndarray | None, tail: np.ndarray
    ) -> tuple[WindowDataset, WindowDataset | None]:
        """Return the rows to train on, and those of the tail to watch, if there are any."""
        if not tail.any():
            return self._dataset(windows, target, weight), None
        head, last = (
            self._dataset(windows[part], target[part], None if weight is None else weight[part])
            for part in (~tail, tail)
        )
        return head, last

    def _outputs(self, X: Any) -> np.ndarray:
        """Run the fitted network over rows that are to be predicted."""
        check_is_fitted(self)
        windows = check_windows(self, X, n_channels=self.n_channels, reset=False)
        check_layout(self._layout, windows)
        from ._training import forward

        return forward(self.net_, self._dataset(windows), self.predict_batch_size)


NetEstimator._own_parameters = inspect.signature(NetEstimator.__init__).parameters


def drop_weightless(
    windows: Windows, target: np.ndarray, weight: np.ndarray
) -> tuple[Windows, np.ndarray, np.ndarray]:
    """Leave out the rows of weight 0: they are as good as absent, also where batches are counted."""
    used = weight > 0
    return windows[used], target[used], weight[used]


def check_encoder(encoder: Any, windows: Windows) -> None:
    """Refuse windows that an encoder was not made for; recurrent ones take any length."""
    length, n_channels = encoder.window_shape
    if n_channels != windows.n_channels or length not in (None, windows.length):
        steps = "any number of" if length is None else length
        raise ValueError(
            f"The encoder was trained on windows of {steps} rows of {n_channels} channel(s), got windows of "
            f"{windows.length} row(s) of {windows.n_channels}. Use the columns and the window of its training, or pass "
            "n_channels= where the layout was lost."
        )


def copy_loss(loss: Any, example: str) -> Any:
    """Copy a torch loss, or its class; refuse what is neither and name an example."""
    from torch import nn

    if not (isinstance(loss, nn.Module) or (inspect.isclass(loss) and issubclass(loss, nn.Module))):
        raise TypeError(f"loss={loss!r} must be a torch.nn.Module or its class, e.g. torch.nn.{example}.")
    return copy.deepcopy(loss)
