"""Entry point for AWS Lambda. In the module that Lambda is pointed at:

    from kairos_tasks import aws_lambda
    handler = aws_lambda.handler_for("python_crawler")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .answer import answer


def handler_for(function: str) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """A handler that runs the tasks of the module `function`, which lies beside it."""

    def handler(event: Mapping[str, Any], context: Any = None) -> dict[str, Any]:
        left = getattr(context, "get_remaining_time_in_millis", None)
        return answer(function, event, None if left is None else left() / 1000)

    return handler
