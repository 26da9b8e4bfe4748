"""The queue of one."""

from __future__ import annotations

import threading

import pytest

from velodepth.live.slot import Slot


def test_the_newest_wins_and_the_others_are_counted():
    slot = Slot()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take() == 3 and slot.dropped == 2
    assert slot.take(timeout=0.0) is None and not slot.ended


def test_an_item_that_was_put_before_the_end_is_still_taken():
    slot = Slot()
    slot.put(1)
    slot.close()
    assert not slot.ended and slot.take() == 1 and slot.ended and slot.take() is None


def test_an_error_comes_after_the_last_item():
    slot = Slot()
    slot.put(1)
    slot.close(KeyError("lost"))
    assert slot.take() == 1
    with pytest.raises(KeyError, match="lost"):
        slot.take()


def test_who_waits_is_woken():
    slot, taken = Slot(), []
    thread = threading.Thread(target=lambda: taken.extend([slot.take(), slot.take()]))
    thread.start()
    slot.put("item")
    while not taken and thread.is_alive() and slot.take(0.0) == "item":  # we may have been quicker
        slot.put("item")
    slot.close()
    thread.join()
    assert taken in (["item", None], [None, None])
