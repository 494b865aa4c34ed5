"""A task with a package of its own: smooths prices with pandas and hands the result in as a series.

The prices are synthetic: a fixed rule makes them up from the date, so that the example needs no network and always gives the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from kairos_tasks import Context, Series, task

DAY = timedelta(days=1)


@dataclass
class Params:
    symbol: str
    """Name of the series that is made."""
    window: int = 5
    """Days that an average is taken over."""
    days: int = 30
    """Days before the slot that are handed in."""
    end: datetime | None = None
    """Exclusive; default: the day of the slot."""

    def __post_init__(self) -> None:
        if self.window < 1 or self.days < 1:
            raise ValueError("window and days must be at least 1")


@task("moving_average")
def moving_average(ctx: Context, params: Params) -> dict[str, Any]:
    """Daily candles whose close is the average of the last `window` synthetic prices."""
    end = (params.end or ctx.slot).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = end - params.days * DAY
    prices = synthetic_prices(start - (params.window - 1) * DAY, end)
    average = prices.rolling(params.window).mean().dropna().round(4)
    frame = pd.DataFrame({"timestamp_ms": average.index, "close": average.to_numpy()})
    frame["open"] = frame["close"].shift(1).fillna(frame["close"])
    frame["high"] = frame[["open", "close"]].max(axis=1)
    frame["low"] = frame[["open", "close"]].min(axis=1)
    frame["volume"] = 0
    ctx.check()
    ack = ctx.records(
        Series("my_averages", params.symbol, "kline", "1d"),
        frame,
        columns=["timestamp_ms", "open", "high", "low", "close", "volume"],
        range=(start, end),
        complete=True,
    )
    ctx.log.info("handed in %d days, %d of them new", len(frame), ack.accepted)
    return {"days": len(frame), "accepted": ack.accepted, "last_close": str(frame["close"].iloc[-1])}


def synthetic_prices(start: datetime, end: datetime) -> "pd.Series[float]":
    """One price a day: a slow wave with a ripple on it."""
    days = pd.date_range(start, end, freq="D", inclusive="left")
    ordinals = days.map(lambda day: day.toordinal())
    return pd.Series([100 + n % 28 * 0.5 + n % 7 * 0.25 for n in ordinals], index=days)
