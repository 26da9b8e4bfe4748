"""Queues of one between two threads."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Slots(Generic[Item]):
    """Holds the newest item of each place: one that nobody has taken gives way to the next."""

    def __init__(self, places: int = 1) -> None:
        self._changed = threading.Condition()
        self._items: dict[int, Item] = {}
        self._open = set(range(places))
        self._errors: dict[int, BaseException] = {}
        self.dropped = 0  # items that gave way

    def put(self, item: Item, place: int = 0) -> None:
        with self._changed:
            self.dropped += place in self._items
            self._items[place] = item
            self._changed.notify()

    def close(self, error: BaseException | None = None, place: int | None = None) -> None:
        """No item comes any more at this place, or at any; `error` is raised where the next one would be
        taken."""
        with self._changed:
            if error is not None:
                self._errors.setdefault(place or 0, error)
            self._open -= self._open if place is None else {place}
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Closed, and nothing is left to take."""
        with self._changed:
            return not self._open and not self._items

    def take(self, timeout: float | None = None) -> dict[int, Item]:
        """The newest items by place, once there is one; none where none comes in `timeout` seconds or any
        more."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._errors or not self._open, timeout)
            for place, error in self._errors.items():
                if place not in self._items:
                    raise error
            items, self._items = self._items, {}
            return items
