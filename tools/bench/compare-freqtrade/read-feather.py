"""Prints the candles of feather files as freqtrade keeps them: `# name`, then `ts,open,high,low,close,volume`."""

import sys
from pathlib import Path

import pandas

for path in sorted(Path(sys.argv[1]).glob("**/*.feather")):
    print(f"# {path.stem}")
    frame = pandas.read_feather(path)
    stamps = frame["date"].astype("datetime64[ms, UTC]").astype("int64")
    columns = [frame[name] for name in ("open", "high", "low", "close", "volume")]
    for ts, *values in zip(stamps, *columns):
        print(ts, *map(repr, map(float, values)), sep=",")
