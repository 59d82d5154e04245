"""One connection to the gradebook for all of nbgrader's steps.

Each step of nbgrader's opens the gradebook for itself. A new engine every time would compile
the same queries again and again, and every table would be looked for: half of all that is
done in a run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from nbgrader import api
from sqlalchemy.engine import Connection


class SharedEngine:
    """Within its `with`, nbgrader uses one engine for each gradebook, and keeps it.

    What is not public in nbgrader and is replaced meanwhile: where `nbgrader.api` makes its
    engines, and where it makes the tables.
    """

    def __init__(self) -> None:
        self._engine = cache(api.create_engine)
        self._create_all = cache(api.Base.metadata.create_all)
        self._joined: dict[str, Connection] = {}  # by url: of the transaction under way

    def __enter__(self) -> "SharedEngine":
        self._replaced = api.create_engine, api.Base.metadata.create_all
        api.create_engine = self._engine_of
        api.Base.metadata.create_all = lambda bind: self._create_all(bind=bind.engine)
        return self

    def __exit__(self, *_: object) -> None:
        api.create_engine, api.Base.metadata.create_all = self._replaced

    @contextmanager
    def transaction(self, url: str) -> Iterator[None]:
        """What nbgrader's steps write to the gradebook within: all of it, or nothing.

        They commit some thirty times. Here they get one connection, and to a session that
        joins the transaction of a connection, committing means no more than writing.
        """
        with self._engine(url, echo=False, future=True).begin() as connection:
            # What a closed gradebook does with its engine.
            connection.dispose = lambda: None
            self._joined[url] = connection
            try:
                yield
            finally:
                del self._joined[url]

    def _engine_of(self, url: str, **options: Any) -> Any:
        return self._joined.get(url) or self._engine(url, **options)
