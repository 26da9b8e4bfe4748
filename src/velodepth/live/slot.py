"""A queue of one between two threads."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Slot(Generic[Item]):
    """Holds the newest item: one that nobody has taken gives way to the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: Item | None = None
        self._closed = False
        self._error: BaseException | None = None
        self.dropped = 0  # items that gave way

    def put(self, item: Item) -> None:
        with self._changed:
            self.dropped += self._item is not None
            self._item = item
            self._changed.notify()

    def close(self, error: BaseException | None = None) -> None:
        """No item comes any more; `error` is raised where the next one would be taken."""
        with self._changed:
            self._closed, self._error = True, self._error or error
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Closed, and nothing is left to take."""
        with self._changed:
            return self._closed and self._item is None

    def take(self, timeout: float | None = None) -> Item | None:
        """The newest item, waited for up to `timeout` seconds; None if none comes in time or any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            if item is None and self._error is not None:
                raise self._error
            return item
