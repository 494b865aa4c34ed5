"""`@task`: which functions of a module are tasks, and by what names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

TaskFunction = Callable[..., Any]
F = TypeVar("F", bound=TaskFunction)

_MARK = "__kairos_task__"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_known: dict[str, dict[str, TaskFunction]] = {}


def task(name: str) -> Callable[[F], F]:
    """Registers `function(ctx, params)` as the task type `name`. The function itself stays as it is, ready to be called.

    `params` may be left out, or be annotated with a dataclass, a `TypedDict` or `dict`. The function may be `async`.
    Raises `ValueError` when the name is no task type, is taken in this module, or the function takes other arguments.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"@task({name!r}): a task type is letters, digits and ._- of at most 64")

    def register(function: F) -> F:
        taken = _known.setdefault(function.__module__, {})
        if taken.get(name, function) is not function and taken[name].__qualname__ != function.__qualname__:
            raise ValueError(f'@task("{name}") stands twice in {function.__module__}')
        count = len(_positional(function))
        if count not in (1, 2):
            raise ValueError(f'@task("{name}"): {function.__name__} takes {count} arguments; it is called with (ctx, params)')
        taken[name] = function
        setattr(function, _MARK, name)
        return function

    return register


def tasks_of(module: ModuleType) -> dict[str, TaskFunction]:
    """The tasks of a module: registered in it or below it, or imported into it by name."""
    found = {name: f for name, f in ((getattr(v, _MARK, None), v) for v in vars(module).values()) if isinstance(name, str)}
    below = f"{module.__name__}."
    for place, tasks in _known.items():
        if place == module.__name__ or place.startswith(below):
            found.update(tasks)
    return dict(sorted(found.items()))


def takes_params(function: TaskFunction) -> bool:
    """Whether the function wants `params` besides the context."""
    return len(_positional(function)) == 2


def _positional(function: TaskFunction) -> list[inspect.Parameter]:
    parameters = inspect.signature(function).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters if p.kind in kinds]
