import time
import types
import unittest
from dataclasses import replace
from typing import Any

from kairos_tasks import Context, FrameError, Permanent, Series, aws_lambda, scf, task
from kairos_tasks.answer import answer
from kairos_tasks.call import read_call
from kairos_tasks.registry import tasks_of
from kairos_tasks.testing import run_task

EVENT: dict[str, Any] = {
    "run_id": "r",
    "task_id": "t",
    "task_name": "n",
    "task_type": "echo",
    "function": __name__,
    "params": {},
    "state": None,
    "kind": "s",
    "slot": 1_700_000_000_000,
    "attempt": 1,
    "deadline": 4_000_000_000_000,
    "memory_mb": 128,
}
OWN = Series("own", "ABC")


@task("echo")
def echo(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
    ctx.log.info("slot %s", ctx.slot)
    return {"params": params, "slot": ctx.slot, "left": ctx.seconds_left() > 0}


@task("later")
async def later(ctx: Context) -> str:
    return "awaited"


@task("fails")
def fails(ctx: Context) -> None:
    raise Permanent("never")


@task("pages")
def pages(ctx: Context) -> int:
    """Ten pages of about a megabyte, going on from where the state says."""
    page = ctx.state if isinstance(ctx.state, int) else 0
    while page < 10:
        ctx.records(OWN, [(page * 10_000 + i, "x" * 1_000) for i in range(1_000)], columns=["timestamp_ms", "text"])
        page += 1
        ctx.save_state(page)
    return page


@task("greedy")
def greedy(ctx: Context) -> None:
    for page in range(10):
        ctx.records(OWN, [(page * 10_000 + i, "x" * 1_000) for i in range(1_000)], columns=["timestamp_ms", "text"])


@task("patient")
def patient(ctx: Context) -> str:
    ctx.save_state("here")
    while True:
        ctx.check()
        time.sleep(0.01)


class Registry(unittest.TestCase):
    def test_a_name_stands_once_and_a_function_takes_a_context(self) -> None:
        with self.assertRaisesRegex(ValueError, "stands twice"):
            task("echo")(lambda ctx: None)
        with self.assertRaisesRegex(ValueError, "takes 3 arguments"):
            task("three")(lambda a, b, c: None)
        for name in ["", "a b", "x" * 65, "../a"]:
            with self.assertRaises(ValueError):
                task(name)

    def test_tasks_that_were_imported_belong_to_a_module_too(self) -> None:
        module = types.ModuleType("elsewhere")
        module.borrowed = echo  # type: ignore[attr-defined]
        self.assertEqual(list(tasks_of(module)), ["echo"])


class Calls(unittest.TestCase):
    def test_a_call_that_is_none_is_told_what_is_missing(self) -> None:
        with self.assertRaisesRegex(ValueError, "slot, attempt"):
            read_call({k: v for k, v in EVENT.items() if k not in ("slot", "attempt")})

    def test_a_task_in_a_test_of_yours(self) -> None:
        outcome = run_task(pages, state=9)
        self.assertEqual((outcome.result, outcome.state, len(outcome.records)), (10, 10, 1))
        with self.assertRaises(Permanent):
            run_task(fails)
        self.assertEqual(run_task(later).result, "awaited")


class Clouds(unittest.TestCase):
    def test_both_clouds_run_the_same_function_and_answer_alike(self) -> None:
        event = {**EVENT, "params": {"a": 1}}
        lambda_context = types.SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
        first = aws_lambda.handler_for(__name__)(event, lambda_context)
        second = scf.handler_for(__name__)(event, {"time_limit_in_ms": 60_000})
        self.assertEqual(first, second)
        self.assertEqual(first["result"], {"params": {"a": 1}, "slot": "2023-11-14T22:13:20+00:00", "left": True})
        self.assertEqual(first["logs"], [{"level": "info", "message": "slot 2023-11-14 22:13:20+00:00"}])
        self.assertTrue(first["done"])

    def test_errors_are_answered_and_not_raised(self) -> None:
        told = answer(__name__, {**EVENT, "task_type": "fails"}, None)
        self.assertEqual(told["error"]["code"], "JOB_FAILED")
        self.assertTrue(told["error"]["permanent"])
        self.assertIn("in fails", told["error"]["traceback"])
        self.assertEqual(answer(__name__, {**EVENT, "task_type": "nope"}, None)["error"]["code"], "JOB_TYPE_UNKNOWN")
        with self.assertRaisesRegex(ValueError, "the call is for other"):
            answer(__name__, {**EVENT, "function": "other"}, None)

    def test_more_than_one_answer_holds_is_handed_over_in_several(self) -> None:
        state, seen, calls = None, set[int](), 0
        while True:
            told = answer(__name__, {**EVENT, "task_type": "pages", "state": state}, None)
            calls += 1
            seen.update(row[0] for frame in told["frames"] for row in frame["rows"])
            state = told.get("state", state)
            if told["done"]:
                break
        self.assertEqual((told["result"], len(seen)), (10, 10_000))
        self.assertEqual(calls, 4)

    def test_a_task_that_saves_no_state_is_told_to(self) -> None:
        told = answer(__name__, {**EVENT, "task_type": "greedy"}, None)
        self.assertEqual(told["error"]["code"], "JOB_FRAME")
        self.assertIn("save_state", told["error"]["message"])

    def test_the_end_of_the_function_is_no_end_of_the_task_when_it_saved_its_state(self) -> None:
        told = answer(__name__, {**EVENT, "task_type": "patient"}, 3.05)
        self.assertEqual((told["done"], told["state"]), (False, "here"))
        over = answer(__name__, {**EVENT, "task_type": "patient", "deadline": 0}, 3.05)
        self.assertEqual(over["error"]["code"], "JOB_TIMEOUT")


class Frozen(unittest.TestCase):
    def test_a_call_cannot_be_changed_by_a_task(self) -> None:
        call = read_call(EVENT)
        with self.assertRaises(AttributeError):
            call.slot = 1  # type: ignore[misc]
        self.assertEqual(replace(call, slot=2).slot, 2)
        self.assertRaises(FrameError, run_task, echo, params={"a": float("nan")})
