"""Entry point for Tencent Cloud SCF. In the module that SCF is pointed at:

    from kairos_tasks import scf
    main_handler = scf.handler_for("python_crawler")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .answer import answer


def handler_for(function: str) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A handler that runs the tasks of the module `function`, which lies beside it."""

    def main_handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
        # SCF tells the whole time limit, never what is left of it; the handler is called at its beginning.
        limit = context.get("time_limit_in_ms") if isinstance(context, Mapping) else getattr(context, "time_limit_in_ms", None)
        return answer(function, event, None if limit is None else float(limit) / 1000)

    return main_handler
