"""What keeps a worker within its bounds: memory, and a life no longer than the server's."""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import threading

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15

HEADROOM_MB = 64
"""What the interpreter and the reserves of numpy take before the task has any memory of its own."""


def limit_memory(memory_mb: int) -> None:
    """No more than `memory_mb` besides the headroom; what asks for more gets a `MemoryError`.

    Counted is what could be written to (`RLIMIT_DATA`), not the address space: libraries reserve much of that and use little.
    Where the system does not count so (macOS), nothing is limited.
    """
    limit = (memory_mb + HEADROOM_MB) * 1024 * 1024
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    except (ValueError, OSError) as error:
        print(f"memory is not limited here: {error}", file=sys.stderr)


def die_with_parent() -> None:
    """On Linux the kernel kills this process when the thread that started it ends. Elsewhere the guardian does."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start_guardian(channel: int) -> int:
    """A second, tiny process of the same group that waits for the server's end of `channel` to close and then kills the group:
    this process, however deaf it is by then, and what it started. Returns its pid."""
    worker = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _prctl(_PR_SET_NAME, b"kairos-guard")
        for other in (0, 1, 2, 4):
            os.close(other)
        poll = select.poll()
        poll.register(channel, 0)
        while not any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in poll.poll()):
            pass
        kill_all(worker)
    finally:
        os._exit(0)


def stop_guardian(pid: int) -> None:
    """Ends it, and waits for that."""
    try:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def kill_all(worker: int) -> None:
    """Ends the worker and all that it started, except what made a session of its own. A worker that leads no group, because
    somebody started it by hand, ends alone."""
    if os.getpgrp() == worker:
        os.killpg(worker, signal.SIGKILL)
    else:
        os.kill(worker, signal.SIGKILL)


def left_behind(guardian: int, threads: frozenset[int]) -> bool:
    """Whether a task left threads or processes running. Processes are seen on Linux only."""
    if any(t.ident not in threads for t in threading.enumerate()):
        return True
    children: set[str] = set()
    try:
        for tid in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{tid}/children", encoding="ascii") as file:
                children.update(file.read().split())
    except OSError:
        return False
    return bool(children - {str(guardian)})


def resident_kb() -> int:
    """Memory in use, 0 where it is not told."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize() // 1024
    except OSError:
        return 0


def _prctl(option: int, argument: int | bytes) -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None, use_errno=True).prctl(option, argument, 0, 0, 0)
    except (OSError, AttributeError):
        pass
