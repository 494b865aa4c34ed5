"""Fixture of the contract that every task runtime keeps: one task type for each thing that a task may do, or may not."""

import os
import sys
import time
from dataclasses import dataclass
from typing import Any, Literal

from kairos_tasks import Ack, Context, Permanent, Series, SinkError, task

OWN = Series("own", "ABC")
DAY = 86_400_000


@task("echo")
def echo(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
    return {
        "params": params,
        "state": ctx.state,
        "slot": ctx.slot.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ctx.slot.microsecond // 1000:03d}Z",
        "taskName": ctx.task,
        "taskType": ctx.task_type,
        "attempt": ctx.attempt,
    }


@task("log_lines")
def log_lines(ctx: Context, params: dict[str, Any]) -> int:
    ctx.log.debug("a debug line")
    ctx.log.info("an info line")
    ctx.log.warning("a warn line")
    ctx.log.error("an error line")
    count = int(params.get("count", 0))
    for i in range(count):
        ctx.log.info("line %d", i)
    return count


@task("print_noise")
def print_noise(ctx: Context) -> str:
    print("to standard output")
    print("to standard error", file=sys.stderr)
    sys.stdout.buffer.write(b"\xff\xfex\n")
    sys.stdout.buffer.flush()
    return "printed"


@task("emit")
def emit(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
    given = params["records"]
    span = given["range"]
    ctx.log.info("handing in")
    try:
        ack = ctx.records(
            _series(given),
            given["rows"],
            columns=given["columns"],
            range=None if span is None else (span["from"], span["to"]),
            complete=given["complete"],
        )
    except SinkError as error:
        if not params.get("catch"):
            raise
        return {"code": error.code}
    ctx.log.info("answered")
    return _told(ack)


@task("emit_many")
def emit_many(ctx: Context, params: dict[str, Any]) -> dict[str, Any]:
    count = params["count"]
    rows = [(i * DAY, f"{i}.5", "60000", "1", "1", "0") for i in range(count)]
    columns = ["timestamp_ms", "open", "high", "low", "close", "volume"]
    return _told(ctx.records(OWN, rows, columns=columns, range=(0, (count + 1_000) * DAY), complete=True))


@task("emit_too_big")
def emit_too_big(ctx: Context) -> None:
    ctx.records(OWN, [{"timestamp_ms": 0, "close": "9" * 100_000_000}])


@task("emit_nan")
def emit_nan(ctx: Context) -> None:
    ctx.records(OWN, [{"timestamp_ms": 0, "close": float("nan")}])


@task("count")
def count(ctx: Context) -> int:
    state = ctx.state if isinstance(ctx.state, int) else 0
    ctx.save_state(state + 1)
    return state + 1


@task("fail")
def fail(ctx: Context, params: dict[str, Any]) -> None:
    raise RuntimeError(params.get("message", "it failed"))


@task("fail_permanent")
def fail_permanent(ctx: Context, params: dict[str, Any]) -> None:
    raise Permanent(params.get("message", "it failed for good"))


@dataclass
class ExitParams:
    code: int = 3
    way: Literal["exit", "_exit"] = "exit"


@task("exit")
def exit_process(ctx: Context, params: ExitParams) -> None:
    if params.way == "_exit":
        os._exit(params.code)
    sys.exit(params.code)


@task("hang")
def hang(ctx: Context) -> None:
    """Deaf to everything: only killing it helps."""
    ctx.log.info("hanging")
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue


@task("wait_abort")
def wait_abort(ctx: Context) -> str:
    ctx.log.info("waiting")
    while not ctx.cancelled:
        time.sleep(0.005)
    ctx.log.info("stopping")
    return "aborted"


@task("deadline")
def deadline(ctx: Context) -> float:
    return ctx.seconds_left()


@task("big_result")
def big_result(ctx: Context) -> str:
    return "x" * 2_000_000


@task("result_nan")
def result_nan(ctx: Context) -> float:
    return float("nan")


@task("memory_hog")
def memory_hog(ctx: Context) -> int:
    kept = []
    while True:
        kept.append(bytearray(8_388_608))


@dataclass
class Typed:
    n: float


@task("typed")
def typed(ctx: Context, params: Typed) -> float:
    return params.n


def _series(records: dict[str, Any]) -> Series:
    given = records["series"]
    return Series(given["source"], given["symbol"], given["dataType"], given["frequency"])


def _told(ack: Ack) -> dict[str, Any]:
    findings = [{"code": f.code, "ts": f.ts, "detail": f.detail} for f in ack.findings]
    return {"accepted": ack.accepted, "findings": findings}
