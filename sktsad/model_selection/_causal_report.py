"""The report of `check_causal`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fault:
    """A fault: its kind, where it was found, and what was found."""

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"[{self.kind}] {self.where}: {self.message}"


@dataclass
class CausalReport:
    """The faults that `check_causal` has found.

    Attributes
    ----------
    faults : list of Fault
        The faults, each with ``kind``, ``where`` and ``message``. Empty if there is none.
    n_folds : int
        Number of folds that were tried.
    """

    faults: list[Fault] = field(default_factory=list)
    n_folds: int = 0

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    @property
    def kinds(self) -> set[str]:
        """The kinds of fault that were found."""
        return {fault.kind for fault in self.faults}

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        head = f"{self.n_folds} fold(s) tried: " + (
            "no fault found." if self.ok else f"{len(self.faults)} fault(s)."
        )
        return "\n".join([head, *(f"- {fault}" for fault in self.faults)])

    def add(self, kind: str, where: str, message: str) -> None:
        """Add a fault, once for each kind and place."""
        if not any((fault.kind, fault.where) == (kind, where) for fault in self.faults):
            self.faults.append(Fault(kind, where, message))
