"""What a task is told of its run, and what it may do to the world outside its process."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from .call import Call
from .errors import Cancelled
from .records import Frame, frames_of, span_of, table_of
from .values import Json, moment_of, to_json

LOGGER_NAME = "kairos.task"


@dataclass(frozen=True)
class Series:
    """Where records go: a source's name, its symbol, a data type (`kline`) and a frequency (`1d`)."""

    source: str
    symbol: str
    data_type: str = "kline"
    frequency: str = "1d"


@dataclass(frozen=True)
class Finding:
    """Something odd about a record: `code` says what, `ts` where (epoch milliseconds)."""

    code: str
    ts: int
    detail: str


@dataclass(frozen=True)
class Ack:
    """Records are kept. `accepted` counts those that changed the store: what was there already is not counted again."""

    accepted: int
    findings: tuple[Finding, ...] = ()


class Outside(Protocol):
    """The world outside, as whatever runs the task provides it: the worker beside a server, a cloud's entry, a test."""

    def cancelled(self) -> str | None:
        """Why the run is over, once it is."""

    def now(self) -> float:
        """Epoch seconds."""

    def records(self, frames: Sequence[Frame]) -> Ack: ...

    def save_state(self, state: Json) -> None: ...


class Context:
    """One try of one task."""

    def __init__(self, call: Call, outside: Outside) -> None:
        self._call = call
        self._outside = outside
        self._state = call.state
        self.log: logging.Logger = logging.getLogger(LOGGER_NAME)
        """Goes to the run's log, with its level."""

    @property
    def task(self) -> str:
        """The task's name."""
        return self._call.task_name

    @property
    def task_id(self) -> str:
        return self._call.task_id

    @property
    def task_type(self) -> str:
        return self._call.task_type

    @property
    def run_id(self) -> str:
        return self._call.run_id

    @property
    def slot(self) -> datetime:
        """The instant the run stands for, in UTC. The same for every attempt, however late it runs: ask this, not the clock."""
        return moment_of(self._call.slot)

    @property
    def attempt(self) -> int:
        """1 for the first try of the slot."""
        return self._call.attempt

    @property
    def deadline(self) -> datetime:
        """The run is cancelled at this instant, in UTC."""
        return moment_of(self._call.deadline)

    def seconds_left(self) -> float:
        """Till the deadline; never below 0."""
        return max(0.0, self._call.deadline / 1000 - self._outside.now())

    @property
    def cancelled(self) -> bool:
        """True once the run is over: whatever the task does from now on is in vain."""
        return self._outside.cancelled() is not None

    def check(self) -> None:
        """Raises `Cancelled` once the run is over. Call it where the task can stop well, e.g. between pages."""
        reason = self._outside.cancelled()
        if reason is not None:
            raise Cancelled(reason)

    @property
    def state(self) -> Json:
        """What was saved last, by this run or an earlier one; None at first."""
        return self._state

    def save_state(self, state: object) -> None:
        """Keeps `state` (at most 64 KiB of JSON) for the next run; it is durable once this returns, whatever happens then.

        Raises `SinkError` when the run no longer owns its task, `FrameError` when the value has no form in JSON.
        """
        value = to_json(state, "state")
        self._outside.save_state(value)
        self._state = value

    def records(
        self,
        series: Series | Mapping[str, str],
        rows: Any,
        *,
        columns: Sequence[str] | None = None,
        range: tuple[datetime | int, datetime | int] | None = None,
        complete: bool = False,
    ) -> Ack:
        """Hands in records of a series; they are durable once this returns.

        `rows` are dictionaries, sequences (then give `columns`) or a pandas DataFrame. `timestamp_ms` is epoch milliseconds or
        a time with a zone. Decimals may be `Decimal`, text, int or float: a float goes by the fewest digits that give it back.
        `None` is a missing value; NaN is refused.

        `range` is the half-open span that was looked at; without it nothing is said about what is not among the rows. With
        `complete=True` all that exists in the span is among the rows. Any number of rows may be given: they are sent in frames
        of at most 1 MiB, of which at most two wait for their answer.

        Raises `FrameError` (no such cell), `SinkError` (not accepted; with a large set earlier frames may be kept already:
        handing the same rows in again is harmless).
        """
        if isinstance(series, Series):
            named = {
                "source": series.source,
                "symbol": series.symbol,
                "data_type": series.data_type,
                "frequency": series.frequency,
            }
        else:
            unknown = set(series) - {"source", "symbol", "data_type", "frequency"}
            if unknown or "source" not in series or "symbol" not in series:
                raise TypeError("series names source, symbol, data_type and frequency, and nothing else")
            named = {"data_type": "kline", "frequency": "1d", **series}
        names, cells = table_of(rows, columns)
        if complete and range is None:
            raise TypeError("complete=True says that everything of a span is there: give range=(from, to)")
        return self._outside.records(list(frames_of(named, names, cells, span_of(range), complete)))
