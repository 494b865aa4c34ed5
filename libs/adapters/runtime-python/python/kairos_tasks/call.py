"""One try of a task, as it comes over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .values import Json


@dataclass(frozen=True)
class Call:
    """Times in epoch milliseconds."""

    run_id: str
    task_id: str
    task_name: str
    task_type: str
    function: str
    params: Mapping[str, Any]
    state: Json
    kind: str
    slot: int
    attempt: int
    deadline: int
    memory_mb: int


_FIELDS: dict[str, type | tuple[type, ...]] = {
    "run_id": str,
    "task_id": str,
    "task_name": str,
    "task_type": str,
    "function": str,
    "params": dict,
    "kind": str,
    "slot": int,
    "attempt": int,
    "deadline": int,
    "memory_mb": int,
}


def read_call(event: Mapping[str, Any]) -> Call:
    """Raises `ValueError` naming what is missing or of the wrong kind."""
    wrong = [name for name, kind in _FIELDS.items() if not isinstance(event.get(name), kind)]
    if wrong:
        raise ValueError(f"this is no call of a task: {', '.join(wrong)} missing or of the wrong kind")
    return Call(**{name: event[name] for name in _FIELDS}, state=event.get("state"))
