"""Soak: both servers for many minutes, with visitors that come, go, stall and misbehave.

    python tests/hostile/soak.py --minutes 30        (or: make soak MINUTES=30)

`velodepth live` plays a looping clip of 5 frames/s, `velodepth web` computes what visitors send. Every five
seconds the resident memory, threads and open files of each are noted. Printed are their medians in the first
and in the last third after a warm-up, and their maxima. The exit status is 1 where the median of memory has
grown by more than 5 % and 8 MB, the lowest number of threads or open files by more than 8 (what is collected
never goes; what visitors hold just then does), a server has ended, or it no longer answers.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from contextlib import suppress
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from velodepth.media.reading import open_source
from velodepth.presets import DEMO_CLIP

RATE = 5  # frames a second of the camera
WARM_UP = 60.0  # seconds that are not measured, at most a third of all
SAMPLE = 5.0  # seconds
MORE_MEMORY, MORE_BYTES, MORE_HANDLES = 1.05, 8 * 2**20, 8
COMMAND = [sys.executable, "-m", "velodepth"]


def pictures(count: int) -> list[np.ndarray]:
    """Of the demo clip, 320 x 240."""
    with open_source(DEMO_CLIP) as source:
        frames = [
            cv2.resize(frame.picture, (320, 240)) for frame, _ in zip(source, range(count), strict=False)
        ]
    return frames


def write_clip(path: Path, frames: list[np.ndarray], rate: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), "rgb24")))
        container.mux(stream.encode(None))
    return path


class Served:
    """A server in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline()
        if not line.startswith("http://"):
            raise SystemExit(f"{arguments[0]} did not start: {line}{self._process.stderr.read()}")
        self.address = line.split()[0].removeprefix("http://").rstrip("/")
        self.host, _, port = self.address.partition(":")
        self.port = int(port)
        self._told = psutil.Process(self._process.pid)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def sample(self) -> tuple[int, int, int]:
        """Resident bytes, threads, open files and sockets."""
        with self._told.oneshot():
            return self._told.memory_info().rss, self._told.num_threads(), self._told.num_fds()

    def stop(self) -> tuple[int, str]:
        """Exit status after SIGTERM, and what was said on stderr."""
        self._process.send_signal(signal.SIGTERM)
        _, said = self._process.communicate(timeout=60)
        return self._process.returncode, said


class Visitors:
    """Threads that visit both servers until `stop`; `counts` says what they did."""

    def __init__(self, live: Served, web: Served, clip: bytes, jpeg: bytes, seed: int) -> None:
        self._live, self._web, self._clip, self._jpeg = live, web, clip, jpeg
        self._stopped = threading.Event()
        self.counts: Counter[str] = Counter()
        work = (
            (self._view, 1.0), (self._view, 2.0), (self._stall, 1.0), (self._say_nothing, 2.0),
            (self._upload, 12.0), (self._abandon, 25.0), (self._webcam, 20.0),
        )  # fmt: skip
        self._threads = [
            threading.Thread(target=self._repeat, args=(visit, pause, seed + index))
            for index, (visit, pause) in enumerate(work)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, visit, pause: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        while not self._stopped.wait(pause * rng.uniform(0.5, 1.5)):
            try:
                visit(rng)
                self.counts[visit.__name__.strip("_").replace("_", " ")] += 1
            except (OSError, WebSocketException, TimeoutError) as error:
                self.counts[f"{visit.__name__.strip('_')}: {type(error).__name__}"] += 1

    def _asked(self, served: Served, path: str) -> socket.socket:
        connection = socket.create_connection((served.host, served.port), timeout=10)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {served.address}\r\n\r\n".encode())
        return connection

    def _view(self, rng: np.random.Generator) -> None:
        """Watches for some seconds and goes without a word."""
        until = time.monotonic() + rng.uniform(0.5, 15)
        with self._asked(self._live, "/stream.mjpeg") as connection:
            while time.monotonic() < until and not self._stopped.is_set() and connection.recv(65536):
                pass

    def _stall(self, rng: np.random.Generator) -> None:
        """Asks for the stream and never reads it."""
        with self._asked(self._live, "/stream.mjpeg"):
            self._stopped.wait(rng.uniform(5, 40))

    def _say_nothing(self, rng: np.random.Generator) -> None:
        """Twenty connections to either, some with half a request."""
        served = (self._live, self._web)[int(rng.integers(2))]
        connections = [socket.create_connection((served.host, served.port), timeout=10) for _ in range(20)]
        for connection in connections[::2]:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: ")
        self._stopped.wait(rng.uniform(1, 15))
        for connection in connections:
            connection.close()

    def _sent(self) -> str:
        request = urllib.request.Request(f"http://{self._web.address}/streams?name=a.mp4", self._clip)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["id"]

    def _upload(self, rng: np.random.Generator) -> None:
        """Sends a video, watches it, to its end or not, and leaves."""
        most = int(rng.integers(1, 40))
        with connect(f"ws://{self._web.address}/streams/{self._sent()}", max_size=None) as visitor:
            for _ in range(most):
                if isinstance(visitor.recv(timeout=60), str):
                    return

    def _abandon(self, rng: np.random.Generator) -> None:
        """Sends half a video, or a whole one that nobody watches."""
        if rng.random() < 0.5:
            self._sent()
        else:
            with socket.create_connection((self._web.host, self._web.port), timeout=10) as connection:
                head = (
                    f"POST /streams HTTP/1.1\r\nHost: {self._web.address}\r\nContent-Length: 999999\r\n\r\n"
                )
                connection.sendall(head.encode() + self._clip[: len(self._clip) // 2])

    def _webcam(self, rng: np.random.Generator) -> None:
        with connect(f"ws://{self._web.address}/webcam", max_size=None) as visitor:
            for index in range(int(rng.integers(1, 12))):
                visitor.recv(timeout=60)
                visitor.send(struct.pack("<d", index / 10) + self._jpeg)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    seconds = 60 * told.minutes
    with tempfile.TemporaryDirectory() as folder:
        frames = pictures(60)
        clip = write_clip(Path(folder) / "camera.mp4", frames, RATE)
        video = write_clip(Path(folder) / "visitor.mp4", frames[:12], 15).read_bytes()
        jpeg = cv2.imencode(".jpg", frames[0][..., ::-1])[1].tobytes()
        live = Served("live", str(clip), "--loop", "--port", "0")
        web = Served("web", "--port", "0")
        servers = {"live": live, "web": web}
        visitors = Visitors(live, web, video, jpeg, told.seed)
        samples: dict[str, list[tuple[int, int, int]]] = {name: [] for name in servers}
        begin = time.monotonic()
        try:
            time.sleep(min(WARM_UP, seconds / 3))
            while time.monotonic() - begin < seconds and all(each.alive for each in servers.values()):
                for name, each in servers.items():
                    samples[name].append(each.sample())
                time.sleep(SAMPLE)
        finally:
            ran = time.monotonic() - begin
            visitors.stop()
        wrong = []
        print(f"{ran / 60:.1f} minutes, seed {told.seed}, {platform.machine()}, {psutil.cpu_count()} cores\n")
        print(f"visits: {', '.join(f'{count} {what}' for what, count in sorted(visitors.counts.items()))}\n")
        print("| server | measure | first third | last third | most |\n|---|---|---|---|---|")
        for name, rows in samples.items():
            table = np.array(rows)
            third = max(1, len(table) // 3)
            first, last = np.median(table[:third], axis=0), np.median(table[-third:], axis=0)
            for index, (what, unit) in enumerate((("memory, MB", 2**20), ("threads", 1), ("open files", 1))):
                figures = (first[index] / unit, last[index] / unit, table[:, index].max() / unit)
                print(f"| {name} | {what} | {' | '.join(f'{figure:.0f}' for figure in figures)} |")
            if last[0] > MORE_MEMORY * first[0] + MORE_BYTES:
                wrong.append(f"the memory of {name} grows")
            kept = [table[part].min(axis=0) for part in (slice(third), slice(-third, None))]
            wrong += [f"{name} collects handles" for i in (1, 2) if kept[1][i] > kept[0][i] + MORE_HANDLES]
        for name, path in (("live", "/status.json"), ("web", "/settings.json")):
            try:
                urllib.request.urlopen(f"http://{servers[name].address}{path}", timeout=20).close()
            except OSError as error:
                wrong.append(f"{name} answers no more: {error}")
            with suppress(subprocess.TimeoutExpired):
                status, said = servers[name].stop()
                if status or "Traceback" in said:
                    wrong.append(f"{name} ended with {status}: {said}")
    print("\n" + ("\n".join(wrong) or "flat"))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
