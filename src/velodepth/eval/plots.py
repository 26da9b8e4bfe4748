"""Pictures of results, for people who look rather than read. Needs matplotlib (extra `eval`), no display."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import numpy as np

from ..errors import VeloDepthError, needed
from ..media.atomic import whole
from ..media.colour import colourise
from .report import Document, base
from .results import Measured, RunResult, file_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
T = TypeVar("T")

STYLE: Any = {
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.labelcolor": "#333333",
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#e8e8e8",
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "text.color": "#222222",
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}
COLOURS = ("#d8572a", "#1f6fb4", "#3a9458", "#8a5fb0", "#c79a1b", "#4b4b4b", "#c0457f", "#2aa1a8")
NOTE = "#777777"  # of text that explains
UNKNOWN = "#d9d9d9"
MOST_ROWS = 6  # frames on a contact sheet
ERROR = 0.5  # relative error at the ends of its colours

ACCURACY = ("delta1_ssi", "delta1_si", "delta1_metric", "delta1_disparity", "delta1_first")
CONSISTENCY = ("tau5_ssi", "tau5", "tau5_si")
PAIRS = ("tau5", "tau5_si", "tau5_ssi", "tae", "flicker", "flicker_ssi", "still_flicker", "still_flicker_ssi")
LABELS = {
    "delta1": "$\\delta_1$ {} ↑",
    "absrel": "AbsRel {} ↓",
    "tau5": "$\\tau_5$ {} ↑",
    "tae": "TAE {} ↓",
    "flicker": "flicker {} ↓",
    "still_flicker": "flicker {}, still camera ↓",
}


def draw(folder: Path, results: Mapping[str, RunResult], documents: Mapping[str, Document]) -> list[Path]:
    """All pictures of one run, or of several runs over the same sequences, by label; returns their files.

    tradeoff.png: accuracy, consistency, speed. time-NAME.png and slice-NAME.png: one sequence over time.
    worst.png, for several runs worst-LABEL.png: frames with the largest error.
    Raises VeloDepthError without matplotlib, or where the folder cannot be written.
    """
    made: list[Path] = []

    def save(name: str, figure: Figure | None) -> None:
        if figure is not None:
            made.append(folder / f"{file_name(name)}.png")
            _save(figure, made[-1])

    save("tradeoff", tradeoff(documents))
    for label, result in results.items():
        save(f"worst-{label}" if len(results) > 1 else "worst", contact_sheet(result))
    for name in dict.fromkeys(name for result in results.values() for name in result.sequences):
        runs = {label: r.sequences[name] for label, r in results.items() if name in r.sequences}
        save(f"time-{name}", over_time(runs))
        save(f"slice-{name}", time_slice(runs))
    return made


def draw_tradeoff(path: Path, documents: Mapping[str, Document]) -> None:
    """The picture of accuracy, consistency and speed alone, of any runs by label.

    Raises VeloDepthError as `draw`, and if the runs have no such figures in common.
    """
    figure = tradeoff(documents)
    if figure is None:
        raise VeloDepthError(
            f"{' and '.join(documents)} have no delta1 and tau5 in common: measure them with protocol "
            "velodepth or full"
        )
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with whole(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def available() -> None:
    """Raises VeloDepthError, before anything is computed, if matplotlib is not installed."""
    with needed("drawing", "eval"):
        import matplotlib  # noqa: F401


def _styled(drawing: Callable[P, T]) -> Callable[P, T]:
    @wraps(drawing)
    def styled(*arguments: P.args, **options: P.kwargs) -> T:
        import matplotlib

        with matplotlib.rc_context(STYLE):
            return drawing(*arguments, **options)

    return styled


@_styled
def tradeoff(documents: Mapping[str, Document]) -> Figure | None:
    """Consistency against accuracy, a marker a run; the faster, the larger. Of a single run also its
    sequences. None where the protocol measures no pairwise consistency."""
    means = [document["mean"] for document in documents.values()]
    x, y = (
        next((name for name in names if all(name in mean for mean in means)), None)
        for names in (ACCURACY, CONSISTENCY)
    )
    if x is None or y is None:
        return None
    figure, (axes,) = _figure(6.2, 4.6)
    alone = len(documents) == 1
    fastest = max((mean.get("frames_per_second", 0.0) for mean in means), default=0.0) or None
    labels = []
    for (label, document), colour in zip(documents.items(), _colours(len(documents)), strict=True):
        mean = document["mean"]
        speed = mean.get("frames_per_second")
        area = 60 if speed is None or fastest is None else max(40.0, 500 * speed / fastest)
        if alone:
            each = [row for row in document["sequences"].values() if x in row and y in row]
            axes.scatter([r[x] for r in each], [r[y] for r in each], s=22, color=colour, alpha=0.35, lw=0)
        axes.scatter(mean[x], mean[y], s=area, color=colour, alpha=0.75, lw=0)
        text = label if speed is None else f"{label}\n{speed:.3g} frames/s"
        labels.append((mean[x], mean[y], math.sqrt(area) / 2, text))
    axes.margins(0.3, 0.15)
    axes.set(
        xlabel=f"{_label(x)}  share of pixels within 25 % of truth",
        ylabel=f"{_label(y)}  share of pixels within 5 % of the frame before",
    )
    axes.set_title("Accuracy, consistency, speed", fontweight="bold")
    first = next(iter(documents.values()))
    protocol, sequences = first["protocol"], len(first["sequences"])
    what = "small: each sequence, large: mean" if alone else "area: frames/s"
    note = f"protocol {protocol['name']}, {sequences} sequences, mean over {protocol['mean_over']}; {what}"
    figure.supxlabel(note, fontsize=7.5, color=NOTE, x=0.01, ha="left")
    figure.draw_without_rendering()  # only then are limits and layout settled
    _annotate(axes, labels)
    return figure


def _annotate(axes: Axes, labels: list[tuple[float, float, float, str]]) -> None:
    """Text to the right of markers (x, y, radius in points), moved up where it would lie on another one."""
    points_per_pixel = 72 / axes.figure.dpi
    taken: list[tuple[float, float]] = []
    for x, y, radius, text in sorted(labels, key=lambda label: label[1]):
        left, middle = axes.transData.transform((x, y)) * points_per_pixel
        height = middle
        while any(abs(left - a) < 75 and abs(height - b) < 24 for a, b in taken):
            height += 1
        taken.append((left, height))
        axes.annotate(
            text,
            (x, y),
            (radius + 6, height - middle),
            textcoords="offset points",
            va="center",
            fontsize=8,
            linespacing=1.1,
            arrowprops={"arrowstyle": "-", "color": "#aaaaaa", "lw": 0.6, "shrinkB": radius}
            if height > middle + 8
            else None,
        )


@_styled
def over_time(runs: Mapping[str, Measured]) -> Figure:
    """Error and consistency of one sequence, frame by frame, a line a run; ticks mark keyframes."""
    some = next(iter(runs.values()))
    names = [some.looked_at, *(n for n in PAIRS if all(n in each.series for each in runs.values()))][:2]
    seconds = bool(np.isfinite(some.time).all())
    figure, rows = _figure(8.2, 1.0 + 1.7 * len(names), rows=len(names), sharex=True)
    for (label, each), colour in zip(runs.items(), _colours(len(runs)), strict=True):
        when = each.time - each.time[0] if seconds else each.index
        for axes, name in zip(rows, names, strict=True):
            axes.plot(when, each.series[name], color=colour, lw=1.3, label=label)
    marked = {
        label: (each, colour)
        for (label, each), colour in zip(runs.items(), _colours(len(runs)), strict=True)
        if each.keyframe is not None and not each.keyframe.all()
    }
    for i, (each, colour) in enumerate(marked.values()):
        when = (each.time - each.time[0] if seconds else each.index)[each.keyframe]
        for axes in rows:
            heights = np.full(when.shape, 0.015 + 0.035 * i)
            axes.plot(when, heights, "|", ms=6, mew=1.4, color=colour, transform=axes.get_xaxis_transform())
    for axes, name in zip(rows, names, strict=True):
        axes.set_ylabel(_label(name))
        low, high = axes.get_ylim()
        axes.set_ylim(low - 0.12 * (high - low), high)  # room for the ticks
        axes.margins(x=0.01)
    rows[-1].set_xlabel("seconds" if seconds else "frame")
    rows[0].set_title(some.name, fontweight="bold")
    rows[0].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(runs), borderaxespad=0.2, fontsize=8)
    if marked:
        figure.supxlabel("ticks: keyframes", fontsize=7.5, color=NOTE, x=0.01, ha="left")
    return figure


@_styled
def contact_sheet(result: RunResult) -> Figure | None:
    """The frames with the largest error: picture, truth, prediction, and where it is too near or far."""
    share = max(1, MOST_ROWS // max(1, len(result.sequences)))  # so that all sequences have a chance
    frames = [
        (each.name, each.looked_at, worst)
        for each in result.sequences.values()
        for worst in sorted(each.worst, key=lambda worst: -worst.absrel)[:share]
    ]
    if not frames:
        return None
    frames = sorted(frames, key=lambda frame: -frame[2].absrel)[:MOST_ROWS]
    import matplotlib as mpl

    ratios = [worst.picture.shape[0] / worst.picture.shape[1] for _, _, worst in frames]
    height = 2.15 * sum(ratios) + 0.24 * len(frames) + 0.9
    figure, rows = _figure(8.6, height, rows=len(frames), columns=4, heights=ratios)
    headings = ["picture", "truth", "prediction, aligned", "error"]
    for (name, figure_name, worst), cells in zip(frames, np.reshape(rows, (-1, 4)), strict=True):
        norm = _range(worst.truth)
        error = np.where(worst.truth > 0, worst.prediction / np.maximum(worst.truth, 1e-6), np.nan)
        pictures = (
            worst.picture,
            colourise(worst.truth, *norm),
            colourise(worst.prediction, *norm),
            _signed(error),
        )
        for axes, picture in zip(cells, pictures, strict=True):
            axes.imshow(picture, interpolation="antialiased")
            axes.set_axis_off()
        told = [
            f"{name}, frame {worst.frame}",
            f"{norm[0]:.2g} to {norm[1]:.2g} m",
            f"{_label(figure_name)[:-2]} {worst.absrel:.3f}",
            "",
        ]
        for axes, heading, line in zip(cells, headings, told, strict=True):
            axes.set_title(f"{heading}\n{line}" if heading else line, fontsize=8, loc="left")
        headings = [""] * 4  # above the first row alone
    scale = mpl.cm.ScalarMappable(mpl.colors.Normalize(-ERROR, ERROR), _error_map())
    bar = figure.colorbar(scale, ax=rows, location="bottom", fraction=0.02, aspect=90, pad=0.01)
    bar.set_label("error of depth: too near, too far", fontsize=8)
    bar.ax.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1, 0))
    bar.outline.set_visible(False)
    figure.suptitle("Frames with the largest error", x=0.01, ha="left", fontweight="bold", fontsize=9.5)
    return figure


@_styled
def time_slice(runs: Mapping[str, Measured]) -> Figure:
    """The middle column of every frame, side by side: flicker shows as stripes, drift as slopes."""
    some = next(iter(runs.values()))
    scaled = {label: _scaled(each) for label, each in runs.items()}
    norm = _range(np.concatenate([some.column.truth, *scaled.values()]))
    strips: list[tuple[str, np.ndarray, np.ndarray | None]] = [
        ("picture", some.column.picture, None),
        ("truth", colourise(some.column.truth, *norm), None),
    ]
    strips += [(label, colourise(scaled[label], *norm), each.keyframe) for label, each in runs.items()]
    figure, rows = _figure(8.2, 0.9 + 1.15 * len(strips), rows=len(strips), sharex=True)
    first, last = some.index[0], some.index[-1]
    for axes, (label, strip, keyframe) in zip(rows, strips, strict=True):
        axes.imshow(strip, aspect="auto", extent=(first - 0.5, last + 0.5, 0, 1), interpolation="nearest")
        axes.set(yticks=[], ylabel=label)
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0)
        if keyframe is not None and not keyframe.all():
            when = some.index[keyframe]
            axes.plot(when, np.full(when.shape, 1.035), "|", ms=5, mew=1.4, color="#222222", clip_on=False)
            axes.set(xlim=(first - 0.5, last + 0.5), ylim=(0, 1))
    rows[-1].set_xlabel("frame")
    rows[0].set_title(f"{some.name}: the middle column of every frame", fontweight="bold")
    note = "ticks: keyframes; predictions scaled by one factor for the whole sequence"
    figure.supxlabel(note, fontsize=7.5, color=NOTE, x=0.01, ha="left")
    return figure


def _scaled(each: Measured) -> np.ndarray:
    """The predicted column, by one factor as far as truth."""
    truth, prediction = each.column.truth, each.column.prediction
    both = (truth > 0) & (prediction > 0)
    return prediction * np.float32(np.median(truth[both]) / np.median(prediction[both]) if both.any() else 1)


def _figure(
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    sharex: bool = False,
    heights: Sequence[float] | None = None,
) -> tuple[Figure, Any]:
    """A figure that no window knows of, and its axes: (rows,) or (rows, columns).

    heights: of the rows, as shares.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure, np.atleast_1d(figure.subplots(rows, columns, sharex=sharex, height_ratios=heights))


def _colours(count: int) -> Sequence[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _label(figure: str) -> str:
    """What an axis says."""
    name = base(figure)
    aligned = figure.removeprefix(name).strip("_").replace("_", " ")
    return LABELS[name].format(aligned).replace("  ", " ")


def _range(depth: np.ndarray) -> tuple[float, float]:
    """Metres of the brightest and darkest colour."""
    known = depth[depth > 0]
    near, far = np.percentile(known, (2, 98)) if known.size else (1.0, 10.0)
    return float(near), float(max(far, 1.2 * near))


def _error_map() -> Any:
    import matplotlib as mpl

    return mpl.colormaps["RdBu"]  # red: too near


def _signed(ratio: np.ndarray) -> np.ndarray:
    """p / g as RGBA, grey where unknown."""
    import matplotlib as mpl

    colours = _error_map()(np.clip((ratio - 1) / ERROR, -1, 1) / 2 + 0.5)
    colours[np.isnan(ratio)] = mpl.colors.to_rgba(UNKNOWN)
    return colours
