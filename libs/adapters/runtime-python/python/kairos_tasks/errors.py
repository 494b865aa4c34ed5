"""What can go wrong in a task, as far as the outcome of the run depends on it."""

from __future__ import annotations

from collections.abc import Sequence


class Permanent(Exception):
    """Raise it when trying again cannot help: the run fails for good and takes no further attempt."""


class ParamsError(Permanent):
    """The task's `params` do not fit what the function asks for. `problems` names each field."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class FrameError(ValueError):
    """Something was handed over that cannot be handed over: too large, not a number, no JSON."""


class SinkError(Exception):
    """Records or state were handed over and not accepted. `code` is stable, e.g. `LEASE_LOST` or `VALIDATION`.

    A task may catch it and go on; if it does not, the run ends with what stands behind it.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False, seq: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.seq = seq


class Cancelled(BaseException):
    """The run is over: its time is up, or it was cancelled. Not an `Exception`, so that no broad `except` swallows it.

    `finally` blocks run; there are about two seconds for them.
    """

    def __init__(self, reason: str = "cancelled") -> None:
        super().__init__(reason)
        self.reason = reason


class Pause(BaseException):
    """This call can take no more; another goes on from the state that was saved. Raised in clouds, by this package only."""
