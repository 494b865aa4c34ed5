"""Reads candles that Kairos exported as Parquet, with DuckDB and with pandas.

    pip install duckdb pandas pyarrow
    python read_parquet.py btc.parquet [btc.csv]

Decimals stay decimals: nothing below goes through a float. Given the CSV of the same export, every value is compared.
"""

import csv
import sys
from datetime import datetime, timezone
from decimal import Decimal

import duckdb
import pandas as pd

path = sys.argv[1]
csv_path = sys.argv[2] if len(sys.argv) > 2 else None


def heading(text):
    print(f"\n== {text}")


# %% What the file says of itself

heading("about the file")
db = duckdb.connect()
about = {
    key.decode(): value.decode()
    for key, value in db.execute(
        "SELECT key, value FROM parquet_kv_metadata(?) ORDER BY key", [path]
    ).fetchall()
}
for key, value in about.items():
    print(f"{key} = {value}")

# %% DuckDB: types, and candles of a day in exact decimals

heading("DuckDB: columns")
for name, kind, *_ in db.execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall():
    print(f"{name}: {kind}")

heading("DuckDB: days")
days = db.execute(
    f"""
    SELECT strftime(time_bucket(INTERVAL '1 day', timestamp AT TIME ZONE 'UTC'), '%Y-%m-%d') AS day,
           arg_min(open, timestamp) AS open,
           max(high) AS high,
           min(low) AS low,
           arg_max(close, timestamp) AS close,
           sum(volume) AS volume,
           count(*) AS candles
    FROM '{path}'
    GROUP BY day ORDER BY day
    """
).fetchall()
for day, *prices, candles in days[:5]:
    print(day, *prices, f"({candles} candles)")

# %% pandas: decimals as Python's Decimal, times in UTC

heading("pandas: columns")
frame = pd.read_parquet(path).set_index("timestamp")
print(f"index: {frame.index.dtype}")
for name in frame.columns:
    values = frame[name].dropna()
    kind = type(values.iloc[0]).__name__ if len(values) else "nothing but nulls"
    print(f"{name}: {kind}, {len(frame) - len(values)} absent")

heading("pandas: the same days")
bars = frame.resample("1D").agg(
    {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
)
bars = bars[bars["open"].notna()]
for day, bar in list(bars.iterrows())[:5]:
    print(day.strftime("%Y-%m-%d"), *(bar[name] for name in bars.columns))

theirs = [(day, *values[:5]) for day, *values in days]
ours = [(day.strftime("%Y-%m-%d"), *bar) for day, bar in bars.iterrows()]
print("DuckDB and pandas agree:", theirs == ours)

# %% The same values as in the CSV, exactly

if csv_path:
    heading("against the CSV")
    with open(csv_path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    equal = 0
    for row, (at, values) in zip(rows, frame.iterrows()):
        same = at == datetime.fromtimestamp(int(row["timestamp_ms"]) / 1000, timezone.utc)
        for name in frame.columns:
            value = values[name]
            absent = value is None or value != value
            same = same and (row[name] == "" if absent else Decimal(row[name]) == Decimal(value))
        equal += same
    print(f"equal rows: {equal} of {len(rows)} ({len(frame)} in Parquet)")
