"""One call of a task inside a cloud's function: everything that it hands over is collected into one answer."""

from __future__ import annotations

import importlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .call import Call, read_call
from .context import LOGGER_NAME, Ack
from .errors import FrameError, Pause
from .execute import execute
from .records import Frame
from .registry import tasks_of
from .values import Json

MAX_ANSWER_BYTES = 5_000_000
"""What an answer holds; the platforms carry 6 MB."""

END_MARGIN_SECONDS = 3.0
"""How long before the platform's own end a task is told to stop, so that an answer still leaves."""

MAX_LOG_LINES = 1_000

_RESERVED = 1_100_000
"""Kept free of frames: for result, state and logs."""


@dataclass
class Collector:
    """The world outside a task that runs in a cloud. Records are kept by whoever reads the answer, under the run's fence."""

    deadline: float
    ends: float
    clock: Callable[[], float] = time.time
    frames: list[dict[str, Any]] = field(default_factory=list)
    logs: list[dict[str, str]] = field(default_factory=list)
    state: Json = None
    saved: bool = False
    _bytes: int = 0

    def cancelled(self) -> str | None:
        if self.now() >= self.deadline:
            return "timeout"
        return "pause" if self.now() >= self.ends else None

    def now(self) -> float:
        return self.clock()

    def records(self, frames: Sequence[Frame]) -> Ack:
        """`accepted` counts the rows that were handed over: what changed the store is known only later."""
        texts = [frame.text(0) for frame in frames]
        size = sum(len(text.encode()) for text in texts)
        if self._bytes + size > MAX_ANSWER_BYTES - _RESERVED:
            if self.saved:
                raise Pause
            raise FrameError(
                "more records than one answer of a cloud function holds (about 4 MB); hand in fewer at a time, and call "
                "save_state as you go: the next call goes on from there"
            )
        self._bytes += size
        for frame in frames:
            self.frames.append({**frame.head, "seq": len(self.frames) + 1, "rows": [list(row) for row in frame.rows]})
        return Ack(sum(len(frame.rows) for frame in frames))

    def save_state(self, state: Json) -> None:
        self.state = state
        self.saved = True


class _Logs(logging.Handler):
    def __init__(self, collector: Collector) -> None:
        super().__init__()
        self._collector = collector

    def emit(self, record: logging.LogRecord) -> None:
        if len(self._collector.logs) < MAX_LOG_LINES:
            text = self.format(record)[:200] if len(self._collector.logs) > 100 else self.format(record)[:2_000]
            self._collector.logs.append({"level": record.levelname.lower(), "message": text})


def answer(function: str, event: Mapping[str, Any], seconds_left: float | None) -> dict[str, Any]:
    """Runs the call `event` by the module `function`.

    Answers `{frames, logs, state?, done, result?, error?}`: `state` only if it was saved; `done` false when another call has to
    go on from that state. Raises `ValueError` when the event is no call of this function.
    """
    call = read_call(event)
    if call.function != function:
        raise ValueError(f"this function runs {function}, the call is for {call.function}")
    now = time.time()
    ends = now + seconds_left - END_MARGIN_SECONDS if seconds_left is not None else float("inf")
    collector = Collector(deadline=call.deadline / 1000, ends=ends, state=call.state)
    end = _logged(collector, lambda: execute(tasks_of(importlib.import_module(function)), _shortened(call, ends), collector))
    found: dict[str, Any] = {"frames": collector.frames, "logs": collector.logs, "done": True}
    if collector.saved:
        found["state"] = collector.state
    stopped = end["t"] == "pause" or (end.get("code") == "JOB_CANCELLED" and collector.cancelled() == "pause")
    if stopped and collector.saved:
        return {**found, "done": False}
    if end["t"] == "result":
        return {**found, "result": end["result"]}
    return {**found, "error": {k: end[k] for k in ("code", "message", "permanent", "traceback") if k in end}}


def _shortened(call: Call, ends: float) -> Call:
    return call if ends == float("inf") else replace(call, deadline=min(call.deadline, int(ends * 1000)))


def _logged(collector: Collector, action: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    handler = _Logs(collector)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger(LOGGER_NAME).setLevel(logging.DEBUG)
    try:
        return action()
    finally:
        root.removeHandler(handler)
