"""One clip's work: what is asked, the receipt that says it is done, and the worker that does it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
import warnings
from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .. import __version__
from ..errors import MediaWarning, VeloDepthError
from ..jsontext import parse_json
from ..media.atomic import whole

RECEIPTS = ".velodepth"
"""Folder of the receipts, in the output folder."""


@dataclass(frozen=True)
class Settings:
    """What is asked of every clip. Two runs with equal settings give the same outputs."""

    kinds: tuple[str, ...]  # of media.writing.KINDS
    preset: str = "nano"
    runtime: str | None = None
    device: str | None = None
    policy: str = "adaptive"
    relative: bool = False  # as velodepth.load
    near: float | None = None  # metres, as in media.writing.Options
    far: float | None = None
    points: int = 30
    cloud: str = "clean"  # as in media.cloud.Cloud
    point_stride: int = 1
    sound: bool = True  # of the video, in videos
    rate: float = 30.0  # frames a second of images
    topic: str | None = None  # of bags with pictures on several
    camera: str | None = None  # JSON of Camera.to_dict; None for the bag's own, else estimated

    def outputs(self, name: str) -> set[str]:
        """Paths below the output folder of what is made of a clip called `name`."""
        from ..media.writing import KINDS

        kinds = [KINDS[kind] for kind in self.kinds]
        return {(name + kind.ending).rsplit("/", kind.is_folder)[0] for kind in kinds}

    def key(self, content: str) -> str:
        """Names what is made of a clip with that content: a hash of it, the settings and the version."""
        told = {**asdict(self), "content": content, "version": __version__}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Job:
    """A clip to be done, under the key of its content and the settings."""

    key: str
    source: str  # absolute path
    name: str  # of its outputs, below the output folder
    content: str
    stamp: str


@dataclass(frozen=True)
class Receipt:
    """What is known of a clip that is done: written last, so that its being there says all is there."""

    key: str
    source: str
    content: str
    stamp: str
    outputs: dict[str, int]  # path below the output folder -> bytes, of a folder the number of its files
    frames: int
    keyframes: int
    width: int  # pixels of the pictures
    height: int
    seconds: float  # of work, the model's loading not counted
    worker: str  # host:process
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failure:
    """Why a clip could not be done."""

    reason: str
    permanent: bool  # the same would happen again


class Receipts:
    """Those of an output folder."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def done(self, key: str) -> Receipt | None:
        """The receipt of a job whose outputs are still as they were written, else None."""
        receipt = _read(self._path(key))
        if receipt is None or any(_extent(self.out / path) != size for path, size in receipt.outputs.items()):
            return None
        return receipt

    def contents(self) -> dict[tuple[str, str], str]:
        """(source, stamp) -> content, of files that have been read before and did not change since."""
        return {(receipt.source, receipt.stamp): receipt.content for receipt in self._all()}

    def outputs(self) -> set[Path]:
        """What all of them list, files and folders."""
        return {self.out / path for receipt in self._all() for path in receipt.outputs}

    def forget(self, outputs: Set[str]) -> None:
        """Removes the receipts that list one of these outputs, since it is about to be replaced."""
        for path in (self.out / RECEIPTS).glob("*.json"):
            receipt = _read(path)
            if receipt and outputs & receipt.outputs.keys():
                path.unlink(missing_ok=True)

    def write(self, receipt: Receipt) -> None:
        with whole(self._path(receipt.key)) as path:
            path.write_text(json.dumps(asdict(receipt), indent=1), encoding="utf-8")

    def _all(self) -> Iterator[Receipt]:
        return filter(None, map(_read, (self.out / RECEIPTS).glob("*.json")))

    def _path(self, key: str) -> Path:
        return self.out / RECEIPTS / f"{key}.json"


def _read(path: Path) -> Receipt | None:
    try:
        receipt = Receipt(**parse_json(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):  # none, or of another version
        return None
    return receipt if _is_sound(receipt) else None


def _is_sound(receipt: Receipt) -> bool:
    """Whether its values are of the types they should have, whoever wrote it."""
    outputs = receipt.outputs
    if not (isinstance(outputs, dict) and isinstance(receipt.warnings, list)):
        return False
    texts = (receipt.key, receipt.source, receipt.content, receipt.stamp)
    numbers = (receipt.frames, receipt.keyframes, receipt.width, receipt.height, *outputs.values())
    return all(isinstance(text, str) for text in texts) and all(isinstance(n, int) for n in numbers)


def _extent(path: Path) -> int:
    """Bytes of a file, number of files in a folder, -1 for what is not there."""
    if path.is_dir():
        return sum(1 for _ in path.iterdir())
    return path.stat().st_size if path.is_file() else -1


class Worker:
    """A model, loaded once, that does one job after the other.

    Raises VeloDepthError where the model cannot be loaded, or has no such policy.
    """

    def __init__(self, settings: Settings, out: str) -> None:
        from .. import load
        from ..cameras import Camera

        self._settings, self._out = settings, Path(out)
        self._camera = Camera.from_dict(parse_json(settings.camera)) if settings.camera else None
        self._model = load(settings.preset, settings.runtime, settings.device, settings.relative)
        self._model.stream(policy=settings.policy)  # an unknown one is told now

    def work(self, job: Job) -> Receipt | Failure:
        """Writes the outputs of a job, and its receipt when they are whole. Never raises an Exception."""
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", MediaWarning)
                return self._done(job, caught)
        except VeloDepthError as error:
            return Failure(str(error), permanent=True)
        except Exception as error:
            return Failure(f"{type(error).__name__}: {error}", permanent=False)

    def _done(self, job: Job, caught: list[warnings.WarningMessage]) -> Receipt:
        from ..media.cloud import Cloud
        from ..media.reading import is_bag, open_source
        from ..media.writing import Options, writers_for

        settings, started = self._settings, time.perf_counter()
        base = self._out / job.name
        topic = settings.topic if is_bag(Path(job.source)) else None
        source = open_source(job.source, frame_rate=settings.rate, topic=topic)
        facts = {
            "velodepth": __version__,
            "source": job.source,
            "preset": self._model.name,
            "runtime": self._model.runtime.name,
            "device": self._model.runtime.device,
            "policy": settings.policy,
        }
        told = Options(
            near=settings.near,
            far=settings.far,
            points=settings.points,
            cloud=Cloud(settings.cloud, settings.point_stride),
            facts=facts,
            origin=source.origin,
            sound=source.sound if settings.sound else None,
            overwrite=True,
            inputs=source.paths,
        )
        frames = keyframes = 0
        with source, writers_for(base.parent, base.name, settings.kinds, told) as writers:
            for frame in self._model.run(source, self._camera or source.camera, settings.policy):
                writers.write(frame)
                frames += 1
                keyframes += frame.is_keyframe
        height, width = frame.picture.shape[:2]
        receipt = Receipt(
            **{fact: getattr(job, fact) for fact in ("key", "source", "content", "stamp")},
            outputs={
                path.relative_to(self._out).as_posix(): _extent(path)
                for path in (writer.path for writer in writers.writers)
                if path.exists()
            },
            frames=frames,
            keyframes=keyframes,
            width=width,
            height=height,
            seconds=round(time.perf_counter() - started, 3),
            worker=f"{platform.node()}:{os.getpid()}",
            warnings=[str(each.message) for each in caught if issubclass(each.category, MediaWarning)],
        )
        Receipts(self._out).write(receipt)
        return receipt
