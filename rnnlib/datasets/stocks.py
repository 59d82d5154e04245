"""Daily prices of five shares: the honest forecasting lesson."""

from typing import Any, NamedTuple

import numpy as np

from rnnlib.datasets._files import read_arrays
from rnnlib.datasets.split import Split, cut_by_time

TICKERS = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
VALID_FROM = np.datetime64("2009-07-01")
TEST_FROM = np.datetime64("2010-07-01")


class Stocks(NamedTuple):
    """dates (T,) datetime64[D]; the rest (T, 5) float32, a column per ticker.

    Prices are US dollars; volume is shares a day. NaN before a share was listed.
    """

    dates: Any
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any
    adj_close: Any


def load_stocks():
    """Open, high, low, close, volume and adjusted close of AAPL, FB, GOOG, IBM and MSFT.

    Source: the package bokeh-sampledata 2026.1, `_data/stocks.csv.gz`, from Quandl WIKI
    Prices, as supplied. `adj_close` has splits and dividends taken out, those after 2013
    too; the other prices have not, so AAPL, IBM and MSFT are comparable over time only in
    `adj_close`. Stored as float32: a volume keeps seven digits.
    Licence: public domain by the package's own inventory (files/stocks.LICENSE.txt).
    Size: 3,270 trading days, 2000-03-01 to 2013-03-01. GOOG begins on 2004-08-19; FB on
    2012-05-18, so it is in the test part only.

    The split is by calendar, all tickers at the same dates: valid is the year from
    2009-07-01, test all from 2010-07-01. Shares move together, so a date in training for
    one and in testing for another would tell. Fit a scaler on the training part only, and
    make windows within a part.

    Baseline: tomorrow is today (`baselines.persistence`). For AAPL's `adj_close`, one day
    ahead, RMSE on the test part is 1.07 dollars. What can be foretold is how much a price
    moves: for the log of log(high / low), HAR over all tickers has an RMSE of 0.390, where
    persistence has 0.477 (`baselines.har_features`).

    Returns:
        Split of Stocks.
    """
    arrays = read_arrays("stocks.npz")
    dates = arrays.pop("days").astype("datetime64[D]")
    parts = cut_by_time(dates, VALID_FROM, TEST_FROM, embargo=np.timedelta64(0, "D"))
    return Split(*(Stocks(dates[p], **{k: a[p] for k, a in arrays.items()}) for p in parts))
