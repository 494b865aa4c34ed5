import unittest
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from kairos_tasks import FrameError
from kairos_tasks.values import epoch_ms, moment_of, to_cell, to_json


class Float32:
    """Stands in for numpy's scalar: synthetic."""

    dtype = "float32"
    ndim = 0

    def __str__(self) -> str:
        return "0.1"


class Int64:
    dtype = "int64"
    ndim = 0

    def item(self) -> int:
        return 7


class NAType:
    pass


class Cells(unittest.TestCase):
    def test_decimals_keep_every_digit_and_are_never_written_with_an_exponent(self) -> None:
        for text, cell in [("0.10", "0.10"), ("1E-7", "0.0000001"), ("1E+3", "1000"), ("-0", "-0")]:
            self.assertEqual(to_cell(Decimal(text), "x"), cell)

    def test_text_floats_and_integers_stay_as_they_are(self) -> None:
        for value in ["1e-7", "", "é", 0.1, 2.5, 0, -1, 2**53 - 1]:
            self.assertEqual(to_cell(value, "x"), value)
            self.assertIs(type(to_cell(value, "x")), type(value))

    def test_integers_that_readers_of_json_would_round_become_text(self) -> None:
        self.assertEqual(to_cell(2**53, "x"), str(2**53))

    def test_scalars_of_numpy_are_known_by_their_looks(self) -> None:
        self.assertEqual(to_cell(Float32(), "x"), "0.1")
        self.assertEqual(to_cell(Int64(), "x"), 7)
        self.assertIsNone(to_cell(NAType(), "x"))

    def test_what_is_no_number_is_refused_with_its_place(self) -> None:
        for value in [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]:
            with self.assertRaisesRegex(FrameError, "row 3, column close"):
                to_cell(value, "row 3, column close")

    def test_other_objects_lone_surrogates_and_giant_texts_are_refused(self) -> None:
        for value in [object(), [1], {"a": 1}, b"x", "\ud800", "x" * 1_000_001]:
            with self.assertRaises(FrameError):
                to_cell(value, "x")

    def test_times_become_epoch_milliseconds_whatever_their_zone(self) -> None:
        shanghai = timezone(timedelta(hours=8))
        self.assertEqual(to_cell(datetime(1970, 1, 1, 8, 0, 1, 2_999, shanghai), "x"), 1_002)
        self.assertEqual(to_cell(datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC), "x"), -1)
        for ms in [0, -1, 1, 1_700_000_000_123, -86_400_001]:
            self.assertEqual(epoch_ms(moment_of(ms), "x"), ms)

    def test_times_without_a_zone_are_refused(self) -> None:
        with self.assertRaisesRegex(FrameError, "without a zone"):
            to_cell(datetime(2024, 1, 1), "x")


class Results(unittest.TestCase):
    def test_what_has_a_form_in_json_gets_it(self) -> None:
        moment = datetime(2024, 1, 1, tzinfo=UTC)
        given = {"a": (1, Decimal("0.10"), None), "b": moment, "c": Int64()}
        self.assertEqual(to_json(given), {"a": [1, "0.10", None], "b": "2024-01-01T00:00:00+00:00", "c": 7})

    def test_what_has_none_is_refused_with_its_place(self) -> None:
        for value, place in [
            ({"rows": [{"x": float("nan")}]}, r"result\.rows\[0\]\.x is nan"),
            ({"n": 2**53}, r"result\.n is 9007199254740992"),
            ([object()], r"result\[0\] is a object"),
            ({1: 2}, "result has the key 1"),
        ]:
            with self.assertRaisesRegex(FrameError, place):
                to_json(value)

    def test_depth_is_bounded(self) -> None:
        endless: list[object] = []
        endless.append(endless)
        with self.assertRaisesRegex(FrameError, "deeper than 64"):
            to_json(endless)
