"""A callback that logs the training of a network for TensorBoard."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, TensorBoard

from .._core import Labels, Rows


class TensorBoardLog(Callback):
    """Write the metrics of each epoch to a folder, for TensorBoard.

    skorch's ``TensorBoard`` needs a writer, which cannot be copied, but estimators copy their callbacks. This callback
    takes the folder, and opens the writer when training starts. Each training run writes to its own subfolder, ``0``,
    ``1``, ..., so that TensorBoard shows the runs of a search side by side.

    Parameters
    ----------
    log_dir : str or path-like, default="runs"
        The folder; show it with ``tensorboard --logdir runs``.
    histograms : bool, default=False
        Whether to also write histograms of the weights after each epoch.

    Attributes
    ----------
    run_dir_ : pathlib.Path
        The folder of the last training run.

    Raises
    ------
    ImportError
        If training starts and tensorboard is not installed: ``pip install tensorboard``.

    See Also
    --------
    skorch.callbacks.EpochScoring : Adds your own metrics to each epoch, which are also written.

    Examples
    --------
    >>> import tempfile
    >>> from sktsad import TorchClassifier
    >>> from sktsad.neural import TensorBoardLog
    >>> with tempfile.TemporaryDirectory() as folder:  # doctest: +SKIP
    ...     log = TensorBoardLog(folder, histograms=True)
    ...     model = TorchClassifier(max_epochs=2, callbacks=[log]).fit([[0.0], [1.0]], [0, 1])
    """

    run_dir_: Path

    def __init__(self, log_dir: str | os.PathLike[str] = "runs", histograms: bool = False) -> None:
        self.log_dir = log_dir
        self.histograms = histograms

    def on_train_begin(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Open a writer in a folder that no other training run uses.

        Parameters
        ----------
        net : NeuralNet
            The network.
        X, y, **kwargs : object
            Ignored.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ImportError(
                "TensorBoardLog needs tensorboard. Install it with: pip install tensorboard"
            ) from error
        self.run_dir_ = _new_folder(Path(self.log_dir))
        self._log: Any = TensorBoard(SummaryWriter(self.run_dir_)).initialize()

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Write the metrics of an epoch.

        Parameters
        ----------
        net : NeuralNet
            The network.
        **kwargs : object
            Ignored.
        """
        self._log.on_epoch_end(net)
        if self.histograms:
            for name, weight in net.module_.named_parameters():
                self._log.writer.add_histogram(name, weight, net.history[-1]["epoch"])

    def on_train_end(self, net: NeuralNet, X: Rows = None, y: Labels = None, **kwargs: Any) -> None:
        """Close the writer, which could not be pickled with the model.

        Parameters
        ----------
        net : NeuralNet
            The network.
        X, y, **kwargs : object
            Ignored.
        """
        self._log.on_train_end(net)
        self._log = None


def _new_folder(parent: Path) -> Path:
    """Create a numbered folder that no other process has created."""
    parent.mkdir(parents=True, exist_ok=True)
    number = sum(1 for _ in parent.iterdir())
    while True:
        try:
            (parent / str(number)).mkdir()
            return parent / str(number)
        except FileExistsError:
            number += 1
