"""Runs a task in a test of yours: no server, no process, nothing is kept."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .answer import Collector
from .call import Call
from .context import Context
from .params import params_for
from .registry import TaskFunction, takes_params
from .values import Json, epoch_ms, to_json


@dataclass(frozen=True)
class Outcome:
    """What the task returned, and what it handed over: `records` are frames with series, range, complete, columns and rows."""

    result: Json
    records: list[dict[str, Any]]
    state: Json


def run_task(
    function: TaskFunction,
    *,
    params: Mapping[str, Any] | None = None,
    state: Json = None,
    slot: datetime | int = 0,
    attempt: int = 1,
    seconds: float = 60.0,
) -> Outcome:
    """One try of the task. Params are converted and checked as they are in earnest; what the task raises is raised."""
    deadline = time.time() + seconds
    name = str(getattr(function, "__kairos_task__", function.__name__))
    given = dict(params or {})
    call = Call(
        run_id="test",
        task_id="test",
        task_name="test",
        task_type=name,
        function=function.__module__,
        params=given,
        state=state,
        kind="s",
        slot=epoch_ms(slot, "slot"),
        attempt=attempt,
        deadline=int(deadline * 1000),
        memory_mb=512,
    )
    outside = Collector(deadline=deadline, ends=deadline, state=state)
    context = Context(call, outside)
    outcome = function(context, params_for(function, given)) if takes_params(function) else function(context)
    if inspect.iscoroutine(outcome):
        outcome = asyncio.run(outcome)
    return Outcome(to_json(outcome), outside.frames, outside.state)
