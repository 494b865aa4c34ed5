"""Python's values as what may travel: JSON without NaN, and cells of records whose decimals are text."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TypeAlias, Union

from .errors import FrameError

Json: TypeAlias = Union[None, bool, int, float, str, list["Json"], dict[str, "Json"]]
Cell: TypeAlias = Union[str, int, float, None]

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly."""

MAX_DEPTH = 64

MAX_TEXT = 1_000_000
"""No frame holds a longer one, so a longer one is not even encoded."""


def to_json(value: object, path: str = "result", depth: int = 0) -> Json:
    """The value as JSON that loses nothing. `Decimal` becomes text, dates become ISO 8601.

    Raises `FrameError` naming the place of what has no such form: NaN, infinity, too large integers, other objects.
    """
    if depth > MAX_DEPTH:
        raise FrameError(f"{path[:200]} lies deeper than {MAX_DEPTH} levels")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, Decimal):
        return _decimal(value, path)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, int):
        return _safe(int(value), path)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FrameError(f"{path} is {value}: JSON has no such number; use None")
        return float(value)
    if isinstance(value, dict):
        return {_key(k, path): to_json(v, f"{path}.{k}", depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(v, f"{path}[{i}]", depth + 1) for i, v in enumerate(value)]
    plain = _scalar(value)
    if plain is not value:
        return to_json(plain, path, depth + 1)
    raise FrameError(f"{path} is a {type(value).__name__}, which has no form in JSON; convert it first")


def to_cell(value: object, where: str) -> Cell:
    """One cell of a record: decimals as plain decimal text, times as epoch milliseconds, None as None; text stays as it is.

    A float stays a float: JSON writes it with the fewest digits that give it back. Raises `FrameError` for NaN and infinity
    (a missing value is None), for times without a zone, and for what is neither number, text nor time.
    """
    if value is None or isinstance(value, str):
        return value if value is None else _text(value, where)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return int(value) if abs(value) <= MAX_SAFE_INTEGER else str(int(value))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise FrameError(f"{where} is {value}: no number; write None where a value is missing")
        return float(value)
    if isinstance(value, Decimal):
        return _decimal(value, where)
    if _is_missing(value):
        return None
    if isinstance(value, datetime):
        return epoch_ms(value, where)
    plain = _scalar(value)
    if plain is not value:
        return to_cell(plain, where)
    raise FrameError(f"{where} is a {type(value).__name__}; cells are numbers, text, times with a zone, or None")


def epoch_ms(value: datetime | int, where: str) -> int:
    """A time as UTC epoch milliseconds; a whole number is taken for that already."""
    if isinstance(value, int):
        return int(value)
    if value.tzinfo is None:
        raise FrameError(f"{where} is a time without a zone ({value}); give it one, e.g. tzinfo=timezone.utc")
    moment = value.astimezone(UTC)
    whole = int((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return whole * 1000 + moment.microsecond // 1000


def moment_of(ms: int) -> datetime:
    """Epoch milliseconds as an aware time in UTC."""
    return datetime.fromtimestamp(ms // 1000, UTC).replace(microsecond=ms % 1000 * 1000)


def _decimal(value: Decimal, where: str) -> str:
    if not value.is_finite():
        raise FrameError(f"{where} is {value}: no number; write None where a value is missing")
    return format(value, "f")


def _safe(value: int, where: str) -> int:
    if abs(value) > MAX_SAFE_INTEGER:
        raise FrameError(f"{where} is {value}: larger than JSON readers keep exactly; hand it over as text")
    return value


def _text(value: str, where: str) -> str:
    if len(value) > MAX_TEXT:
        raise FrameError(f"{where} is a text of {len(value)} characters; at most {MAX_TEXT} are handed over")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise FrameError(f"{where} is no valid Unicode text: {error.reason}") from None
    return str(value)


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise FrameError(f"{path} has the key {key!r}, which is no text")
    return _text(key, path)


def _is_missing(value: object) -> bool:
    """pandas' own words for "not there" (`NA`, `NaT`), known by their names: pandas is not imported for this."""
    return type(value).__name__ in ("NAType", "NaTType")


def _scalar(value: object) -> object:
    """A scalar of numpy as Python's own; anything else as it is. A float32 keeps the digits that it shows."""
    if not hasattr(value, "dtype") or getattr(value, "ndim", 0) != 0:
        return value
    if str(value.dtype) in ("float16", "float32"):
        return Decimal(str(value))
    item = getattr(value, "item", None)
    return value if item is None else item()
