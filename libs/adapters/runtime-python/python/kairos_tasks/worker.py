"""The process that runs tasks for a server: `python -m kairos_tasks.worker`, with descriptors 3 (from it) and 4 (to it).

Messages from the server: start, run, ack, cancel, stop. To it: ready or broken, log, records, state, heartbeat, result or error.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from .call import read_call
from .channel import Channel
from .containment import (
    die_with_parent,
    kill_all,
    left_behind,
    limit_memory,
    resident_kb,
    start_guardian,
    stop_guardian,
)
from .context import LOGGER_NAME, Ack, Finding
from .errors import Cancelled, SinkError
from .execute import End, end_of, execute
from .loading import FolderFinder, LoadError, load
from .records import Frame
from .registry import TaskFunction
from .values import Json

FROM_SERVER = 3
TO_SERVER = 4
HEARTBEAT_SECONDS = 5.0
_UNANSWERED = 2
_MAX_LOG = 8_192


class Lines(logging.Handler):
    """Log records as messages, whatever logger they come from."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record).encode("utf-8", "backslashreplace").decode()
            if len(text) > _MAX_LOG:
                text = f"{text[:_MAX_LOG]} … ({len(text) - _MAX_LOG} more)"
            self._channel.send({"t": "log", "level": _level(record.levelno), "message": text})
        except OSError:
            pass
        except Exception:
            self.handleError(record)


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warn"
    return "info" if number >= logging.INFO else "debug"


class Desk:
    """What one run hands over, and the answers it waits for. At most two frames are unanswered at a time."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._room = threading.BoundedSemaphore(_UNANSWERED)
        self._seq = 0
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._reason: str | None = None

    def cancel(self, reason: str) -> None:
        self._reason = reason

    def cancelled(self) -> str | None:
        return self._reason

    def now(self) -> float:
        return time.time()

    def records(self, frames: Sequence[Frame]) -> Ack:
        waiting: list[int] = []
        answers: list[Mapping[str, Any]] = []
        for frame in frames:
            if len(waiting) >= _UNANSWERED:
                answers.append(self._wait(waiting.pop(0)))
            self._room.acquire()
            seq = self._next()
            self._channel.send_text(frame.text(seq))
            waiting.append(seq)
        answers.extend(self._wait(seq) for seq in waiting)
        findings = (Finding(f["code"], f["ts"], f["detail"]) for answer in answers for f in answer["findings"])
        return Ack(sum(answer["accepted"] for answer in answers), tuple(findings))

    def save_state(self, state: Json) -> None:
        self._room.acquire()
        seq = self._next()
        try:
            self._channel.send({"t": "state", "seq": seq, "state": state})
        except ValueError:
            self._room.release()
            raise
        self._wait(seq)

    def answered(self, message: Mapping[str, Any]) -> None:
        """Called by the thread that reads."""
        with contextlib.suppress(ValueError):
            self._room.release()
        with self._changed:
            self._answers[message["seq"]] = message
            self._changed.notify_all()

    def _next(self) -> int:
        with self._changed:
            self._seq += 1
            return self._seq

    def _wait(self, seq: int) -> Mapping[str, Any]:
        with self._changed:
            self._changed.wait_for(lambda: seq in self._answers)
            answer = self._answers.pop(seq)
        error = answer.get("error")
        if error is not None:
            raise SinkError(error["code"], error["message"], retryable=error.get("retryable", False), seq=seq)
        return answer


class Worker:
    """One process, one function, one task at a time."""

    def __init__(self, channel: Channel, guardian: int, output: Sequence[int]) -> None:
        self._channel = channel
        self._guardian = guardian
        self._output = output
        self._orders: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._desk: Desk | None = None
        self._told: dict[str, tuple[str, int]] = {}
        self._idle = threading.Event()
        self._busy = threading.Event()
        self._threads: frozenset[int] = frozenset()

    def main(self) -> None:
        """Runs until the server says stop or closes the channel."""
        for action in (self._read, self._beat):
            threading.Thread(target=action, daemon=True).start()
        self._threads = frozenset(t.ident for t in threading.enumerate() if t.ident is not None)
        start = self._orders.get()
        if start["t"] != "start":
            return
        try:
            limit_memory(start["memory_mb"])
            tasks, finder = load(start["folder"], start["function"])
        except LoadError as error:
            self._flush()
            self._channel.send({"t": "broken", "code": error.code, "message": str(error)[:4000], "traceback": error.trace})
            return
        self._channel.send({"t": "ready", "types": list(tasks), "files": self._files(finder)})
        while (order := self._orders.get())["t"] == "run":
            self._run(tasks, finder, order)

    def _run(self, tasks: Mapping[str, TaskFunction], finder: FolderFinder, order: Mapping[str, Any]) -> None:
        desk = self._desk = Desk(self._channel)
        self._busy.set()
        try:
            end = execute(tasks, read_call(order["call"]), desk)
        except BaseException as error:
            end = end_of(error)
        self._desk = None
        self._busy.clear()
        leave = end.pop("exit", None)
        self._flush()
        for descriptor in self._output:
            _write_all(descriptor, f"\n\0{order['mark']}\n".encode())
        again = end["t"] == "result" or end["code"] in ("JOB_FAILED", "JOB_PARAMS", "JOB_TYPE_UNKNOWN", "JOB_FRAME")
        keep = again and not left_behind(self._guardian, self._threads)
        self._send_end({**end, "keep": keep, "files": self._files(finder)})
        if leave is not None:
            stop_guardian(self._guardian)
            os._exit(leave)

    def _send_end(self, end: End) -> None:
        try:
            self._channel.send(end)
        except ValueError as error:
            self._channel.send({"t": "error", "code": "JOB_FRAME", "message": str(error), "permanent": False, "keep": False})

    def _files(self, finder: FolderFinder) -> list[list[Any]]:
        """Those read since the last time it was told."""
        new = {path: about for path, about in finder.files.items() if path not in self._told}
        self._told.update(new)
        return [[path, time_ns, size] for path, (time_ns, size) in new.items()]

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()

    def _read(self) -> None:
        try:
            while (message := self._channel.receive()) is not None:
                desk = self._desk
                if message["t"] == "ack" and desk is not None:
                    desk.answered(message)
                elif message["t"] == "cancel" and desk is not None:
                    desk.cancel(str(message["reason"]))
                elif message["t"] in ("start", "run", "stop"):
                    self._orders.put(message)
        finally:
            kill_all(os.getpid())

    def _beat(self) -> None:
        while True:
            self._busy.wait()
            time.sleep(HEARTBEAT_SECONDS)
            if self._busy.is_set():
                with contextlib.suppress(OSError):
                    self._channel.send({"t": "heartbeat", "rss_kb": resident_kb()})

    def on_terminate(self, _signal: int, _frame: object) -> None:
        """SIGTERM: the run that is under way gets `Cancelled`, wherever it is; without one the process ends."""
        if self._desk is None:
            os._exit(0)
        self._channel.interrupt(self._raise)

    def _raise(self) -> None:
        desk = self._desk
        if desk is not None:
            raise Cancelled(desk.cancelled() or "cancelled")


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _prepare_logging(channel: Channel) -> None:
    root = logging.getLogger()
    root.handlers[:] = [Lines(channel)]
    root.setLevel(logging.INFO)
    logging.getLogger(LOGGER_NAME).setLevel(logging.DEBUG)


def _lenient(stream: TextIO) -> None:
    """What cannot be written as UTF-8 is written escaped, rather than to fail the task that prints it."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def main() -> None:
    """Serves one server over descriptors 3 and 4."""
    os.umask(0o077)
    die_with_parent()
    for descriptor in (FROM_SERVER, TO_SERVER):
        os.set_inheritable(descriptor, False)
    guardian = start_guardian(FROM_SERVER)
    output = (os.dup(1), os.dup(2))
    channel = Channel(FROM_SERVER, TO_SERVER)
    worker = Worker(channel, guardian, output)
    signal.signal(signal.SIGTERM, worker.on_terminate)
    _lenient(sys.stdout)
    _lenient(sys.stderr)
    _prepare_logging(channel)
    worker.main()
    stop_guardian(guardian)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
