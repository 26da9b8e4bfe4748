"""Queues of one."""

from __future__ import annotations

import threading

import pytest

from velodepth.live.slot import Slots


def test_the_newest_wins_and_the_others_are_counted():
    slot = Slots()
    for item in (1, 2, 3):
        slot.put(item)
    assert slot.take() == {0: 3} and slot.dropped == 2
    assert slot.take(timeout=0.0) == {} and not slot.ended


def test_an_item_that_was_put_before_the_end_is_still_taken():
    slot = Slots()
    slot.put(1)
    slot.close()
    assert not slot.ended and slot.take() == {0: 1} and slot.ended and slot.take() == {}


def test_an_error_comes_after_the_last_item():
    slot = Slots()
    slot.put(1)
    slot.close(KeyError("lost"))
    assert slot.take() == {0: 1}
    with pytest.raises(KeyError, match="lost"):
        slot.take()


def test_who_waits_is_woken():
    slot, taken = Slots(), []
    thread = threading.Thread(target=lambda: taken.extend([slot.take(), slot.take()]))
    thread.start()
    slot.put("item")
    while not taken and thread.is_alive() and slot.take(0.0) == {0: "item"}:  # we may have been quicker
        slot.put("item")
    slot.close()
    thread.join()
    assert taken in ([{0: "item"}, {}], [{}, {}])


def test_places_have_their_own_newest_item_and_end():
    slots = Slots(2)
    slots.put("a", 0)
    slots.put("b", 1)
    slots.put("c", 1)
    assert slots.take() == {0: "a", 1: "c"} and slots.dropped == 1
    slots.close(place=0)
    slots.put("d", 1)
    assert not slots.ended and slots.take() == {1: "d"}
    slots.close(place=1)
    assert slots.ended and slots.take() == {}


def test_an_error_of_one_place_is_told_while_others_go_on():
    slots = Slots(2)
    slots.close(KeyError("lost"), 1)
    slots.put("a", 0)
    with pytest.raises(KeyError, match="lost"):
        slots.take()
