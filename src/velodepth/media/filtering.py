"""Decoded frames as a picture has to be: whole ones, not fields, in the range of light a screen shows.

By FFmpeg's own filters; a frame that needs none is handed on as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

import av
from av.filter import Graph

# Transfer characteristics of ITU-T H.273, table 3.
PQ, HLG = 16, 18
# White at 203 nits (ITU-R BT.2408) becomes white; what is brighter is clipped, as in a camera without HDR.
TONE_MAP = "out_primaries=bt709:out_transfer=iec61966-2-1:intent=relative_colorimetric"


class Filters:
    """Deinterlaces what is marked so (bwdif, one frame of two fields), and tone-maps PQ and HLG to sRGB.

    Deinterlacing needs the next frame, so from the first interlaced one on each comes out a frame later.
    """

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._made_for: tuple[object, ...] = ()
        self._interlaced = False

    def push(self, frame: av.VideoFrame, transfer: int | None) -> Iterator[av.VideoFrame]:
        """The frames that are ready once `frame` is known; transfer: its transfer characteristics."""
        self._interlaced = self._interlaced or frame.interlaced_frame
        is_hdr = transfer in (PQ, HLG)
        needed = (frame.width, frame.height, frame.format.name, frame.time_base, self._interlaced, is_hdr)
        if needed != self._made_for:
            yield from self.flush()
            self._made_for = needed
            if self._interlaced or is_hdr:
                self._graph = _graph(frame, self._interlaced, is_hdr)
        if self._graph is None:
            yield frame
        else:
            self._graph.vpush(frame)
            yield from self._ready()

    def flush(self) -> Iterator[av.VideoFrame]:
        """Those that were held back."""
        if self._graph is not None:
            self._graph.vpush(None)
            yield from self._ready()
            self._graph = None

    def _ready(self) -> Iterator[av.VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield frame


def _graph(frame: av.VideoFrame, interlaced: bool, is_hdr: bool) -> Graph:
    graph = Graph()
    nodes = [
        graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
    ]
    if interlaced:
        nodes.append(graph.add("bwdif", "mode=send_frame:deint=interlaced"))
    if is_hdr:
        nodes += [graph.add("scale", TONE_MAP), graph.add("format", "rgb24")]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    return graph
