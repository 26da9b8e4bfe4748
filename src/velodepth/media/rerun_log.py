"""Depth to look at in Rerun: a recording (.rrd), or straight into its viewer."""

from __future__ import annotations

import errno
import math
import os
import shutil
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from velodepth.cameras import Pinhole
from velodepth.errors import VeloDepthError, needed
from velodepth.media.atomic import FileWriter, Writer
from velodepth.media.cloud import Cloud
from velodepth.media.colour import Colouring
from velodepth.media.poses import CameraPath

if TYPE_CHECKING:
    from velodepth.stream.frame import DepthFrame

TIMES = "frame", "time"
POINTS = 50_000  # of a frame at most, on an even grid
QUALITY = 90  # of the picture's JPEG
ROOM = 1 << 16  # bytes; a disk with less has no room for what belongs to a frame besides its arrays
OPENING, STALLED = 5.0, 60.0  # seconds to wait for the viewer's first answer; for a frame to be out


def rerun() -> Any:
    """The library; VeloDepthError where it is not installed."""
    with needed("a recording for Rerun", "rerun"):
        import rerun
        import rerun.blueprint
    return rerun


class Log:
    """What both writers log, on the time lines `frame` (index) and `time` (s).

    /camera           Pinhole, pixels, where the camera is one: Rerun has no distortion; and its pose
    /camera/picture   the picture, JPEG
    /camera/depth     depth image, float16 metres: half the file, and off by 0.05 % at most
    /camera/colours   the same in the colours of all our outputs, with their scale, JPEG
    /points           coloured points, metres, at most 50 000 on an even grid of pixels, or none (`cloud`)
    /path             the step from the last frame's camera to this one's, where it is known
    /keyframes        a line of text for each keyframe: why the network looked anew

    Axes are those of the first camera: x right, y down, z forward; /camera and /points move with the poses
    that `CameraPath` has. Rerun's pixels are ours, (0, 0) is a corner.
    name: of the recording, by which a viewer tells two of them apart; None: a random one.
    """

    def __init__(
        self, colouring: Colouring | None = None, cloud: Cloud | None = None, name: str | None = None
    ) -> None:
        self._rr = rr = rerun()
        self._colouring, self._cloud = colouring or Colouring(), cloud or Cloud()
        # Nothing that another run would say otherwise: no random name, and not when it was logged.
        self.recording = rr.RecordingStream("velodepth", recording_id=name, send_properties=False)
        self.recording.set_log_time_enabled(False)
        self.recording.set_log_tick_enabled(False)
        self._path = CameraPath()
        self._is_laid_out = False  # the first frame tells how far away the scene is

    def begin(self) -> None:
        """To be called when it is known where the log goes."""
        self.recording.log("/", self._rr.ViewCoordinates.RDF, static=True)

    def _lay_out(self) -> None:
        """The views; the points from a step behind the camera and a little to the side of it."""
        rr, views = self._rr, self._rr.blueprint
        middle = math.sqrt(math.prod(self._colouring.range or (3.0, 3.0)))  # metres
        eye = views.EyeControls3D(
            position=(0.18 * middle, -0.08 * middle, -0.1 * middle),
            look_target=(0, 0, middle),
            eye_up=(0, -1, 0),
        )
        # Rerun would unfold the depth image in space, over the points.
        contents = ["/points", "/camera", "/camera/picture", "/path"]
        ends = {"start": views.TimeRangeBoundary.infinite(), "end": views.TimeRangeBoundary.cursor_relative()}
        whole_path = views.VisibleTimeRanges([rr.VisibleTimeRange(name, **ends) for name in TIMES])
        told = {"contents": contents, "eye_controls": eye, "overrides": {"/path": whole_path}}
        points = views.Spatial3DView(name="Points", **told)
        self.recording.send_blueprint(
            views.Blueprint(
                views.Horizontal(
                    points,
                    views.Vertical(
                        views.Spatial2DView(name="Picture", origin="/camera/picture"),
                        views.Spatial2DView(name="Depth", origin="/camera/colours"),
                        views.TextLogView(name="Keyframes", origin="/keyframes"),
                    ),
                    column_shares=[2, 1],
                ),
                collapse_panels=True,
            )
        )

    def add(self, frame: DepthFrame) -> None:
        """Log one frame and wait until it is out; RuntimeError where that fails."""
        rr, log = self._rr, self.recording
        height, width = frame.depth.shape
        log.set_time("frame", sequence=frame.index)
        log.set_time("time", duration=frame.time)
        before = self._path.pose
        self._path.add(frame.motion)
        pose = self._path.pose
        if frame.motion is not None:  # else everything stays where it was
            for entity in ("camera", "points"):
                log.log(entity, rr.Transform3D(translation=pose[:3, 3], mat3x3=pose[:3, :3]))
            log.log("path", rr.LineStrips3D([[before[:3, 3], pose[:3, 3]]]))
        c = frame.camera
        if isinstance(c, Pinhole):
            lens = {"focal_length": (c.fx, c.fy), "principal_point": (c.cx, c.cy)}
            axes = rr.ViewCoordinates.RDF
            log.log("camera", rr.Pinhole(width=width, height=height, camera_xyz=axes, **lens))
        log.log("camera/picture", rr.Image(frame.picture).compress(jpeg_quality=QUALITY))
        metres = frame.metres.astype(np.float16)
        depth = rr.DepthImage(metres, meter=1.0, colormap="inferno")
        log.log("camera/depth", depth, rr.AnyValues(measure=frame.measure))
        colours = self._colouring.paint(frame)
        if not self._is_laid_out:
            self._is_laid_out = True
            self._lay_out()
        log.log("camera/colours", rr.Image(colours).compress(jpeg_quality=QUALITY))
        if self._cloud.kept != "none":
            fitting = math.ceil(math.sqrt(width * height / POINTS))
            points, colours = replace(self._cloud, stride=max(fitting, self._cloud.stride)).list(frame)
            log.log("points", rr.Points3D(points, colors=colours))
        if frame.is_keyframe:
            log.log("keyframes", rr.TextLog(frame.keyframe_reason))
        log.flush(timeout_sec=STALLED)


class RerunWriter(FileWriter):
    """A .rrd file of what `Log` says. Raises VeloDepthError without rerun-sdk, and as FileWriter does.

    Another run of the same command says the same; the SDK numbers the rows by the clock.
    """

    def __init__(
        self, path: str | Path, colouring: Colouring | None = None, cloud: Cloud | None = None
    ) -> None:
        self._log = Log(colouring, cloud, uuid5(NAMESPACE_URL, Path(path).resolve().as_uri()).hex)
        super().__init__(path)

    def _begin(self, frame: DepthFrame) -> None:
        self._log.recording.save(self._temporary)
        self._log.begin()

    def _add(self, frame: DepthFrame) -> None:
        # Rerun writes on a thread of its own, which ends without a word where the disk is full.
        self._check_disk(frame.depth.nbytes + frame.picture.nbytes + 16 * min(POINTS, frame.depth.size))
        try:
            self._log.add(frame)
        except RuntimeError as error:
            self._check_disk()
            raise OSError(errno.EIO, str(error)) from error

    def _finish(self) -> None:
        self._log.recording.disconnect()  # writes an index
        self._check_disk()

    def _abandon(self) -> None:
        self._log.recording.disconnect()

    def _check_disk(self, needed: int = 0) -> None:
        if shutil.disk_usage(self._temporary.parent).free < needed + ROOM:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class ViewerWriter(Writer):
    """Rerun's viewer, opened, or the one that listens on `port` already; it is shown what `Log` says.

    Whoever closes the viewer ends the run: KeyboardInterrupt is raised, as by Ctrl-C.
    Raises VeloDepthError without rerun-sdk, or where no viewer opens within some 10 seconds.
    """

    path = Path("the Rerun viewer")

    def __init__(
        self, colouring: Colouring | None = None, cloud: Cloud | None = None, port: int = 9876
    ) -> None:
        self._log = Log(colouring, cloud)
        if not (_has_display() or _is_open(port)):
            raise VeloDepthError(
                "Rerun's viewer cannot open, since there is no display: write a file with --save rerun, or "
                f"forward the port {port} of a viewer that is open elsewhere"
            )
        self._log.recording.spawn(port=port)
        self._log.begin()
        try:
            self._log.recording.flush(timeout_sec=OPENING)
        except RuntimeError as error:
            raise VeloDepthError(
                "Rerun's viewer did not open: run this where there is a display, or write an .rrd file"
            ) from error

    def write(self, frame: DepthFrame) -> None:
        try:
            self._log.add(frame)
        except RuntimeError:
            raise KeyboardInterrupt from None

    def close(self) -> None:
        self._log.recording.disconnect()

    def discard(self) -> None:
        self.close()


def _has_display() -> bool:
    on_x11 = sys.platform not in ("win32", "darwin")
    return not on_x11 or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _is_open(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=OPENING).close()
    except OSError:
        return False
    return True
