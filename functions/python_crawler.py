"""Two tasks to begin with. See docs/guides/write-a-task.md.

A task is a function that is marked with its type, is called with the context of its run and with the params of its task, and
returns what shall be recorded as the run's result.
"""

from datetime import UTC, datetime
from typing import Any

from kairos_tasks import Context, task


@task("simple_task_1")
def simple_task_1(ctx: Context) -> dict[str, str]:
    """Logs the current time and returns it, beside the slot: the instant that the run stands for, however late it runs."""
    now = datetime.now(UTC)
    ctx.log.info("now it is %s", now.isoformat())
    return {"timestamp": now.isoformat(), "slot": ctx.slot.isoformat()}


@task("simple_task_2")
def simple_task_2(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
    """Echoes the event: the params of the task, and the run that it was called for."""
    event = {
        "task": ctx.task,
        "taskType": ctx.task_type,
        "slot": ctx.slot.isoformat(),
        "attempt": ctx.attempt,
        "params": params,
    }
    ctx.log.info("event %s", event)
    return event
