"""Fixture: tasks that break out, or try to."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from typing import Any

from kairos_tasks import Cancelled, Context, Series, task

OWN = Series("own", "ABC")


@task("environment")
def environment(ctx: Context) -> dict[str, str]:
    return dict(os.environ)


@task("whereabouts")
def whereabouts(ctx: Context) -> dict[str, Any]:
    with open("left.txt", "a", encoding="utf-8") as file:
        file.write("x")
    return {"cwd": os.getcwd(), "files": sorted(os.listdir()), "pid": os.getpid(), "path": sys.path}


@task("pid")
def pid(ctx: Context) -> int:
    return os.getpid()


@task("killed")
def killed(ctx: Context, params: dict[str, Any]) -> None:
    os.kill(os.getpid(), getattr(signal, params["signal"]))
    time.sleep(60)


@task("raw")
def raw(ctx: Context, params: dict[str, Any]) -> None:
    """Writes to the channel past the package: `head` as the announced length, `body` as it is."""
    body = params["body"].encode("latin-1")
    os.write(4, struct.pack(">I", params.get("head", len(body))) + body)
    time.sleep(60)


@task("impatient")
def impatient(ctx: Context) -> None:
    """Three frames of records without waiting for an answer."""
    body = b'{"t":"records","seq":1,"series":{"source":"a","symbol":"b","data_type":"kline","frequency":"1d"}'
    body += b',"range":null,"complete":false,"columns":["timestamp_ms"],"rows":[[1]]}'
    os.write(4, (struct.pack(">I", len(body)) + body) * 3)
    time.sleep(60)


@task("impatient_states")
def impatient_states(ctx: Context) -> None:
    body = b'{"t":"state","seq":1,"state":1}'
    os.write(4, (struct.pack(">I", len(body)) + body) * 3)
    time.sleep(60)


@task("states_of_threads")
def states_of_threads(ctx: Context) -> str:
    """Ten states at once, by the package."""
    threads = [threading.Thread(target=ctx.save_state, args=(i,)) for i in range(10)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return "kept"


@task("flood")
def flood(ctx: Context, params: dict[str, Any]) -> int:
    """Megabytes on an output, or that many lines of the logger."""
    if params.get("stream") == "log":
        for i in range(params["lines"]):
            ctx.log.info("line %d %s", i, "x" * 200)
        return params["lines"]
    stream = sys.stderr if params.get("stream") == "stderr" else sys.stdout
    line = "y" * params.get("width", 100) + params.get("end", "\n")
    for _ in range(params["megabytes"] * 1_000_000 // len(line)):
        stream.write(line)
    return params["megabytes"]


@task("grandchildren")
def grandchildren(ctx: Context, params: dict[str, Any]) -> str:
    for _ in range(params.get("count", 2)):
        subprocess.Popen(["sleep", "600"])
    ctx.log.info("grown")
    if params.get("wait"):
        time.sleep(600)
    return "left them alone"


@task("thread")
def thread(ctx: Context) -> str:
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    return "left it alone"


@task("cleans_up")
def cleans_up(ctx: Context) -> None:
    try:
        ctx.log.info("busy")
        time.sleep(600)
    except Cancelled as cancelled:
        ctx.log.info("cleaning up after %s", cancelled.reason)
        raise


@task("swallows")
def swallows(ctx: Context) -> str:
    """A broad except does not catch the end of the run."""
    ctx.log.info("busy")
    try:
        time.sleep(600)
    except Exception:
        return "never mind"
    return "slept"


@task("deaf_native")
def deaf_native(ctx: Context) -> None:
    """Holds the interpreter's lock in one endless call: no Python code runs any more, no signal is handled."""
    ctx.log.info("busy")
    subprocess.Popen(["sleep", "600"])
    pow(3, 10**9)


@task("many_frames")
def many_frames(ctx: Context, params: dict[str, Any]) -> int:
    rows = [(i * 60_000, "1.5", "x" * 1_000) for i in range(params["rows"])]
    return ctx.records(OWN, rows, columns=["timestamp_ms", "close", "text"]).accepted


@task("reads_channel_number")
def reads_channel_number(ctx: Context) -> bool:
    return os.get_inheritable(4)
