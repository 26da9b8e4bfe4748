"""Figures of one sequence, from predictions on disk and truth: a pass that fits, a pass that measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import repeat

import cv2
import numpy as np

from ..errors import VeloDepthError
from .alignment import KINDS, Alignment, AlignmentKind, Claim, SequenceFit, fit
from .consistency import Matches, Pair, TrueMotion, flicker, opw, steady, still_flicker, tae, tau5, tau5_flow
from .geometry import Downsizing, Grid, frame_geometry, neighbours, rays_auc
from .metrics import drift, edge_f1, frame_accuracy, kept_ratio, log_bias, valid_truth
from .predictor import Prediction, resized
from .protocols import Extra, Protocol
from .results import Column, Measured, Worst, summarise
from .spool import Spool
from .standing import (
    SAME,
    Freshness,
    StillRange,
    StillStep,
    Thinned,
    coarse,
    coarse_luma,
    jumps,
    moved_by_itself,
    moved_in,
    moving_delta1,
)
from .trajectory import trajectory
from .truth import Sequence, TruthFrame

OWN: dict[Claim, AlignmentKind] = {
    "metric": "metric",
    "scale": "si",
    "affine_depth": "ssi",
    "affine_disparity": "ssi",
}
"""The least alignment a claim needs before its shape or its steadiness can be measured."""
SUFFIX: dict[AlignmentKind, str] = {"metric": "", "si": "_si", "ssi": "_ssi"}
"""Of the names of figures measured after it."""
LOOKED_AT = ("si_frame", "si", "ssi_frame", "ssi", "disparity", "first", "metric")
"""The first of these alignments that there is picks the worst frames, by AbsRel."""
WORST = 4  # frames kept to look at, one from each part of the sequence
THUMBNAIL = 320  # pixels across, at most
BACKGROUND = 64  # frames, at most, of which the median is what a standing camera mostly sees


@dataclass
class Frame:
    """One frame at the size of its truth."""

    truth: TruthFrame
    valid: np.ndarray  # (h, w) bool
    prediction: Prediction
    fits: dict[AlignmentKind, Alignment]  # of the sequence
    grid: Grid | None  # None: the camera is not known
    aligned: dict[str, np.ndarray] = field(default_factory=dict)  # depth by an alignment's suffix
    fitted: dict[AlignmentKind, Alignment] = field(default_factory=dict)  # on this frame
    known_share: float = math.nan  # of the pixels with truth, those that count
    network: np.ndarray | None = None  # (h, w) float32 depth that the per-frame network says
    _by: dict[AlignmentKind, np.ndarray] = field(default_factory=dict)

    def by(self, kind: AlignmentKind) -> np.ndarray:
        """Depth (h, w) float64 after the sequence's alignment."""
        if kind not in self._by:
            self._by[kind] = self.fits[kind].apply(self.prediction.depth)
        return self._by[kind]

    @cached_property
    def picture(self) -> np.ndarray:
        """(h, w, 3) uint8."""
        height, width = self.valid.shape
        return cv2.resize(self.truth.picture, (width, height), interpolation=cv2.INTER_AREA)

    @cached_property
    def luma(self) -> np.ndarray:
        """Of the coarse grid, uint8."""
        return coarse_luma(self.picture)


@dataclass
class _Standing:
    """What is gathered over a sequence whose camera stands."""

    truth: np.ndarray  # (h, w) median over time, NaN where not known
    network: tuple[np.ndarray, np.ndarray] | None = None  # see Measuring._usual; only where there is no truth
    watched: dict[str, StillRange | StillStep | Freshness] = field(default_factory=dict)  # by figure


class Measuring:
    """Measures predictions of one sequence under a protocol.

    skip: figures not wanted; a name takes all that begin with it and "_" along.
    Raises VeloDepthError if the protocol has no alignment that the claim allows.
    """

    def __init__(
        self, sequence: Sequence, protocol: Protocol, claim: Claim, skip: frozenset[str] = frozenset()
    ) -> None:
        self._sequence, self._claim, self._skip = sequence, claim, skip
        self._aligned, self._extras = protocol.alignments(claim), protocol.extras
        self._max_depth = protocol.max_depth(sequence.dataset, sequence.max_depth)
        self._only_known = protocol.only_known
        self._own = OWN[claim]
        self._free = "" if claim in ("metric", "scale") else "_ssi"  # suffix of what no factor changes
        suffixes = [each.suffix for each in self._aligned]
        self._looked_at = next(suffix for suffix in LOOKED_AT if suffix in suffixes)
        self._first: Alignment | None = None
        self._downsizing: Downsizing | None = None

    @property
    def asks_network(self) -> bool:
        """Whether a figure needs the answers of the per-frame network too."""
        return "fresh" in self._extras and self._wanted("fresh") and self._sequence.still

    def __call__(
        self, spool: Spool, advance: Callable[[], None] = lambda: None, network: Spool | None = None
    ) -> Measured:
        """All figures; `advance` is called once a frame. Raises VeloDepthError where truth cannot be read.

        network: the same frames as the per-frame network sees them, each by itself; None: not known.
        """
        count, still = len(spool.frames), self._sequence.still
        fits = self._fits(spool)
        standing = self._standing(spool.frames, network) if still else None
        rows: list[dict[str, float]] = []
        times, biases, columns, poses = [], [], [], []
        worst: dict[int, Worst] = {}
        last: Frame | None = None
        for t, frame in enumerate(self._frames(spool, fits, network)):
            self._align(frame)
            row = self._accuracy(frame) | self._shape(frame)
            if last is not None:
                row |= self._pair(last, frame, still)
            if standing is not None:
                row |= self._stand(standing, frame)
            absrel, part = row[f"absrel_{self._looked_at}"], t * WORST // count
            if absrel > (worst[part].absrel if part in worst else -1):
                worst[part] = _small(frame, frame.aligned[self._looked_at], absrel)
            if "first" in frame.aligned:
                biases.append(log_bias(frame.aligned["first"], frame.truth.depth, frame.valid))
            columns.append(_column(frame, frame.by(self._own)))
            times.append(self._time(frame))
            poses.append(frame.truth.pose)
            rows.append(row)
            last = frame
            advance()
        names = [name for name in dict.fromkeys(name for row in rows for name in row) if self._wanted(name)]
        series = {name: np.array([row.get(name, math.nan) for row in rows]) for name in names}
        values = {name: summarise(name, values) for name, values in series.items()}
        if "drift" in self._extras and self._wanted("drift") and biases:
            values["drift"] = drift(np.array(times), np.array(biases))
        if standing is not None:
            figures = {f"{name}{self._free}": each.figure() for name, each in standing.watched.items()}
            values |= {name: value for name, value in figures.items() if self._wanted(name)}
        if "path" in self._extras and any(motion is not None for motion in spool.motions):
            figures = trajectory(spool.motions, poses, self._claim == "metric")
            values |= {name: value for name, value in figures.items() if self._wanted(name)}
        if spool.keyframes is not None:
            values["keyframe_share"] = float(spool.keyframes.mean())
        if spool.seconds is not None and spool.seconds.sum() > 0:
            values["frames_per_second"] = count / float(spool.seconds.sum())
        return Measured(
            name=self._sequence.name,
            dataset=self._sequence.dataset,
            index=np.array(spool.frames, np.int64),
            time=np.array(times, np.float64),
            keyframe=spool.keyframes,
            series=series,
            values={name: value for name, value in values.items() if math.isfinite(value)},
            looked_at=f"absrel_{self._looked_at}",
            worst=[worst[part] for part in sorted(worst)],
            column=Column(*(np.stack(each, axis=1) for each in zip(*columns, strict=True))),
        )

    def _wanted(self, name: str) -> bool:
        return not any(name == each or name.startswith(f"{each}_") for each in self._skip)

    def _frames(
        self, spool: Spool, fits: dict[AlignmentKind, Alignment], network: Spool | None = None
    ) -> Iterator[Frame]:
        grid: Grid | None = None
        size: tuple[int, ...] | None = None
        beside: Iterable[Prediction | None] = network or repeat(None, len(spool.frames))
        for index, prediction, seen in zip(spool.frames, spool, beside, strict=True):
            truth = self._sequence[index]
            valid = valid_truth(truth.depth, self._max_depth)
            height, width = size = size or valid.shape
            if valid.shape != size:
                raise VeloDepthError(
                    f"sequence {self._sequence.name}, frame {index}: its depth has shape {valid.shape}, "
                    f"unlike {size} of the first: keep one size in a sequence"
                )
            prediction, true = resized(prediction, (height, width)), np.count_nonzero(valid)
            if self._only_known:
                valid = valid & np.isfinite(prediction.depth)
            camera = truth.camera and truth.camera.for_picture(width, height)
            if camera is None:
                grid = None
            elif grid is None or grid.camera != camera:
                grid = Grid(camera, height, width)
            frame = Frame(truth, valid, prediction, fits, grid)
            frame.known_share = np.count_nonzero(valid) / true if true else math.nan
            frame.network = None if seen is None else resized(seen, (height, width)).depth
            yield frame

    def _fits(self, spool: Spool) -> dict[AlignmentKind, Alignment]:
        """The first pass: alignments of the whole sequence, and of its first frame that can be fitted."""
        wanted = {each.kind for each in self._aligned if each.scope == "sequence"} | {self._own}
        needs: dict[Extra, AlignmentKind] = {"tau5": "ssi", "tae": "disparity", "opw": "si"}
        wanted |= {kind for extra, kind in needs.items() if extra in self._extras}
        fitting = {
            kind: SequenceFit(self._claim, kind, self._max_depth)
            for kind in KINDS[self._claim]
            if kind in wanted
        }
        at_first = next((each.kind for each in self._aligned if each.scope == "first"), None)
        if at_first or wanted != {"metric"}:
            for frame in self._frames(spool, {}):
                for each in fitting.values():
                    each.add(frame.prediction.depth, frame.truth.depth, frame.valid)
                if at_first and (self._first is None or math.isnan(self._first.scale)):
                    self._first = self._fit(at_first, frame)
        return {kind: each.alignment() for kind, each in fitting.items()}

    def _fit(self, kind: AlignmentKind, frame: Frame) -> Alignment:
        if kind not in frame.fitted:
            depth, truth = frame.prediction.depth, frame.truth.depth
            frame.fitted[kind] = fit(self._claim, kind, depth, truth, frame.valid, self._max_depth)
        return frame.fitted[kind]

    def _align(self, frame: Frame) -> None:
        for each in self._aligned:
            if each.scope == "sequence":
                depth = frame.by(each.kind)
            else:
                alignment = self._first if each.scope == "first" else self._fit(each.kind, frame)
                assert alignment is not None
                depth = alignment.apply(frame.prediction.depth)
            frame.aligned[each.suffix] = depth

    def _accuracy(self, frame: Frame) -> dict[str, float]:
        """What is measured pixel by pixel."""
        truth, valid, prediction = frame.truth.depth, frame.valid, frame.prediction
        row: dict[str, float] = {}
        for each in self._aligned:
            figures = frame_accuracy(frame.aligned[each.suffix], truth, valid)
            row |= {f"{name}_{each.suffix}": figures[name] for name in each.measures}
        if "known_share" in self._extras and frame.valid.any():
            row["known_share"] = frame.known_share
        if "scale" in self._extras and self._claim == "metric":
            row["scale"] = math.exp(log_bias(prediction.depth, truth, valid))
        if "kept" in self._extras and prediction.confidence is not None:
            depth = self._fit("ssi" if self._free else "si", frame).apply(prediction.depth)
            row[f"kept{self._free}"] = kept_ratio(depth, prediction.confidence, truth, valid)
        if "edge_f1" in self._extras:
            row[f"edge_f1{self._free}"] = edge_f1(frame.by(self._own), truth, valid)
        if "jumps" in self._extras:
            row[f"jumps{self._free}"] = jumps(self._free_depth(frame))
        return row

    def _free_depth(self, frame: Frame) -> np.ndarray:
        """Depth up to a factor (h, w); only affine claims need truth for that."""
        return frame.by("ssi") if self._free else frame.prediction.depth

    def _standing(self, frames: range, network: Spool | None) -> _Standing:
        """What is gathered over a sequence whose camera stands."""
        some = frames[:: math.ceil(len(frames) / BACKGROUND)]
        truth = Thinned(BACKGROUND)
        for index in some:
            depth = self._sequence[index].depth
            truth.add(np.where(valid_truth(depth, self._max_depth), depth, np.nan).astype(np.float16))
        standing = _Standing(truth.median())
        if "still_range" in self._extras:
            standing.watched["still_range"] = StillRange()
        if "still_step" in self._extras and self._sequence.frame_rate:
            standing.watched["still_step"] = StillStep(self._sequence.frame_rate)
        if network is not None:
            standing.watched["fresh"] = Freshness()
            if not np.isfinite(standing.truth).any():
                standing.network = self._usual(network)
        return standing

    def _usual(self, network: Spool) -> tuple[np.ndarray, np.ndarray]:
        """What the per-frame network mostly says and what the picture mostly shows, on the coarse grid."""
        depths, lumas = Thinned(BACKGROUND), Thinned(BACKGROUND)
        for frame in self._frames(network, {}):
            depths.add(coarse(frame.prediction.depth))
            lumas.add(frame.luma)
        return depths.median(), lumas.median()

    def _stand(self, standing: _Standing, frame: Frame) -> dict[str, float]:
        """Adds a frame of a camera that stands to what is gathered; its own figures."""
        depth = self._free_depth(frame)
        moving = frame.valid & moved_in(frame.truth.depth, standing.truth)
        for each in standing.watched.values():
            if not isinstance(each, Freshness):
                each.add(depth, frame.luma)
                continue
            assert frame.network is not None
            seen, there = coarse(frame.network), coarse(moving)
            if standing.network is not None:
                usual, bright = standing.network
                there = moved_in(seen, usual) & (np.abs(frame.luma - bright) > SAME)
            each.add(coarse(depth), seen, there)
        return self._moving(frame, moving)

    def _moving(self, frame: Frame, moving: np.ndarray) -> dict[str, float]:
        """moving_delta1, where (h, w) bool something moves."""
        if "moving_delta1" not in self._extras:
            return {}
        depth = self._fit("ssi" if self._free else "si", frame).apply(frame.prediction.depth)
        return {f"moving_delta1{self._free}": moving_delta1(depth, frame.truth.depth, moving)}

    def _shape(self, frame: Frame) -> dict[str, float]:
        """What is measured in space."""
        if frame.grid is None:
            return {}
        row: dict[str, float] = {}
        self._downsizing = small = self._downsizing or Downsizing(frame.valid)
        if "geometry" in self._extras:
            truth, valid = frame.grid.points(frame.truth.depth, small), small(frame.valid)
            points = self._points(frame, small)
            row = frame_geometry(points, truth, valid)
            if any(map(self._wanted, ("f1", "f1_published", "chamfer"))):
                row |= neighbours(points, truth, valid, self._sequence.min_depth, self._max_depth)
            row = {f"{name}{SUFFIX[self._own]}": value for name, value in row.items()}
        if "rays" in self._extras and frame.prediction.rays is not None:
            row["rays"] = rays_auc(small(frame.prediction.rays), small(frame.grid.rays))
        return row

    def _points(self, frame: Frame, small: Downsizing) -> np.ndarray:
        """Predicted points (h, w, 3) in metres, aligned frame by frame: those that were predicted, else depth
        along the predicted rays, else along those of the true camera."""
        assert frame.grid is not None
        prediction, alignment = frame.prediction, self._fit(self._own, frame)
        if prediction.points is not None and self._own != "ssi":
            return small(prediction.points) * alignment.scale
        depth = alignment.apply(prediction.depth)
        if prediction.rays is None:
            return frame.grid.points(depth, small)
        rays = small(prediction.rays)
        return rays * (small(depth) / rays[..., 2])[..., None]

    def _pair(self, last: Frame, frame: Frame, still: bool) -> dict[str, float]:
        """What is measured between a frame and the one before."""
        before, now = last.truth, frame.truth
        truth, valid = (before.depth, now.depth), (last.valid, frame.valid)
        motion = matches = None

        def depth(kind: AlignmentKind) -> Pair:
            return last.by(kind), frame.by(kind)

        if frame.grid is not None and before.pose is not None and now.pose is not None:
            motion = TrueMotion(frame.grid, before.pose, now.pose)
        if before.flow is not None and before.flow_valid is not None:
            matches = Matches.flowed(before.flow, before.flow_valid, before.depth, valid)
        elif motion is not None and self._extras & {"opw", "flicker"}:
            matches = Matches.moved(motion, truth, valid)
        elif still:
            matches = Matches.still(last.valid & frame.valid)
        row: dict[str, float] = {}
        if "tau5" in self._extras:
            kinds = {f"tau5{SUFFIX[self._own]}": self._own, "tau5_ssi": "ssi"}
            if motion is not None:
                where = steady(motion, truth, valid)
                row |= {name: tau5(motion, depth(kind), where) for name, kind in kinds.items()}
            elif matches is not None:
                row |= {name: tau5_flow(matches, depth(kind), truth) for name, kind in kinds.items()}
        if "tae" in self._extras and motion is not None and "disparity" in frame.fits:
            row["tae"] = tae(motion, depth("disparity"), valid)
        if "opw" in self._extras and matches is not None:
            scaled = depth("ssi" if self._free else "si")
            row[f"opw{self._free}"] = opw(matches, scaled, (last.picture, frame.picture))
        if motion is not None and not still:
            row |= self._moving(frame, moved_by_itself(motion, truth, valid))
        if "flicker" in self._extras:
            if matches is not None:
                row[f"flicker{self._free}"] = flicker(matches, depth(self._own), truth)
            if still:
                row[f"still_flicker{self._free}"] = still_flicker(depth(self._own))
        return row

    def _time(self, frame: Frame) -> float:
        """Seconds, NaN where nothing tells."""
        if frame.truth.time is not None:
            return frame.truth.time
        rate = self._sequence.frame_rate
        return frame.truth.index / rate if rate else math.nan


def _small(frame: Frame, depth: np.ndarray, absrel: float) -> Worst:
    height, width = frame.valid.shape
    factor = min(1.0, THUMBNAIL / width)
    size = round(width * factor), round(height * factor)
    known = np.where(frame.valid, frame.truth.depth, 0).astype(np.float32)
    found = np.where(np.isfinite(depth), depth, 0).astype(np.float32)
    truth, prediction = (cv2.resize(each, size, interpolation=cv2.INTER_NEAREST) for each in (known, found))
    picture = cv2.resize(frame.picture, size, interpolation=cv2.INTER_AREA)
    return Worst(frame.truth.index, absrel, picture, truth, prediction)


def _column(frame: Frame, depth: np.ndarray) -> Column:
    middle = frame.valid.shape[1] // 2
    truth = np.where(frame.valid, frame.truth.depth, 0)[:, middle].astype(np.float32)
    prediction = np.where(np.isfinite(depth), depth, 0)[:, middle].astype(np.float32)
    return Column(frame.picture[:, middle], truth, prediction)
