import importlib
import importlib.util
import json
import random
import unittest
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from kairos_tasks import FrameError
from kairos_tasks.records import MAX_FRAME_BYTES, frames_of, span_of, table_of
from kairos_tasks.values import Cell

SERIES = {"source": "own", "symbol": "ABC", "data_type": "kline", "frequency": "1d"}


class Column:
    def __init__(self, dtype: str, values: list[Any]) -> None:
        self.dtype = dtype
        self.values = values

    def tolist(self) -> list[Any]:
        return self.values

    def to_numpy(self) -> list[Any]:
        return self.values


class Frame:
    """Looks as a DataFrame does: synthetic."""

    def __init__(self, **columns: Column) -> None:
        self.by_name = columns
        self.columns = list(columns)

    def itertuples(self) -> None: ...

    def __getitem__(self, name: str) -> Column:
        return self.by_name[name]


@unittest.skipIf(importlib.util.find_spec("pandas") is None, "pandas is not installed here")
class RealFrames(unittest.TestCase):
    def test_columns_of_pandas_come_as_they_are_written(self) -> None:
        pandas: Any = importlib.import_module("pandas")
        frame = pandas.DataFrame(
            {
                "timestamp_ms": pandas.date_range("2024", periods=2, tz="Asia/Shanghai"),
                "trades": pandas.array([1, None], dtype="Int64"),
                "short": pandas.array([0.1, 1.5], dtype="float32").to_numpy(),
                "close": [0.1, 2.2],
                "text": ["0.10", None],
            }
        )
        names, rows = table_of(frame, None)
        self.assertEqual(names, ["timestamp_ms", "trades", "short", "close", "text"])
        self.assertEqual(rows, [[1_704_038_400_000, 1, "0.1", 0.1, "0.10"], [1_704_124_800_000, None, "1.5", 2.2, None]])
        frame.loc[1, "close"] = float("nan")
        with self.assertRaisesRegex(FrameError, "row 1, column close is nan"):
            table_of(frame, None)


class Tables(unittest.TestCase):
    def test_dictionaries_sequences_and_frames_come_to_the_same(self) -> None:
        at = datetime(2024, 1, 1, tzinfo=UTC)
        wanted = (["timestamp_ms", "close"], [[1_704_067_200_000, "1.10"], [1_704_153_600_000, None]])
        close = [Decimal("1.10"), None]
        times = [at, 1_704_153_600_000]
        self.assertEqual(table_of([{"close": c, "timestamp_ms": t} for c, t in zip(close, times, strict=True)], None), wanted)
        self.assertEqual(table_of(list(zip(times, close, strict=True)), ["timestamp_ms", "close"]), wanted)
        self.assertEqual(table_of(Frame(close=Column("object", close), timestamp_ms=Column("object", times)), None), wanted)

    def test_a_float32_of_a_frame_goes_by_the_digits_it_shows(self) -> None:
        frame = Frame(timestamp_ms=Column("int64", [0]), close=Column("float32", ["0.1"]))
        self.assertEqual(table_of(frame, None)[1], [[0, "0.1"]])

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        for rows, columns, told in [
            ([(0, float("nan"))], ["timestamp_ms", "close"], "row 0, column close is nan"),
            ([(0, 1), (1,)], ["timestamp_ms", "close"], "row 1 has 1 cells for 2 columns"),
            ([(0, 1)], None, "need columns"),
            ([{"close": 1}], None, "the first must be timestamp_ms"),
            ([{"timestamp_ms": 0}, {"timestamp_ms": 1, "x": 1}], ["timestamp_ms"], "row 1 has x"),
            ([{"timestamp_ms": "2024"}], None, "timestamp_ms is '2024'"),
            (["abc"], ["timestamp_ms"], "row 0 is a str"),
            (Frame(timestamp_ms=Column("int64", [])), ["timestamp_ms", "close"], "no column close"),
        ]:
            with self.assertRaisesRegex(FrameError, told):
                table_of(rows, columns)

    def test_a_span_is_half_open_and_not_empty(self) -> None:
        self.assertEqual(span_of((0, datetime(1970, 1, 2, tzinfo=UTC))), (0, 86_400_000))
        with self.assertRaisesRegex(FrameError, "ends"):
            span_of((1, 1))


class Frames(unittest.TestCase):
    def test_random_sets_are_cut_into_frames_that_fit_and_lose_nothing(self) -> None:
        chance = random.Random(7)
        for _ in range(20):
            count = chance.randrange(0, 4_000)
            times = sorted(chance.randrange(0, 1_000_000) for _ in range(count))
            rows: list[list[Cell]] = [[t, "é" * chance.randrange(0, 400)] for t in times]
            span = (-5, 1_000_005)
            frames = list(frames_of(SERIES, ["timestamp_ms", "text"], rows, span, True))
            self.assertEqual([r for f in frames for r in f.rows], rows)
            at = span[0]
            for seq, frame in enumerate(frames):
                text = frame.text(seq)
                self.assertLessEqual(len(text.encode()), MAX_FRAME_BYTES)
                message = json.loads(text)
                self.assertEqual(message["rows"], frame.rows)
                self.assertEqual(message["range"][0], at)
                at = message["range"][1]
                for time, _text in message["rows"]:
                    self.assertTrue(message["range"][0] <= time < at)
            self.assertEqual(at, span[1])

    def test_without_a_span_the_order_stays(self) -> None:
        rows: list[list[Cell]] = [[2, "b"], [1, "a"]]
        [frame] = frames_of(SERIES, ["timestamp_ms", "text"], rows, None, False)
        self.assertEqual((frame.rows, frame.head["range"]), (rows, None))

    def test_no_rows_make_one_frame_that_speaks_for_its_span(self) -> None:
        [frame] = frames_of(SERIES, ["timestamp_ms"], [], (0, 9), True)
        self.assertEqual((frame.head["range"], list(frame.rows)), ([0, 9], []))

    def test_what_cannot_be_parted_is_refused(self) -> None:
        same: list[list[Cell]] = [[0, "x" * 1_000] for _ in range(2_000)]
        with self.assertRaisesRegex(FrameError, "cannot be parted"):
            list(frames_of(SERIES, ["timestamp_ms", "text"], same, (0, 1), False))
        giant: list[list[Cell]] = [[0, "x"], [1, *["y" * 900_000] * 2], [2, "z"]]
        with self.assertRaisesRegex(FrameError, "bytes of JSON"):
            list(frames_of(SERIES, ["timestamp_ms", "a", "b"], giant, None, False))
