import enum
import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypedDict

from kairos_tasks import Context, ParamsError
from kairos_tasks.params import params_for


class Side(enum.Enum):
    BUY = "buy"
    SELL = "sell"


@dataclass
class Span:
    start: date
    end: date | None = None


@dataclass
class Params:
    symbol: str
    limit: int = 10
    share: float = 0.5
    fee: Decimal = Decimal("0")
    live: bool = False
    mode: Literal["fast", "slow"] = "fast"
    side: Side = Side.BUY
    tags: list[str] = field(default_factory=list)
    spans: dict[str, Span] = field(default_factory=dict)
    at: datetime | None = None

    def __post_init__(self) -> None:
        if self.limit < 0:
            raise ValueError("limit must not be negative")


class Loose(TypedDict):
    symbol: str
    limit: NotRequired[int]


def typed(ctx: Context, params: Params) -> None: ...
def loose(ctx: Context, params: Loose) -> None: ...
def free(ctx: Context, params: dict[str, Any]) -> None: ...
def bare(ctx, params): ...  # type: ignore[no-untyped-def]
def none(ctx: Context) -> None: ...


def problems(function: Callable[..., Any], given: dict[str, Any]) -> tuple[str, ...]:
    try:
        params_for(function, given)
    except ParamsError as error:
        return error.problems
    return ()


class ParamsTest(unittest.TestCase):
    def test_json_becomes_what_the_annotation_says(self) -> None:
        given = {
            "symbol": "A",
            "limit": 3.0,
            "share": 1,
            "fee": "0.10",
            "live": True,
            "mode": "slow",
            "side": "sell",
            "tags": ["x"],
            "spans": {"one": {"start": "2024-01-31"}},
            "at": "2024-01-31T00:00:00+08:00",
        }
        params = params_for(typed, given)
        self.assertEqual(params.fee, Decimal("0.10"))
        self.assertEqual((params.limit, params.share, params.live, params.mode), (3, 1.0, True, "slow"))
        self.assertIs(params.side, Side.SELL)
        self.assertEqual(params.spans, {"one": Span(date(2024, 1, 31))})
        self.assertEqual(params.at, datetime.fromisoformat("2024-01-31T00:00:00+08:00"))

    def test_every_problem_is_told_with_its_field(self) -> None:
        told = problems(typed, {"limt": 1, "limit": "x", "mode": "medium", "tags": ["a", 2], "spans": {"one": {"start": "soon"}}})
        self.assertEqual(
            set(told),
            {
                "params.symbol: is missing; expected text",
                'params.limt: is unknown; did you mean "limit"?',
                "params.limit: expected a whole number, got 'x'",
                "params.mode: expected one of 'fast', 'slow', got 'medium'",
                "params.tags[1]: expected text, got 2",
                "params.spans.one.start: expected a date (2024-01-31), got 'soon'",
            },
        )

    def test_kinds_are_not_mixed_up(self) -> None:
        for field_name, value in [("limit", True), ("limit", 1.5), ("live", 1), ("symbol", 7), ("share", "1"), ("symbol", None)]:
            self.assertEqual(len(problems(typed, {"symbol": "A", field_name: value})), 1, (field_name, value))

    def test_what_the_class_itself_refuses_is_a_problem_too(self) -> None:
        self.assertEqual(problems(typed, {"symbol": "A", "limit": -1}), ("params: limit must not be negative",))

    def test_typed_dictionaries_are_checked_and_stay_dictionaries(self) -> None:
        self.assertEqual(params_for(loose, {"symbol": "A"}), {"symbol": "A"})
        self.assertEqual(len(problems(loose, {"limit": "x", "more": 1})), 3)

    def test_dictionaries_are_taken_as_they_are(self) -> None:
        for function in (free, bare):
            self.assertEqual(params_for(function, {"a": [1]}), {"a": [1]})

    def test_a_function_without_params_refuses_them(self) -> None:
        self.assertIsNone(params_for(none, {}))
        self.assertEqual(problems(none, {"a": 1}), ("params: none takes none, got a",))
