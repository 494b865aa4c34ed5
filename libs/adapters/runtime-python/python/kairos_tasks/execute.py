"""One call of one task, wherever it runs: finds it, checks its params, and says how it ended."""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .call import Call
from .context import Context, Outside
from .errors import Cancelled, FrameError, ParamsError, Pause, Permanent, SinkError
from .params import params_for
from .registry import TaskFunction
from .values import Json, to_json

MAX_RESULT_BYTES = 900_000
_MAX_MESSAGE = 4_000
_MAX_TRACEBACK = 32_000
_HERE = str(Path(__file__).parent)

End = dict[str, Any]
"""`{"t": "result", "result"}`, `{"t": "pause"}` (go on in another call, from the saved state), or
`{"t": "error", "code", "message", "permanent", "traceback"?, "sink_seq"?, "exit"?}`."""


def execute(tasks: Mapping[str, TaskFunction], call: Call, outside: Outside) -> End:
    """Runs the task to its end. Raises nothing: whatever the task raises is part of what is returned."""
    function = tasks.get(call.task_type)
    if function is None:
        return _error(
            "JOB_TYPE_UNKNOWN",
            f"{call.function} has no task type {call.task_type}; it has {', '.join(tasks) or 'none'}",
            permanent=True,
        )
    try:
        params = params_for(function, call.params)
        context = Context(call, outside)
        args = (context,) if len(inspect.signature(function).parameters) == 1 else (context, params)
        outcome = function(*args)
        if inspect.iscoroutine(outcome):
            import asyncio  # Only here: it takes as long to import as all the rest of a worker.

            outcome = asyncio.run(outcome)
        return {"t": "result", "result": checked_result(outcome)}
    except Pause:
        return {"t": "pause"}
    except BaseException as error:
        return end_of(error)


def checked_result(value: object) -> Json:
    """The result as JSON. Raises `FrameError` when it has none or is too long to be handed over."""
    result = to_json(value)
    size = _size(result)
    if size > MAX_RESULT_BYTES:
        raise FrameError(f"the result takes {size} bytes of JSON; at most {MAX_RESULT_BYTES} are handed over: emit records instead")
    return result


def end_of(error: BaseException) -> End:
    """How the run ends when the task lets this exception out."""
    if isinstance(error, MemoryError):
        traceback.clear_frames(error.__traceback__)
        return _error("JOB_MEMORY", "the task used more memory than it may", told=error)
    if isinstance(error, Cancelled):
        name = "JOB_TIMEOUT" if error.reason == "timeout" else "JOB_CANCELLED"
        return _error(name, "the task stopped when it was told to", told=error)
    if isinstance(error, ParamsError):
        return _error("JOB_PARAMS", str(error), permanent=True)
    if isinstance(error, FrameError):
        return _error("JOB_FRAME", str(error), permanent=False, told=error)
    if isinstance(error, SinkError):
        return {**_error(error.code, str(error), told=error), "sink_seq": error.seq}
    if isinstance(error, SystemExit):
        code = exit_code(error)
        return {**_error("JOB_CRASHED", f"the task ended its process with exit code {code}", told=error), "exit": code}
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _error("JOB_FAILED", message, permanent=isinstance(error, Permanent), told=error)


def exit_code(error: SystemExit) -> int:
    """As Python itself reads it: None is 0, a text is 1."""
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def traceback_of(error: BaseException) -> str:
    """As Python prints it, without the frames of this package, the end of it if it is long."""
    told = traceback.TracebackException.from_exception(error)
    _leave_out_own(told)
    text = "".join(told.format()).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _MAX_TRACEBACK else f"…{text[-_MAX_TRACEBACK:]}"


def _leave_out_own(told: traceback.TracebackException | None) -> None:
    depth = 0
    while told is not None and depth < 10:
        kept = [frame for frame in told.stack if not frame.filename.startswith(_HERE)]
        told.stack = traceback.StackSummary.from_list(kept)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
        depth += 1


def _error(code: str, message: str, *, permanent: bool = False, told: BaseException | None = None) -> End:
    text = message.encode("utf-8", "backslashreplace").decode()
    end: End = {"t": "error", "code": code, "message": text[:_MAX_MESSAGE], "permanent": permanent}
    return end if told is None else {**end, "traceback": traceback_of(told)}


def _size(value: Json) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
