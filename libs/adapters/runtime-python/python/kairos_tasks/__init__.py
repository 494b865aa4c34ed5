"""Write tasks for Kairos in Python. See `task`, `Context` and `Permanent`."""

from .context import Ack, Context, Finding, Series
from .errors import Cancelled, FrameError, ParamsError, Permanent, SinkError
from .registry import task
from .values import Cell, Json

__version__ = "0.1.0"

__all__ = [
    "Ack",
    "Cancelled",
    "Cell",
    "Context",
    "Finding",
    "FrameError",
    "Json",
    "ParamsError",
    "Permanent",
    "Series",
    "SinkError",
    "task",
]
