"""How far a run is, on stderr: a bar in a terminal, a line per tenth in a log."""

import sys
import time
from typing import TextIO

from tqdm import tqdm

from rnngrade.messages import message


class Progress:
    """Counts submissions, and tells rate and time left.

    Args:
        total: how many there are.
        name: what they are of.
        file: where it is shown; stderr if nothing is said.
    """

    def __init__(self, total: int, name: str, file: TextIO | None = None):
        self._file = file or sys.stderr
        self._unit = f" {message('run.submissions')}"
        self._name, self._total, self._done, self._start = name, total, 0, time.monotonic()
        # `disable=None`: not where nobody sees it move.
        self._bar = tqdm(total=total, desc=name, unit=self._unit, file=self._file, disable=None)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def step(self) -> None:
        """One is done."""
        self._done += 1
        self._bar.update()
        tenths = [10 * done // self._total for done in (self._done - 1, self._done)]
        if self._bar.disable and tenths[0] < tenths[1]:
            seconds = time.monotonic() - self._start
            line = tqdm.format_meter(
                self._done,
                self._total,
                seconds,
                ncols=0,
                prefix=self._name,
                unit=self._unit,
            )
            print(line, file=self._file, flush=True)

    def skip(self) -> None:
        """One was done already: it says nothing about rate and time left."""
        self._total -= 1
        self._bar.total = self._total
        self._bar.refresh()
