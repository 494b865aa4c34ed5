"""Rows as frames: checked cell by cell, cut so that each frame fits, the span cut with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from .errors import FrameError
from .values import Cell, epoch_ms, to_cell

MAX_FRAME_BYTES = 1_048_576
"""The largest frame, as JSON in UTF-8."""

_ROOM = MAX_FRAME_BYTES - 4_096
"""What rows may fill of a frame; the rest is for its head."""

TIME_COLUMN = "timestamp_ms"

Span = tuple[int, int]


@dataclass(frozen=True)
class Frame:
    """One frame of records: what it says of itself, and its rows, which are kept as JSON text too."""

    head: Mapping[str, Any]
    rows: Sequence[Sequence[Cell]]
    texts: Sequence[str]

    def text(self, seq: int) -> str:
        """The whole message as JSON."""
        head = json.dumps({"t": "records", "seq": seq, **self.head}, ensure_ascii=False, separators=(",", ":"))
        return f'{head[:-1]},"rows":[{",".join(self.texts)}]}}'


def table_of(rows: Any, columns: Sequence[str] | None) -> tuple[list[str], list[list[Cell]]]:
    """Any of the accepted shapes as columns and rows: dictionaries, sequences, or a DataFrame.

    Raises `FrameError` naming row and column of what cannot be a cell.
    """
    if hasattr(rows, "columns") and hasattr(rows, "itertuples"):
        names = list(columns) if columns is not None else [str(c) for c in rows.columns]
        raw: Iterable[Sequence[object]] = _rows_of_frame(rows, names)
    else:
        listed = list(rows)
        names = list(columns) if columns is not None else _names_of(listed)
        raw = [_row_of(row, i, names) for i, row in enumerate(listed)]
    if names and names[0] != TIME_COLUMN:
        if TIME_COLUMN not in names:
            raise FrameError(f"columns are {', '.join(names)}; the first must be {TIME_COLUMN}")
        order = sorted(range(len(names)), key=lambda i: names[i] != TIME_COLUMN)
        raw = [[row[i] for i in order] for row in raw]
        names = [names[i] for i in order]
    return names, [_cells(row, i, names) for i, row in enumerate(raw)]


def span_of(given: tuple[datetime | int, datetime | int] | None) -> Span | None:
    """A half-open span in epoch milliseconds."""
    if given is None:
        return None
    start, end = epoch_ms(given[0], "range[0]"), epoch_ms(given[1], "range[1]")
    if start >= end:
        raise FrameError(f"range ends ({end}) before or where it begins ({start})")
    return start, end


def frames_of(
    series: Mapping[str, str], columns: Sequence[str], rows: list[list[Cell]], span: Span | None, complete: bool
) -> Iterator[Frame]:
    """The rows in as few frames as they fit in. With a span, rows are put in order of time and each frame gets its own part
    of the span, so that every frame is true by itself."""
    if span is not None:
        rows = sorted(rows, key=_time)
    texts = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    cuts = list(_cuts(rows, texts, keep_times_together=span is not None))
    for place, (start, end) in enumerate(cuts):
        part = None
        if span is not None:
            begin = span[0] if place == 0 else _time(rows[start])
            part = [begin, span[1] if place == len(cuts) - 1 else _time(rows[end])]
        head = {"series": dict(series), "range": part, "complete": complete, "columns": list(columns)}
        yield Frame(head, rows[start:end], texts[start:end])


def _cuts(rows: list[list[Cell]], texts: list[str], keep_times_together: bool) -> Iterator[tuple[int, int]]:
    start, size, safe = 0, 0, 0
    for i, text in enumerate(texts):
        if not keep_times_together or (i > 0 and rows[i][0] != rows[i - 1][0]):
            safe = i
        size += len(text.encode()) + 1
        if size > _ROOM:
            if safe <= start:
                raise FrameError(f"rows {start} to {i} take {size} bytes of JSON and cannot be parted; a frame holds {MAX_FRAME_BYTES}")
            yield start, safe
            start = safe
            size = sum(len(t.encode()) + 1 for t in texts[start : i + 1])
            if size > _ROOM:
                raise FrameError(f"row {i} takes {size} bytes of JSON; a frame holds {MAX_FRAME_BYTES}")
    yield start, len(texts)


def _time(row: Sequence[Cell]) -> int:
    time = row[0]
    if not isinstance(time, int):
        raise FrameError(f"{TIME_COLUMN} is {time!r}; it must be a whole number of epoch milliseconds or a time with a zone")
    return time


def _names_of(rows: list[Any]) -> list[str]:
    if not rows:
        return [TIME_COLUMN]
    if isinstance(rows[0], Mapping):
        return list(dict.fromkeys(str(k) for row in rows if isinstance(row, Mapping) for k in row))
    raise FrameError("rows without names need columns=[...]; its first is timestamp_ms")


def _row_of(row: Any, i: int, names: list[str]) -> Sequence[object]:
    if isinstance(row, Mapping):
        unknown = [str(k) for k in row if k not in names]
        if unknown:
            raise FrameError(f"row {i} has {', '.join(unknown)}, which is none of the columns")
        return [row.get(name) for name in names]
    if isinstance(row, str) or not isinstance(row, Sequence):
        raise FrameError(f"row {i} is a {type(row).__name__}; rows are dictionaries or sequences")
    if len(row) != len(names):
        raise FrameError(f"row {i} has {len(row)} cells for {len(names)} columns")
    return row


def _rows_of_frame(frame: Any, names: list[str]) -> Iterator[Sequence[object]]:
    """Column by column, so that each value comes as Python's own and not as a row's common type."""
    missing = [n for n in names if n not in {str(c) for c in frame.columns}]
    if missing:
        raise FrameError(f"the DataFrame has no column {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}")
    by_name = {str(c): frame[c] for c in frame.columns}
    yield from zip(*(_values_of(by_name[name]) for name in names), strict=True)


def _values_of(column: Any) -> list[object]:
    """Python's own values; but a float32 as the decimal it shows, where Python's float would show digits of its own, and None
    for what is missing among texts, which cannot be a failed calculation."""
    kind = str(column.dtype)
    if kind in ("float16", "float32"):
        return [Decimal(str(value)) for value in column.to_numpy()]
    if kind in ("str", "string", "category"):
        return [None if missing else value for value, missing in zip(column.tolist(), column.isna(), strict=True)]
    return list(column.tolist())


def _cells(row: Sequence[object], i: int, names: list[str]) -> list[Cell]:
    cells = [to_cell(v, f"row {i}, column {n}") for n, v in zip(names, row, strict=True)]
    if cells:
        _time(cells)
    return cells
