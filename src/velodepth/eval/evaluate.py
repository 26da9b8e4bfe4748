"""Runs a predictor over sequences and measures it by a protocol; what was measured before is not again."""

from __future__ import annotations

import json
import platform
import tempfile
import zipfile
from collections import deque
from collections.abc import Callable, Generator, Iterator
from collections.abc import Sequence as SequenceOf
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..cores import cores
from ..errors import VeloDepthError
from ..media.atomic import explained
from ..media.locks import scratch
from ..processes import Lost, Processes, Ready
from .clips import CLIPS
from .identity import code, fingerprint
from .measure import Measuring
from .memory import keep_freed_memory
from .predictor import ClipInfo, Predictor
from .protocols import Protocol
from .results import Measured, RunResult, file_name
from .spool import Spool, saved
from .truth import Sequence

STEPS = 2
"""How often `advance` is called for each frame: when it is predicted and when it is measured."""

PARTS = (
    *("alignment", "consistency", "geometry", "measure", "metrics", "predictor", "protocols", "spool"),
    *("standing", "trajectory"),
)
BELOW = ("cameras.py", "adapters/alignment.py", "adapters/look.py")
MEASURES = fingerprint(code(*BELOW, *(f"eval/{name}.py" for name in PARTS)))
"""Of the code that makes figures: what an older one measured is measured again."""

Advance = Callable[[], None]


@dataclass(frozen=True)
class Run:
    """What is asked of every sequence; picklable.

    predictor: what is measured. protocol: how. camera: whether the predictor is told the true one.
    limit: only the first so many of the protocol's frames of each sequence; None: all. skip: figures that are
    not wanted, such as "f1"; a name takes all that begin with it and "_" along. cache: folder for what was
    measured; None: nothing is kept. save: folder for predictions, one .npz a sequence (see `Spool`).
    """

    predictor: Predictor
    protocol: Protocol
    camera: bool = True
    limit: int | None = None
    skip: frozenset[str] = frozenset()
    cache: Path | None = None
    save: Path | None = None

    def frames(self, sequence: Sequence) -> range:
        """Which frames count. Raises VeloDepthError if the sequence cannot be listed."""
        return self.protocol.frames(len(sequence), sequence.dataset, self.limit)

    def head(self, sequences: SequenceOf[Sequence]) -> dict[str, Any]:
        """The protocol as a report tells it, in JSON's values."""
        claim = self.predictor.claim
        given = self.camera and any(each.dataset != CLIPS for each in sequences)
        return {
            "name": self.protocol.name,
            "frames": self.protocol.frames_in_words,
            "limit": self.limit,
            "alignment": [each.words(claim) for each in self.protocol.alignments(claim)],
            "depth": {
                each.dataset: [each.min_depth, self.protocol.max_depth(each.dataset, each.max_depth)]
                for each in sequences
            },
            "camera": "true" if given else "estimated",
            "mean_over": self.protocol.mean_over,
            "skipped": sorted(self.skip),
        }

    def model(self) -> dict[str, Any]:
        """What is measured, in JSON's values."""
        return {
            "name": self.predictor.name,
            "claim": self.predictor.claim,
            "identity": self.predictor.identity(),
            "velodepth": __version__,
        }


def evaluate(
    run: Run,
    sequences: SequenceOf[Sequence],
    processes: int = 1,
    keep_going: bool = False,
    advance: Advance = lambda: None,
) -> RunResult:
    """Measures every sequence, in order or in so many processes at once.

    keep_going: a sequence that fails is listed in the result; else it stops the run. advance: called STEPS
    times a frame. A run that was stopped goes on where it was when it is started again with the same `cache`.
    Raises VeloDepthError, with the name of the sequence, for what cannot be read, predicted or measured.
    """
    model = run.model()
    found: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    cached = 0
    measured = _in_turn if min(processes, len(sequences)) < 2 else _at_once
    with closing(measured(run, model["identity"], sequences, processes, advance)) as outcomes:
        for name, outcome in outcomes:
            if isinstance(outcome, VeloDepthError):
                if not keep_going:
                    raise outcome
                failed[name] = str(outcome)
            else:
                found[name], known = outcome
                cached += known
    ordered = {each.name: found[each.name] for each in sequences if each.name in found}
    return RunResult(run.head(sequences), model, _machine(processes), ordered, failed, cached)


Outcome = tuple[Measured, bool] | VeloDepthError
"""Of a sequence: what was measured, and whether that was earlier; or why it was not."""


def _in_turn(
    run: Run, model: str, sequences: SequenceOf[Sequence], processes: int, advance: Advance
) -> Generator[tuple[str, Outcome]]:
    for sequence in sequences:
        yield sequence.name, _outcome(run, model, sequence, advance)


def _at_once(
    run: Run, model: str, sequences: SequenceOf[Sequence], processes: int, advance: Advance
) -> Generator[tuple[str, Outcome]]:
    """In processes of their own, each on its share of the cores."""
    workers = Processes(min(processes, len(sequences)), _begin, run, model)
    waiting, names, left = deque(sequences), dict[int, str](), len(sequences)
    try:
        while left:
            for worker, event in workers.events():
                if event is None:  # a step within a sequence
                    advance()
                    continue
                if isinstance(event, Lost):
                    raise VeloDepthError(
                        f"a process of the evaluation was lost ({event.reason}): use fewer --processes where "
                        "memory is short"
                    )
                if not isinstance(event, Ready):
                    left -= 1
                    yield names[worker], event
                if waiting:
                    names[worker] = waiting[0].name
                    workers.give(worker, waiting.popleft())
    finally:
        workers.close()


def _begin(tell: Callable[[None], None], run: Run, model: str) -> Callable[[Sequence], Outcome]:
    """In a new worker: what measures a sequence, and tells each step."""
    return lambda sequence: _outcome(run, model, sequence, lambda: tell(None))


def _outcome(run: Run, model: str, sequence: Sequence, advance: Advance) -> Outcome:
    try:
        return _measured(run, model, sequence, advance)
    except VeloDepthError as error:
        named = f"sequence {sequence.name}" in str(error)
        return error if named else VeloDepthError(f"sequence {sequence.name}: {error}")


def _measured(run: Run, model: str, sequence: Sequence, advance: Advance) -> tuple[Measured, bool]:
    """The figures of one sequence, and whether they were there already."""
    frames = run.frames(sequence)
    made = fingerprint([model, sequence.identity(), str(frames), str(run.camera)])
    protocol = json.dumps([asdict(run.protocol), run.skip], default=sorted, sort_keys=True)
    name = f"{file_name(sequence.name)}-{fingerprint([made, protocol, MEASURES])}.npz"
    kept = run.cache / name if run.cache else None
    written = run.save / f"{sequence.name}.npz" if run.save else None
    known = kept and _known(kept)
    if known and (written is None or saved(written, made)):
        for _ in range(STEPS * len(frames)):
            advance()
        return known, True
    measuring = Measuring(sequence, run.protocol, run.predictor.claim, run.skip)
    keep_freed_memory()
    with _scratch(run.cache or run.save) as folder:
        spool = Spool.load(written, made, folder, frames) if written else None
        if spool is None:
            spool = _predicted(run, sequence, frames, folder, advance)
            if written:
                spool.save(written, run.predictor.claim, made)
        else:
            for _ in frames:
                advance()
        measured = measuring(spool, advance, _network(run, sequence, frames, folder, measuring))
    if kept:
        measured.save(kept)
    return measured, False


def _network(run: Run, sequence: Sequence, frames: range, folder: Path, measuring: Measuring) -> Spool | None:
    """The same frames by the network that the predictor looks with, each by itself, where that is asked."""
    per_frame: Predictor | None = getattr(run.predictor, "per_frame", None)
    if per_frame is None or not measuring.asks_network:
        return None
    beside = folder / "per-frame"
    beside.mkdir()
    return _predicted(replace(run, predictor=per_frame), sequence, frames, beside, lambda: None)


def _predicted(run: Run, sequence: Sequence, frames: range, folder: Path, advance: Advance) -> Spool:
    """Runs the predictor over a sequence.

    Raises VeloDepthError for whatever goes wrong in it: predictors are written by others.
    """
    spool, predictor = Spool(folder, frames), run.predictor
    t = 0
    try:
        with spool:
            for t, index in enumerate(frames):
                truth = sequence[index]
                if t == 0:
                    height, width = truth.picture.shape[:2]
                    camera = truth.camera if run.camera else None
                    rate = sequence.frame_rate
                    predictor.start(ClipInfo(sequence.name, width, height, camera, rate, frames.start))
                spool.add(predictor.push(truth.picture))
                advance()
            spool.finish()
    except VeloDepthError:
        raise
    except Exception as error:
        raise VeloDepthError(
            f"{predictor.name} failed at picture {t} of sequence {sequence.name} "
            f"({type(error).__name__}: {error}): mend the predictor"
        ) from error
    return spool


def _known(path: Path) -> Measured | None:
    """What an earlier run measured; None if it did not, or not to the end."""
    try:
        return Measured.load(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


@contextmanager
def _scratch(beside: Path | None) -> Iterator[Path]:
    """An empty folder that goes when the block ends, on the disk of `beside`."""
    place = (beside or Path(tempfile.gettempdir())) / "predictions"
    with ExitStack() as stack:
        with explained(place):
            folder = stack.enter_context(scratch(place))
        yield folder


def _machine(processes: int) -> dict[str, Any]:
    """Where it ran, since times depend on it."""
    name = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {"cpu": name, "cores": len(cores()), "processes": processes}
