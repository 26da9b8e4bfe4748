"""Jobs through workers that are told what to do: who gets what, and what happens when they fail."""

from __future__ import annotations

import json
from collections import Counter, deque

import pytest

from velodepth.batch.inputs import BatchInput, find_clips
from velodepth.batch.job import Failure, Job, Receipt, Receipts, Settings
from velodepth.batch.run import plan, rows_of, work_off
from velodepth.batch.workers import Lost, Ready, Unfit
from velodepth.errors import VeloDepthError

SETTINGS = Settings(kinds=("npz",))


def receipt(job: Job, outputs=None) -> Receipt:
    return Receipt(job.key, job.source, job.content, job.stamp, outputs or {}, 6, 1, 64, 48, 0.5, "here:1")


class Script:
    """A pool that does as written: for each job the events it leads to, "done" by default."""

    def __init__(self, count: int, script: dict[str, list]) -> None:
        self.script, self.given, self.busy = script, Counter(), {}
        self.events_to_come = deque((worker, Ready()) for worker in range(count))

    def give(self, worker: int, job: Job) -> None:
        assert worker not in self.busy
        self.busy[worker] = job
        self.given[job.name] += 1
        steps = self.script.get(job.name, [])
        self.events_to_come.append((worker, steps.pop(0) if steps else receipt(job)))

    def events(self):
        worker, event = self.events_to_come.popleft()
        self.busy.pop(worker, None)
        yield worker, event
        if isinstance(event, Lost):
            self.events_to_come.append((worker, Ready()))

    def close(self) -> None:
        pass


def jobs(*names: str) -> list[Job]:
    return [Job(f"key {name}", f"/in/{name}.mp4", name, f"content {name}", "stamp") for name in names]


def test_each_job_is_done_once():
    pool = Script(2, {})
    results = work_off(jobs(*"abcde"), pool, 2)
    assert set(pool.given.values()) == {1} and len(results) == 5
    assert all(isinstance(result.outcome, Receipt) and result.tries == 1 for result in results.values())


def test_a_worker_that_dies_costs_a_try_and_not_the_job():
    pool = Script(2, {"b": [Lost("killed")], "c": [Failure("MemoryError", permanent=False)] * 2})
    results = work_off(jobs(*"abcd"), pool, 2)
    tries = {"key a": 1, "key b": 2, "key c": 3, "key d": 1}
    assert {key: result.tries for key, result in results.items()} == tries
    assert all(isinstance(result.outcome, Receipt) for result in results.values())


def test_tries_are_bounded_and_the_others_go_on():
    pool = Script(1, {"a": [Lost("killed")] * 9, "b": [Failure("no video", permanent=True)] * 9})
    told = []
    results = work_off(jobs(*"abc"), pool, 2, lambda job, outcome: told.append((job.name, type(outcome))))
    assert pool.given == {"a": 3, "b": 1, "c": 1}
    assert results["key a"].outcome == Failure("killed", permanent=False)
    assert results["key b"].outcome.reason == "no video"
    assert sorted(told, key=str) == [("a", Failure), ("b", Failure), ("c", Receipt)]


def test_no_model_no_batch():
    pool = Script(1, {})
    pool.events_to_come = deque([(0, Unfit("there is no preset 'giant'"))])
    with pytest.raises(VeloDepthError, match="no preset 'giant'"):
        work_off(jobs("a"), pool, 2)
    pool.events_to_come = deque([(0, Lost("status 1"))] * 9)
    with pytest.raises(VeloDepthError, match="workers die before they begin: status 1"):
        work_off(jobs("a"), pool, 2)


def test_what_is_done_is_told_by_content_settings_and_outputs(tmp_path):
    source, copy, other = (tmp_path / f"{name}.mp4" for name in ("one", "copy", "other"))
    for path, text in ((source, "same"), (copy, "same"), (other, "else")):
        path.write_text(text)
    receipts = Receipts(tmp_path / "out")
    clips = find_clips(map(str, (source, copy, other)))
    first = plan(clips, SETTINGS, receipts)
    assert [job.name for job in first.jobs] == ["one", "other"] and not first.done
    (tmp_path / "out").mkdir()
    (tmp_path / "out/one.npz").write_bytes(b"12345")
    receipts.write(receipt(first.jobs[0], {"one.npz": 5}))

    second = plan(clips, SETTINGS, receipts)
    assert [job.name for job in second.jobs] == ["other"] and len(second.done) == 1
    source.rename(tmp_path / "renamed.mp4")
    moved = find_clips([str(tmp_path / "renamed.mp4")])
    assert not plan(moved, SETTINGS, receipts).jobs  # the same content
    assert plan(moved, Settings(kinds=("npz",), policy="every"), receipts).jobs  # asked for something else
    (tmp_path / "out/one.npz").write_bytes(b"123")
    assert plan(moved, SETTINGS, receipts).jobs  # not as it was written
    (tmp_path / "out/one.npz").unlink()
    assert plan(moved, SETTINGS, receipts).jobs


def test_outputs_that_are_replaced_are_not_taken_for_done(tmp_path):
    """Depth of equal frames has equally many bytes, so that their number does not tell."""
    out, receipts = tmp_path / "out", Receipts(tmp_path / "out")

    def run(settings, *names):
        todo = plan(find_clips(str(tmp_path / name) for name in names), settings, receipts)
        for job in todo.jobs:
            (out / f"{job.name}.npz").write_bytes(job.key.encode())
            receipts.write(receipt(job, {f"{job.name}.npz": len(job.key)}))
        return [job.name for job in todo.jobs]

    out.mkdir()
    for name, text in (("a.mp4", "one"), ("b.mp4", "two"), ("day/a.mp4", "three")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert run(SETTINGS, "a.mp4", "b.mp4") == ["a", "b"]
    fast = Settings(kinds=("npz",), policy="every:8")
    assert run(fast, "a.mp4") == ["a"] and run(SETTINGS, "a.mp4", "b.mp4") == ["a"]
    assert run(SETTINGS, "day/a.mp4") == ["a"] and run(SETTINGS, "a.mp4", "b.mp4") == ["a"]
    # The one that is done gets out of the way of another that has got its name.
    (tmp_path / "a.mp4").rename(tmp_path / "old.mp4")
    (tmp_path / "a.mp4").write_text("four")
    assert sorted(run(SETTINGS, "a.mp4", "old.mp4", "b.mp4")) == ["a", "old"]
    assert run(SETTINGS, "a.mp4", "old.mp4", "b.mp4") == []


def test_a_file_that_did_not_change_is_not_read_again(tmp_path, monkeypatch):
    (tmp_path / "one.mp4").write_text("same")
    receipts = Receipts(tmp_path / "out")
    clips = find_clips([str(tmp_path / "one.mp4")])
    receipts.write(receipt(plan(clips, SETTINGS, receipts).jobs[0]))
    monkeypatch.setattr(BatchInput, "content", lambda clip: pytest.fail("was read"))
    assert plan(clips, SETTINGS, receipts).done


def test_rows_are_in_the_order_of_the_inputs_and_say_who_did_what(tmp_path):
    for name, text in (("one", "same"), ("copy", "same"), ("bad", "else"), ("gone", "x")):
        (tmp_path / f"{name}.mp4").write_text(text)
    clips = find_clips(str(tmp_path / f"{name}.mp4") for name in ("one", "bad", "copy", "gone"))
    (tmp_path / "gone.mp4").unlink()
    todo = plan(clips, SETTINGS, Receipts(tmp_path / "out"))
    pool = Script(1, {name: [Failure("no video", permanent=True)] for name in ("bad", "gone")})
    rows = rows_of(todo, work_off(todo.jobs, pool, 2))
    assert [(row.clip.name, row.fresh, isinstance(row.outcome, Failure), row.tries) for row in rows] == [
        ("one", True, False, 1),
        ("bad", False, True, 1),
        ("copy", False, False, 1),
        ("gone", False, True, 1),
    ]
    assert pool.given == {"one": 1, "bad": 1, "gone": 1}


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": ["a"]},
        {"outputs": {"a": "1"}},
        {"warnings": 3},
        {"key": None},
        {"frames": "6"},
        {"more": 1},
    ],
)
def test_a_receipt_with_odd_values_is_none(tmp_path, change):
    receipts = Receipts(tmp_path)
    (job,) = jobs("one")
    receipts.write(receipt(job))
    assert receipts.done(job.key) and receipts.contents()
    path = tmp_path / ".velodepth" / f"{job.key}.json"
    for text in (json.dumps(json.loads(path.read_text()) | change), "[" * 100_000, "[]", "3"):
        path.write_text(text)
        assert receipts.done(job.key) is None
        assert receipts.outputs() == set() and receipts.contents() == {}
        receipts.forget({"a"})
