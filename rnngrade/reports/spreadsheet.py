"""Tables as CSV that a spreadsheet shows as they are: nothing in them is run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# What begins a formula in a spreadsheet, in some countries as a wide letter, and also behind
# spaces: owasp.org/www-community/attacks/CSV_Injection.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def csv_of(rows: Iterable[Sequence[str | float | None]], mark: bool = False) -> str:
    """The text of a CSV file: text is quoted, numbers are not, None is an empty cell.

    Args:
        rows: of text, numbers and None.
        mark: whether a byte order mark comes first. Excel needs it to read UTF-8; a program
            that imports the file may take it for part of the first name.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows(map(_cell, row) for row in rows)
    return "\ufeff" * mark + text.getvalue()


def _cell(value):
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" \n").startswith(FORMULA) else value
    if isinstance(value, int | float):
        rounded = round(value, 4)
        return int(rounded) if rounded == int(rounded) else rounded
    return value
