"""Make stocks.npz: the daily bars of bokeh-sampledata as arrays (days, tickers)."""

import csv
import gzip
import zipfile

import numpy as np
from common import arguments, read_source, write_arrays

SOURCE = "bokeh_sampledata-2026.1-py3-none-any.whl"
SHA256 = "f40331a40ca30c64a1c1471835aad9006b61b0d9731a3f649ee8cbbf48d3822f"
TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
COLUMNS = ("open", "high", "low", "close", "volume", "adj_close")

if __name__ == "__main__":
    downloads, output = arguments()
    with zipfile.ZipFile(read_source(downloads, SOURCE, SHA256)) as package:
        text = gzip.decompress(package.read("bokeh_sampledata/_data/stocks.csv.gz")).decode()
    rows = list(csv.reader(text.splitlines()))[1:]
    days = sorted({row[1] for row in rows})
    bars = np.full((len(COLUMNS), len(days), len(TICKERS)), np.nan, dtype=np.float32)
    place = {day: t for t, day in enumerate(days)}
    for ticker, day, *values in rows:
        bars[:, place[day], TICKERS.index(ticker)] = [float(v) for v in values]
    write_arrays(
        output / "stocks.npz",
        days=np.array(days, dtype="datetime64[D]").astype(np.int32),
        **dict(zip(COLUMNS, bars, strict=True)),
    )
