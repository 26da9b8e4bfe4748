"""Where live depth is seen: a window, or a page where there is no display."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np

TITLE = "VeloDepth"
ESCAPE, Q = 27, ord("q")


def stacked(panels: Sequence[np.ndarray]) -> np.ndarray:
    """(H, W, 3) uint8 panels one below another, all as wide as the narrowest."""
    width = min(panel.shape[1] for panel in panels)
    rows = [
        panel
        if panel.shape[1] == width
        else cv2.resize(
            panel, (width, round(panel.shape[0] * width / panel.shape[1])), interpolation=cv2.INTER_AREA
        )
        for panel in panels
    ]
    return np.vstack(rows) if len(rows) > 1 else rows[0]


class Output(ABC):
    """Shows pictures; a context manager."""

    @abstractmethod
    def show(self, picture: np.ndarray) -> None:
        """The newest (H, W, 3) uint8 RGB picture."""

    @property
    @abstractmethod
    def closed(self) -> bool:
        """The viewer wants no more. To be asked often: a window reacts to its user when asked."""

    def wait(self) -> None:  # noqa: B027  a window is seen at once
        """Returns once somebody looks."""

    def tell(self, status: str) -> None:  # noqa: B027  a window has no place for it
        """A line on how it goes."""

    def close(self) -> None:  # noqa: B027  not all have something to close
        """Takes it away."""

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class DisplayWindow(Output):
    """A window of OpenCV's; Escape, q and its close button end it. Only where `why_no_window` is None."""

    def __init__(self) -> None:
        cv2.namedWindow(TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        self._shown = False

    def show(self, picture: np.ndarray) -> None:
        if not self._shown:
            cv2.resizeWindow(TITLE, picture.shape[1], picture.shape[0])
            self._shown = True
        cv2.imshow(TITLE, picture[..., ::-1])

    @property
    def closed(self) -> bool:
        key = cv2.waitKey(1) & 0xFF
        return key in (ESCAPE, Q) or (self._shown and cv2.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE) < 1)

    def close(self) -> None:
        cv2.destroyAllWindows()


def why_no_window() -> str | None:
    """Why OpenCV cannot open a window here; None where it can."""
    on_x11 = sys.platform not in ("win32", "darwin")
    if on_x11 and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "there is no display"  # asked first: without one, OpenCV's Qt ends the process
    try:
        cv2.namedWindow("probe")
        cv2.destroyWindow("probe")
    except cv2.error:
        return "this OpenCV is built without windows (opencv-python has them, opencv-python-headless not)"
    return None
