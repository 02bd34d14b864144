"""Create a net, train it, and run it over windows."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state
from skorch.callbacks import Callback, EarlyStopping
from skorch.helper import predefined_split
from skorch.utils import noop
from torch.nn.parameter import is_lazy
from torch.utils.data import Dataset

from ._batches import WindowDataset, as_tensor
from ._epochs import TimeNotice, number_of_epochs
from ._interrupt import InterruptGuard
from ._messages import say
from ._net import LeanNet
from ._network import Network, TrainingOptions
from ._random import full_precision, own_defaults, seeded
from ._scoring_callbacks import check_scoring

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}
#: Largest number of values in a batch of rows to predict: 64 MiB of float32.
_LARGEST_BATCH = 2**24
#: Largest number of rows to which the last batch is padded: one row must not take as long as a hundred thousand.
_LARGEST_PADDING = 1024
#: Parameters of skorch that an estimator sets from its own parameters, and that ``net__`` must not set.
OWN_NAMES = {
    "module": "the parameters of the estimator",
    "criterion": "loss",
    "optimizer": "optimizer",
    "lr": "lr",
    "max_epochs": "max_epochs",
    "batch_size": "batch_size",
    "callbacks": "callbacks",
    "warm_start": "warm_start",
    "verbose": "verbose",
    "device": "device",
    "train_split": "validation_fraction",
}


def make_net(network: Network, options: TrainingOptions) -> LeanNet:
    """Create a net that is ready to be trained.

    Parameters
    ----------
    network : Network
        Which network.
    options : TrainingOptions
        How to train it. ``net_params`` overrides `network`.

    Returns
    -------
    net : LeanNet
        Its attribute ``random_state_`` is the random state that shuffles batches, in this and later training.

    Raises
    ------
    ValueError
        If a name in ``net_params`` is unknown to skorch, the module or the optimizer, or torch has no such device.
    """
    net_params = dict(options.net_params or {})
    _check_names(net_params)
    _check_iterators(net_params, network.loader)
    _check_device(options.device)
    random_state = np.random.RandomState(check_random_state(options.random_state).randint(2**31))
    optimizer = options.optimizer
    arguments: dict[str, Any] = {
        "optimizer": OPTIMIZERS[optimizer] if isinstance(optimizer, str) else optimizer,
        "lr": options.lr,
        "batch_size": options.batch_size,
        "iterator_valid": network.loader,
        "iterator_valid__batch_size": options.predict_batch_size,
        "train_split": None,
        "callbacks": _callbacks(network, options),
        "verbose": options.verbose,
        "device": options.device,
    }
    if not options.verbose:
        arguments["callbacks__print_log"] = None
    elif "callbacks__print_log" not in net_params:
        arguments["callbacks__print_log__sink"] = say
    if "iterator_train" not in net_params:
        arguments |= {"iterator_train": network.loader, "iterator_train__random_state": random_state}
    for part, is_stratified in zip(("train", "valid"), network.stratify, strict=True):
        if is_stratified and f"iterator_{part}" not in net_params:
            arguments[f"iterator_{part}__stratify"] = True
    if network.param_groups:
        arguments["optimizer__param_groups"] = list(network.param_groups)
    arguments |= net_params
    arguments = {name: _plain_number(value) for name, value in arguments.items()}
    try:
        net = network.net_class(_plain(network.module), _plain(network.criterion), **arguments)
        # Also if the caller has switched off gradients.
        with torch.inference_mode(False), seeded(random_state.randint(2**31), options.device), own_defaults():
            net.initialize()
    except (TypeError, ValueError, RuntimeError) as error:
        if "allocate" in str(error) or "overflow" in str(error).lower():
            raise MemoryError(
                "The network does not fit into memory. Choose a lower hidden_size, dense_size, num_layers, patch_size "
                f"or horizon, whichever is large. torch says: {error}"
            ) from error
        if "empty parameter list" in str(error):
            raise ValueError(
                "module returned a network without weights to train: pass a class of torch.nn.Module with weights, or "
                "a callable that returns such a module."
            ) from error
        names = [f"net__{name}" for name in net_params]
        names += [] if isinstance(optimizer, str) else [f"optimizer={optimizer}"]
        if isinstance(error, RuntimeError) or not names:
            raise
        where = "net_params" if net_params else "optimizer"
        raise ValueError(
            f"The network could not be created with {', '.join(names)}: {str(error).rstrip('.')}. Change {where}."
        ) from error
    if not isinstance(net.optimizer_, torch.optim.Optimizer):
        raise ValueError(
            f"optimizer={optimizer} did not return a torch.optim.Optimizer. Pass a class such as torch.optim.Adam."
        )
    if any(is_lazy(weight) for weight in net.module_.parameters()):
        raise ValueError(
            "module has layers that learn their sizes from the first batch, such as torch.nn.LazyLinear, whose weights "
            "do not exist yet. Use layers of fixed sizes: module is called with the sizes of the windows."
        )
    for part in (net.module_, net.criterion_):
        part.to(getattr(torch, options.dtype))
    net.random_state_ = random_state
    return net


def _plain(factory: Any) -> Any:
    """Return a factory of modules with Python numbers, which torch needs; a search may draw NumPy numbers."""
    if not isinstance(factory, partial):
        return factory
    return partial(factory.func, *factory.args, **{k: _plain_number(v) for k, v in factory.keywords.items()})


def _plain_number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _check_names(net_params: dict[str, Any]) -> None:
    """Refuse names in ``net_params`` that do not exist, or that a parameter of the estimator sets."""
    for name in net_params:
        if not isinstance(name, str) or name.startswith("net__"):
            raise ValueError(
                f"net_params contains {name!r}: its keys must be names of skorch's NeuralNet, such as "
                "'optimizer__weight_decay', without net__."
            )
        if name in OWN_NAMES:
            raise ValueError(f"net__{name} cannot be set this way: use {OWN_NAMES[name]}.")


def _check_iterators(net_params: dict[str, Any], loader: type) -> None:
    """Refuse options that the iterator over whole batches does not have."""
    known = set(inspect.signature(loader).parameters) - {"dataset", "batch_size"}
    for part, size in (("iterator_train", "batch_size"), ("iterator_valid", "predict_batch_size")):
        for name in net_params:
            option = name.removeprefix(part + "__")
            if part in net_params or option == name or option in known:
                continue
            raise ValueError(
                f"net__{name} is not an option of the batches used here, which have {size} rows and are shuffled in "
                f"training. Use {size}, or an iterator with this option: net__{part}=torch.utils.data.DataLoader."
            )


def _check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device!r} cannot be used: {error}. Use device='cpu'.") from error


def _callbacks(network: Network, options: TrainingOptions) -> list[Any]:
    """Return copies of all callbacks; early stopping comes last, as callbacks after it would miss the last epoch."""
    for given in options.callbacks or []:
        callback = given[-1] if isinstance(given, tuple) and len(given) == 2 else given
        if not (
            isinstance(callback, Callback) or (inspect.isclass(callback) and issubclass(callback, Callback))
        ):
            raise TypeError(
                f"callbacks contains {given!r}, which is not a callback: pass callbacks of skorch, such as "
                "skorch.callbacks.EpochScoring('f1'), or pairs of a name and a callback."
            )
        check_scoring(callback, network, options)
    callbacks = copy.deepcopy([*network.callbacks, *(options.callbacks or [])])
    if options.verbose:
        callbacks.insert(0, ("time_notice", TimeNotice()))
    patience = options.early_stopping
    if patience:
        patience = 5 if isinstance(patience, (bool, np.bool_)) else patience
        stop = EarlyStopping(patience=patience, load_best=True, sink=say if options.verbose else noop)
        theirs = [callback for callback in callbacks if isinstance(callback, EarlyStopping)]
        callbacks = [callback for callback in callbacks if callback not in theirs]
        # Two would overwrite each other's best weights.
        callbacks.append(("early_stopping", [stop, *theirs][-1]))
    return callbacks


def check_dtype(net: LeanNet, dtype: Any) -> None:
    """Refuse rows of another precision than that of the weights, after ``dtype`` was set between fits."""
    wanted, known = np.dtype(dtype).name, str(next(net.module_.parameters()).dtype).removeprefix("torch.")
    if wanted != known:
        raise ValueError(
            f"dtype={wanted!r} was set after fit, whose network has {known!r}: set it back, or fit again with "
            "warm_start=False."
        )


def resume_net(net: LeanNet, options: TrainingOptions) -> LeanNet:
    """Return a copy of a trained net to be trained further, so that the net in use is unchanged if that fails.

    Raises
    ------
    ValueError
        If early stopping is switched on or off between the two, or ``dtype`` differs.
    """
    check_dtype(net, options.dtype)
    if bool(options.early_stopping) != ("early_stopping" in dict(net.callbacks_)):
        raise ValueError(
            f"early_stopping={options.early_stopping} differs from that of the first fit: a network that is "
            "trained further keeps it. Set it back, or fit again with warm_start=False."
        )
    with torch.inference_mode(False):  # so that copies of weights made in inference mode can be trained
        net = copy.deepcopy(net)
    net.set_params(batch_size=options.batch_size)
    if net.lr != options.lr:  # otherwise keep the learning rate of a schedule
        _set_lr(net, options.lr)
    return net


def _set_lr(net: LeanNet, lr: float) -> None:
    """Change the learning rate of a net in use, except for parameter groups with their own learning rate."""
    (groups,), _ = net.get_params_for_optimizer("optimizer", net.get_all_learnable_params())
    net.set_params(lr=lr)
    for group, options in zip(net.optimizer_.param_groups, groups, strict=True):
        group["lr"] = options.get("lr", lr)


def train(net: LeanNet, dataset: Dataset, valid: Dataset | None, max_epochs: int | str) -> LeanNet:
    """Train a net, starting from its current weights.

    Parameters
    ----------
    net : LeanNet
        Trained in place.
    dataset : WindowDataset or StrandDataset
        The rows to train on.
    valid : WindowDataset, StrandDataset or None
        The rows for the validation loss.
    max_epochs : int or "auto"
        Number of passes over the rows.

    Raises
    ------
    ValueError
        If training diverged, so that weights are not finite, or no epoch had a finite loss.
    KeyboardInterrupt
        If training was interrupted before the first epoch ended, or while joblib runs many fits.

    Warns
    -----
    UserWarning
        If training was interrupted later: the net is that of the last complete epoch, or of the best with early
        stopping.
    """
    guard = InterruptGuard()
    if isinstance(valid, WindowDataset):
        net.iterator_valid__batch_size = _cut_to_memory(net.iterator_valid__batch_size, valid)
    net.set_params(max_epochs=number_of_epochs(max_epochs, len(dataset), net.batch_size))  # type: ignore[arg-type]
    net.train_split = None if valid is None else predefined_split(valid)
    net.callbacks_.insert(0, ("interrupt_guard", guard))
    with torch.inference_mode(False), seeded(net.random_state_.randint(2**31), net.device):
        net.partial_fit(dataset)
    del net.callbacks_[0]
    net.train_split = None  # it contains the validation rows
    guard.warn(net)
    # Adam does not change the weights if the loss is infinite: they may be finite, but have learnt nothing.
    has_loss = np.isfinite(net.history[:, "train_loss"]).any()
    if not (has_loss and all(bool(torch.isfinite(weight).all()) for weight in net.module_.parameters())):
        what = "weights are no longer finite" if has_loss else "no epoch had a finite loss"
        raise ValueError(
            f"Training diverged: {what}. Scale the input (StandardScaler), and y of a regressor, or lower lr={net.lr}."
        )
    return net


def forward(
    net: LeanNet, dataset: WindowDataset, batch_size: int, function: Callable[..., torch.Tensor] | None = None
) -> np.ndarray:
    """Run a net, or another function of its module, over windows, batch by batch.

    Parameters
    ----------
    net : LeanNet
        A trained net.
    dataset : WindowDataset
        Inputs.
    batch_size : int
        Number of rows in a batch, fewer if rows are very wide. The last batch is padded to that size, up to 1,024, so
        that the result of a row does not depend on the number of rows.
    function : callable, default=None
        Called with (module, inputs); None runs the net.

    Returns
    -------
    outputs : ndarray of shape (n_rows, ...)
    """
    check_dtype(net, dataset.dtype)
    function = function or (lambda module, inputs: net.infer(inputs))
    return run(net.module_, net.device, dataset, batch_size, function)


def run(
    module: torch.nn.Module,
    device: str,
    dataset: WindowDataset,
    batch_size: int,
    function: Callable[..., torch.Tensor],
) -> np.ndarray:
    """Do the same as `forward` for a module without a net."""
    outputs = []
    n_rows = len(dataset)
    batch_size = _cut_to_memory(batch_size, dataset)
    padded_size = min(batch_size, _LARGEST_PADDING)
    module.eval()
    with torch.inference_mode(), full_precision(device):
        for start in range(0, n_rows, batch_size):
            stop = min(start + batch_size, n_rows)
            inputs = dataset.inputs(slice(start, stop))
            missing = padded_size - (stop - start)
            if missing > 0:
                inputs = torch.cat([inputs, inputs[-1:].expand(missing, *inputs.shape[1:])])
            outputs.append(function(module, inputs.to(device))[: stop - start].cpu())
    return torch.cat(outputs).numpy()


def _cut_to_memory(batch_size: int, dataset: WindowDataset) -> int:
    """Return the number of rows in a batch to predict, fewer than requested if rows are very wide."""
    return min(batch_size, max(1, _LARGEST_BATCH // math.prod(dataset.input_shape)))


def apply(net: LeanNet, values: np.ndarray, function: Callable[..., torch.Tensor]) -> np.ndarray:
    """Run a function of the module over a small array in one call, such as codes to be decoded."""
    weight = next(net.module_.parameters())
    net.module_.eval()
    with torch.inference_mode(), full_precision(net.device):
        return function(net.module_, as_tensor(values).to(weight)).cpu().numpy()
