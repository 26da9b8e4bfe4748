"""The campaign: hostile pictures, files, command lines, kills and connections, drawn from a seed.

    python tests/hostile/campaign.py --minutes 10        (or: make hostile MINUTES=10)

Each kind has a process of its own and an equal share of the time, so that a crash is counted and the others
go on. Printed are, for each kind, how many attacks were tried and how many failed, and of each failure what
repeats it: `--kind KIND --seed SEED --first NUMBER --count 1`. A failure is anything but a result that is
right or one VeloDepthError (on the command line: exit status 2 and one line), an input that was changed,
something half-written that stays, a worker that stays, a server that no longer answers, a minute without an
answer. The exit status is 1 where something failed.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import faulthandler
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.request
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import psutil

import velodepth
from velodepth import Pinhole, VeloDepthError, cameras, load_camera, open_source

PATIENCE = 60  # seconds for one attack
FAST_COUNTS = {
    "pictures": 80, "cameras": 120, "videos": 80, "images": 150, "bags": 30, "predictions": 120,
    "json": 200, "commands": 30, "kills": 3, "pairs": 1, "connections": 80,
}  # fmt: skip
"""How many of each the test suite tries."""


class Failed(Exception):
    """An attack had an effect that it must not have."""


class Attack:
    """One kind. `prepare` makes what all need in `folder`; `try_one` is one attack, drawn from rng."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.prepare()

    def prepare(self) -> None:
        """Once for all."""

    def try_one(self, rng: random.Random) -> None:
        """Raises whatever went wrong."""
        raise NotImplementedError

    def close(self) -> None:
        """Afterwards."""


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """VeloDepthError of one line is right, warnings too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except VeloDepthError as error:
        if "\n" in str(error) or not str(error):
            raise Failed(f"not one sentence: {error!r}") from error


def clip_bytes(form: str, frames: int = 6, width: int = 64, height: int = 48) -> bytes:
    """A short video in a container of that name."""
    codec = {"gif": "gif", "avi": "mpeg4", "webm": "libvpx"}.get(form, "libx264")
    out = io.BytesIO()
    x, y = np.meshgrid(np.arange(width + frames), np.arange(height))
    wide = np.stack([128 + 100 * np.sin(x / 5), 128 + 100 * np.sin(y / 4), (x + y) % 256], axis=2)
    with av.open(out, "w", format={"mkv": "matroska", "ts": "mpegts"}.get(form, form)) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = width, height
        stream.pix_fmt = "rgb8" if form == "gif" else "yuv420p"
        for index in range(frames):
            picture = np.ascontiguousarray(wide[:, index : index + width].astype(np.uint8))
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The same with some of it changed, lost, doubled or cut off."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 30))):
        if not changed:
            break
        at = rng.randrange(len(changed))
        length = rng.choice((1, 1, 4, 16, 200))
        how = rng.randrange(6)
        if how == 0:
            changed[at : at + length] = rng.randbytes(length)
        elif how == 1:
            changed[at : at + length] = rng.choice((b"\0", b"\xff", b"\x7f")) * length
        elif how == 2:
            del changed[at : at + length]
        elif how == 3:
            changed[at:at] = changed[at : at + length]
        elif how == 4:
            del changed[at:]
        else:
            changed[at] ^= 1 << rng.randrange(8)
    return bytes(changed)


class Pictures(Attack):
    """Anything at all, pushed; between attacks the stream goes on."""

    def prepare(self) -> None:
        self.model = velodepth.load()
        self.stream = self.model.stream()

    def try_one(self, rng: random.Random) -> None:
        numbers = np.random.default_rng(rng.getrandbits(32))
        shape: tuple[int, ...] = tuple(rng.choice((1, 15, 16, 17, 31, 48, 90, 260)) for _ in range(2))
        shape += rng.choice(((3,), (3,), (3,), (4,), (1,), (), (2,), (0,), (3, 1)))
        dtype = rng.choice(("u1", "u1", "u2", "f4", "f2", ">f8", "i4", "c8", "?", "S3", "O", "M8[s]"))
        given: Any = numbers.random(shape)
        if dtype not in ("f4", "f2", ">f8"):
            given = given * rng.choice((1, 255, 60000))
        with np.errstate(all="ignore"):
            given = given.astype(dtype)
        how = rng.randrange(9)
        if how == 0 and given.size and given.dtype.kind == "f":
            given.flat[numbers.integers(given.size)] = rng.choice((np.nan, np.inf, -1, 1e30))
        if how == 1:
            given = given.tolist()
        elif how == 2:
            given = given[::-1, ::-1]
        elif how == 3:
            given = np.asfortranarray(given)
        elif how == 4:
            seen = np.broadcast_to(given, given.shape)
            given = rng.choice((None, 3, "x", b"x", {}, [[1], [2, 3]], object(), seen))
        elif how == 5:
            height, width = rng.choice((16, 40, 70_000)), rng.choice((16, 300, 70_000))
            given = np.broadcast_to(np.uint8(7), (height, width, 3))
        when = rng.choice((None, None, 0.5, -3, float("nan"), float("inf"), "x", [1], 10**400, np.float32(2)))
        if rng.random() < 0.2:
            self.stream = self.model.stream(policy=rng.choice(("adaptive", "every")))
        with refusing():
            frame = self.stream.push(given, when)
            if frame.depth.shape != np.shape(given)[:2] or not np.isfinite(frame.depth).all():
                raise Failed(f"depth {frame.depth.shape} of {np.shape(given)}, or not finite")
            self.stream = self.model.stream() if rng.random() < 0.5 else self.stream


NUMBERS = (0, -1, 1, 0.5, 60, 100.0, 1e3, 1e5, 1e9, 1e12, 1e50, 1e99, 1e300, -1e9, float("nan"), float("inf"), True, None, "7", [], 10**400)  # fmt: skip  # noqa: E501


class Cameras(Attack):
    """Numbers that cannot be, in every model, and a picture through it."""

    def prepare(self) -> None:
        self.model = velodepth.load()

    def try_one(self, rng: random.Random) -> None:
        name, kind = rng.choice(sorted(cameras._MODELS.items()))
        width, height = rng.choice(((64, 48), (48, 64), (160, 90)))
        told: dict[str, Any] = {"model": name, "fx": 60.0, "fy": 60.0, "cx": width / 2, "cy": height / 2}
        names = [each.name for each in dataclasses.fields(kind) if each.name != "size"]
        for each in names[4:]:
            told[each] = rng.choice((0.0, 0.0, rng.gauss(0, 0.1), rng.gauss(0, 3)))
        for _ in range(rng.randrange(4)):
            told[rng.choice((*names, "width", "height", "model", "more"))] = rng.choice(NUMBERS)
        with refusing():
            camera = cameras.Camera.from_dict(told)
            frame = self.model.stream(camera).push(np.full((height, width, 3), 90, np.uint8))
            if not (np.isfinite(frame.depth).all() and np.isfinite(frame.points).all()):
                raise Failed(f"not finite with {told}")


class Videos(Attack):
    """Videos that are damaged, read to their end."""

    def prepare(self) -> None:
        self.clips = {form: clip_bytes(form) for form in ("mp4", "mkv", "avi", "ts", "gif", "webm")}

    def try_one(self, rng: random.Random) -> None:
        form = rng.choice(sorted(self.clips))
        path = self.folder / f"clip.{rng.choice((form, form, 'mp4', 'txt', 'apng'))}"
        path.write_bytes(damaged(self.clips[form], rng))
        with refusing(), open_source(path) as source:
            for frame in source:
                if frame.picture.ndim != 3 or frame.index > 10_000:
                    raise Failed(f"picture of {frame.picture.shape}, frame {frame.index}")
        path.unlink()


class Images(Attack):
    """Image files that are damaged, and folders of them."""

    def prepare(self) -> None:
        picture = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
        self.codes = {
            suffix: cv2.imencode(suffix, picture)[1].tobytes()
            for suffix in (".png", ".jpg", ".tiff", ".webp", ".bmp")
        }

    def try_one(self, rng: random.Random) -> None:
        folder = self.folder / "images"
        folder.mkdir()
        try:
            for index in range(rng.randrange(3)):
                suffix = rng.choice(sorted(self.codes))
                code = self.codes[rng.choice((suffix, suffix, ".png"))]
                code = damaged(code, rng) if rng.random() < 0.8 else code
                (folder / f"{index}{suffix}").write_bytes(code)
            if rng.random() < 0.3:
                (folder / "meta.json").write_text(
                    rng.choice(("", "[", "{}", '{"intrinsics": 3}', "[" * 100_000))
                )
            with refusing(), open_source(folder) as source:
                for _ in source:
                    pass
        finally:
            shutil.rmtree(folder)


class Bags(Attack):
    """MCAP files that are damaged."""

    def prepare(self) -> None:
        from velodepth.media.writing import open_writer

        stream = velodepth.load().stream()
        path = self.folder / "whole-depth.mcap"
        with open_writer(path) as writer:
            for value in (40, 90, 140):
                writer.write(stream.push(np.full((32, 40, 3), value, np.uint8)))
        self.bag = path.read_bytes()

    def try_one(self, rng: random.Random) -> None:
        path = self.folder / f"damaged{rng.choice(('.mcap', '.mcap', '.db3', '.bag'))}"
        path.write_bytes(damaged(self.bag, rng))
        with refusing(), open_source(path, topic="/velodepth/confidence") as source:
            for _ in source:
                pass
        path.unlink()


class Predictions(Attack):
    """What another program claims to have predicted."""

    def try_one(self, rng: random.Random) -> None:
        from velodepth.eval.predictions import ClipInfo, FolderPredictor

        path = self.folder / "room.npz"
        with zipfile.ZipFile(path, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for key in ("depth", "index", "keyframe", "seconds", "confidence", "claim"):
                if key != "depth" and rng.random() < 0.6:
                    continue
                values = np.ones(
                    (rng.randrange(4), 4, 5) if key in ("depth", "confidence") else rng.randrange(4)
                )
                values = values.astype(rng.choice(("f4", "f8", "u1", "i8", "?", "U3")))
                head = io.BytesIO()
                shape = values.shape
                if rng.random() < 0.4:
                    shape = rng.choice(((8, 12_000, 12_000), (10**9,), (), (2, 4, 5), (1, 10**6, 1), (2,)))
                told = {"descr": values.dtype.str, "fortran_order": rng.random() < 0.1, "shape": shape}
                np.lib.format.write_array_header_1_0(head, told)
                archive.writestr(f"{key}.npy", head.getvalue() + values.tobytes())
        if rng.random() < 0.4:
            path.write_bytes(damaged(path.read_bytes(), rng))
        with refusing():
            predictor = FolderPredictor(self.folder, rng.choice((None, "metric", "affine_disparity")))
            predictor.start(ClipInfo("room", 5, 4, None))
            for _ in range(3):
                predictor.push(np.zeros((4, 5, 3), np.uint8))
        path.unlink()


class Json(Attack):
    """JSON of every kind that is read, damaged, deep, or of other types."""

    def prepare(self) -> None:
        receipt = {
            "key": "k", "source": "/a", "content": "c", "stamp": "s", "outputs": {"a": 1}, "warnings": [],
            "frames": 1, "keyframes": 1, "width": 1, "height": 1, "seconds": 1.0, "worker": "w",
        }  # fmt: skip
        run = {"protocol": {}, "model": {}, "sequences": [], "mean": {}}
        self.texts = {
            "camera": json.dumps(Pinhole(60, 60, 32, 24, size=(64, 48)).to_dict()),
            "receipt": json.dumps(receipt),
            "run": json.dumps(run),
            "shard": json.dumps({"version": 1, "frames": [{}]}),
        }

    def try_one(self, rng: random.Random) -> None:
        from velodepth.batch.job import Receipts
        from velodepth.eval.report import read_documents
        from velodepth.train.shards import Shard

        kind = rng.choice(sorted(self.texts))
        text = self.texts[kind].encode()
        how = rng.randrange(4)
        if how == 0:
            text = damaged(text, rng)
        elif how == 1:
            text = rng.choice((b"[", b'{"a":')) * rng.choice((10, 100_000))
        elif how == 2:
            data = json.loads(text)
            data[rng.choice(sorted(data))] = rng.choice((None, 3, "x", [], {}, [1], {"a": []}, 1e300, -1))
            text = json.dumps(data).encode()
        else:
            text = rng.choice((b"", b"null", b"3", b'"x"', b"[]", b"\xff\xfe", b"1" * 5000, b"NaN"))
        (self.folder / ".velodepth").mkdir(exist_ok=True)
        name = {"receipt": ".velodepth/k.json", "shard": "frames.json"}.get(kind, "told.json")
        (self.folder / name).write_bytes(text)
        with refusing():
            if kind == "camera":
                load_camera(self.folder / name)
            elif kind == "receipt":
                receipts = Receipts(self.folder)
                receipts.done("k"), receipts.contents(), receipts.outputs(), receipts.forget({"a"})
            elif kind == "run":
                read_documents(self.folder / name)
            else:
                Shard.open(self.folder)


COMMAND = [sys.executable, "-m", "velodepth"]


def started(*arguments: str, **how: Any) -> subprocess.Popen[str]:
    """A command that runs, with what it says in pipes."""
    return subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )


def heed_ctrl_c() -> None:
    """In a child before it begins: what runs in the background of a shell may have Ctrl-C turned off."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def half_written(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*") if path.name.endswith((".part", ".lock", ".partial"))]


class Commands(Attack):
    """Command lines: the right command with a wrong file, number, place or name."""

    def prepare(self) -> None:
        self.clip = clip_bytes("mp4")
        self.model = velodepth.load()

    def draw(self, rng: random.Random) -> tuple[list[str], str]:
        """A command line, and what it gives as --out."""

        def sometimes(option: str, *values: str) -> list[str]:
            return rng.choice(([], [option, rng.choice(values)]))

        source = rng.choice(
            ("in.mp4", "in.mp4", "in.mp4", "link.mp4", "empty", "text.txt", "none.mp4", "*.png")
        )
        inside = ("in.mp4", "link.mp4", "text.txt", "text.txt/x")
        out = rng.choice((".", "out", *inside, "out.npz", "out.xyz", "/proc/x"))
        command = rng.choice(("run", "run", "run", "camera", "live"))
        arguments = [command, source]
        if command == "run":
            arguments += ["--out", out]
            arguments += sometimes("--save", "side,npz", "png", "zip", "", "jsonl,ply,npy")
            arguments += sometimes("--range", "4", "a,b", "5,1", "nan,1", "0,1e400")
            arguments += sometimes("--focal", "1e12", "-1", "x", "60,60,1e9,24", "0")
            arguments += sometimes("--camera", "camera.json", "in.mp4", "none.json")
        elif command == "camera":
            arguments += ["--save", rng.choice(("c.json", "in.mp4", "link.mp4", "text.txt/x"))]
        else:
            arguments += ["--port", "0"]
            arguments += ["--save", rng.choice(("rec.mp4", "in.mp4", "link.mp4", "text.txt/x.mp4"))]
        return arguments + rng.choice(([], ["--overwrite"])), out

    def try_one(self, rng: random.Random) -> None:
        from velodepth.cli import main

        here = self.folder / "here"
        here.mkdir()
        earlier = os.getcwd()
        os.chdir(here)
        try:
            (here / "in.mp4").write_bytes(self.clip if rng.random() < 0.7 else damaged(self.clip, rng))
            (here / "link.mp4").symlink_to("in.mp4")
            (here / "empty").mkdir()
            (here / "text.txt").write_text("no video")
            camera = rng.choice(("{}", "[" * 100_000, '{"model": "pinhole", "fx": 1e12}'))
            (here / "camera.json").write_text(camera)
            before = {name: (here / name).read_bytes() for name in ("in.mp4", "text.txt", "camera.json")}
            arguments, out = self.draw(rng)
            loaded, velodepth.load = velodepth.load, lambda *_: self.model
            said, told = io.StringIO(), io.StringIO()
            try:
                with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
                    main(arguments)
                raise Failed("it did not exit")
            except SystemExit as exit:
                status = exit.code or 0
            finally:
                velodepth.load = loaded
            words = " ".join(arguments)
            if status not in (0, 2):
                raise Failed(f"{words}: exit status {status}: {told.getvalue()}")
            for name, held in before.items():
                if (here / name).read_bytes() != held and (name != out or name == "in.mp4"):
                    raise Failed(f"{words}: {name} was changed")
            if left := half_written(here):
                raise Failed(f"{words}: {left} stays")
        finally:
            os.chdir(earlier)
            shutil.rmtree(here)


class OnRecordings(Attack):
    """Attacks that have a folder of their own with three clips in it."""

    def prepare(self) -> None:
        self.clips = [clip_bytes("mp4", frames) for frames in (20, 150, 151)]

    @contextlib.contextmanager
    def recordings(self) -> Iterator[Path]:
        """A folder with recs/clip0.mp4 and so on, which goes with the block."""
        here = self.folder / "here"
        (here / "recs").mkdir(parents=True)
        try:
            for index, clip in enumerate(self.clips):
                (here / "recs" / f"clip{index}.mp4").write_bytes(clip)
            yield here
        finally:
            shutil.rmtree(here)


class Kills(OnRecordings):
    """A run or a batch that is ended at any moment, by any signal, and then run again."""

    def try_one(self, rng: random.Random) -> None:
        with self.recordings() as here:
            before = contents(here)
            if rng.random() < 0.5:
                arguments = ["batch", "recs", "--out", "out", "--save", "npz,side,npy", "--workers", "2"]
            else:
                saved = "npz,side,npy,bag"
                arguments = ["run", "recs/clip1.mp4", "--out", "out", "--save", saved, "--overwrite"]
            asking = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
            run = started(*arguments, cwd=here, preexec_fn=heed_ctrl_c)
            time.sleep(rng.uniform(0.1, 4))
            with contextlib.suppress(psutil.NoSuchProcess):
                family = psutil.Process(run.pid).children(recursive=True)
                if asking is signal.SIGKILL and family and rng.random() < 0.4:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        rng.choice(family).kill()  # a worker alone: the batch goes on
                else:
                    run.send_signal(asking)
            _, said = run.communicate(timeout=PATIENCE)
            _, alive = psutil.wait_procs(family, 20)
            if alive:
                raise Failed(f"{arguments[0]} after {asking.name}: {len(alive)} workers stay")
            if "Traceback" in said and run.returncode != -signal.SIGINT:  # before our first line
                raise Failed(f"{arguments[0]} after {asking.name}: {said}")
            if asking is not signal.SIGKILL and run.returncode >= 0 and (left := half_written(here)):
                raise Failed(f"{arguments[0]} after {asking.name}: {left} stays")
            again = subprocess.run(
                [*COMMAND, *arguments], cwd=here, capture_output=True, text=True, timeout=2 * PATIENCE
            )
            if again.returncode:
                raise Failed(f"{arguments[0]} after {asking.name}, again: {again.stderr}")
            if left := half_written(here):
                raise Failed(f"{arguments[0]} after {asking.name}, again: {left} stays")
            if any(path.read_bytes() != held for path, held in before.items()):
                raise Failed(f"{arguments[0]} after {asking.name}: an input was changed")
            check_outputs(here / "out", 3 if arguments[0] == "batch" else 1)


def check_outputs(out: Path, clips: int) -> None:
    """All NPZ are there and whole."""
    found = sorted(out.glob("*.npz"))
    if len(found) != clips:
        raise Failed(f"{len(found)} of {clips} outputs are there")
    for path in found:
        with np.load(path) as arrays:
            depth = arrays["depth"]
        if len(depth) not in (20, 150, 151) or not np.isfinite(depth).all():
            raise Failed(f"{path.name} holds {depth.shape}")


class Pairs(OnRecordings):
    """Two of the same command at once."""

    def try_one(self, rng: random.Random) -> None:
        with self.recordings() as here:
            batch = rng.random() < 0.5
            arguments = ["batch", "recs", "--out", "out", "--workers", "1"]
            if not batch:
                arguments = ["run", "recs/clip1.mp4", "--out", "out", "--save", "npz", "--overwrite"]
            runs = []
            for _ in range(2):
                runs.append(started(*arguments, cwd=here))
                time.sleep(rng.uniform(0, 1.5))
            said = [run.communicate(timeout=3 * PATIENCE)[1] for run in runs]
            states = sorted(run.returncode for run in runs)
            if states not in ([0, 0], [0, 2]):
                raise Failed(f"{arguments[0]} twice: {states}: {said}")
            if states == [0, 2] and not any("another run is writing" in text for text in said):
                raise Failed(f"{arguments[0]} twice: {said}")
            check_outputs(here / "out", 3 if batch else 1)
            if left := half_written(here):
                raise Failed(f"{arguments[0]} twice: {left} stays")


class Connections(Attack):
    """Strangers at both servers."""

    def prepare(self) -> None:
        clip = self.folder / "camera.mp4"
        clip.write_bytes(clip_bytes("mp4", 50))
        self.clip = clip_bytes("mp4")
        self.servers = [started("live", str(clip), "--loop", "--port", "0"), started("web", "--port", "0")]
        self.addresses = [
            server.stdout.readline().split()[0].removeprefix("http://").rstrip("/") for server in self.servers
        ]

    def try_one(self, rng: random.Random) -> None:
        which = rng.randrange(2)
        address = self.addresses[which]
        host, _, port = address.partition(":")
        name = rng.choice((address, address, address, "evil.example", "", "[", "localhost"))
        path = rng.choice(
            (
                "/", "/stream.mjpeg", "/status.json", "/streams", "/streams?name=a", "/settings.json",
                "/webcam", "/streams/x", "/../../etc/passwd", "/%2e%2e/%00", "/" + "a" * 9000,
            )
        )  # fmt: skip
        body = damaged(self.clip, rng) if rng.random() < 0.5 else rng.randbytes(rng.randrange(2000))
        verb, version = rng.choice(("GET", "GET", "POST", "PUT", "BREW")), rng.choice("0119")
        lines = [f"{verb} {path} HTTP/1.{version}", f"Host: {name}"]
        lines += rng.choice(
            ([], ["Origin: http://evil.example"], ["Origin: null"], ["X-Forwarded-For: 1.2.3.4"])
        )
        length = rng.choice((len(body), len(body), 99_999_999_999, -1))
        lines += rng.choice(
            ([f"Content-Length: {length}"], ["Transfer-Encoding: chunked"], ["A: " + "b" * 70_000], [])
        )
        if rng.random() < 0.25:
            lines += ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
            lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
        head = "\r\n".join(lines) + "\r\n"
        message = head.encode("latin-1") + b"\r\n" + body
        if rng.random() < 0.2:
            message = damaged(message, rng)
        answer = b""
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host, int(port)), timeout=2) as connection,
        ):
            connection.settimeout(rng.choice((0.02, 0.2, 0.6)))
            connection.sendall(message)
            while len(answer) < 100_000 and (part := connection.recv(65536)):
                answer += part
        if b"root:" in answer or (name == "evil.example" and answer.startswith(b"HTTP/1.1 200")):
            raise Failed(f"{message[:200]!r} was answered {answer[:200]!r}")
        if self.servers[which].poll() is not None:
            raise Failed(f"the server has ended: {self.servers[which].stderr.read()}")
        with urllib.request.urlopen(
            f"http://{address}{('/status.json', '/settings.json')[which]}", timeout=20
        ) as told:
            if told.status != 200:
                raise Failed(f"the server answers {told.status}")

    def close(self) -> None:
        for server in self.servers:
            server.terminate()
            _, said = server.communicate(timeout=PATIENCE)
            if server.returncode or "Traceback" in said:
                raise Failed(f"a server ended with {server.returncode}: {said[-3000:]}")


ATTACKS: dict[str, type[Attack]] = {
    each.__name__.lower(): each
    for each in (
        *(Pictures, Cameras, Videos, Images, Bags, Predictions),
        *(Json, Commands, Kills, Pairs, Connections),
    )
}


def attempt(kind: str, seed: int, first: int, count: int | None, seconds: float | None) -> dict[str, Any]:
    """Attacks of one kind, numbered from `first`, so many or for so long; what came of them."""
    faulthandler.enable()
    tried, failures = 0, []
    begin = time.monotonic()

    def late(*_: Any) -> None:
        raise TimeoutError(f"no answer within {4 * PATIENCE} s")

    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        attack = ATTACKS[kind](Path(folder))
        signal.signal(signal.SIGALRM, late)
        number = first
        while (count is None or tried < count) and (seconds is None or time.monotonic() - begin < seconds):
            signal.alarm(4 * PATIENCE)
            attack_begin = time.monotonic()
            try:
                attack.try_one(random.Random(f"{kind} {seed} {number}"))
                if kind not in ("kills", "pairs") and time.monotonic() - attack_begin > PATIENCE:
                    raise Failed(f"it took {time.monotonic() - attack_begin:.0f} s")
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                failures.append({"number": number, "why": "".join(traceback.format_exception(error))[-3000:]})
            signal.alarm(0)
            tried, number = tried + 1, number + 1
        try:
            attack.close()
        except Exception as error:
            failures.append({"number": number, "why": "".join(traceback.format_exception(error))[-3000:]})
    return {"kind": kind, "tried": tried, "failures": failures, "seconds": time.monotonic() - begin}


def in_process(kind: str, seed: int, first: int, count: int | None, seconds: float | None) -> dict[str, Any]:
    """`attempt` in a process of its own; its crash is a failure."""
    command = [sys.executable, __file__, "--kind", kind, "--seed", str(seed), "--first", str(first), "--json"]
    command += ["--count", str(count)] if count is not None else ["--minutes", str(seconds / 60)]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if done.returncode not in (0, 1) or not lines:
        why = f"the process ended with {done.returncode}: {done.stderr[-3000:]}"
        return {"kind": kind, "tried": 1, "failures": [{"number": -1, "why": why}], "seconds": 0.0}
    return json.loads(lines[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of all kinds together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(ATTACKS))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.kind:
        seconds = None if told.count is not None else 60 * told.minutes
        found = attempt(told.kind, told.seed, told.first, told.count, seconds)
        if told.json:
            print(json.dumps(found))
            return bool(found["failures"])
        results = [found]
    else:
        share = 60 * told.minutes / len(ATTACKS)
        results = [in_process(kind, told.seed, told.first, told.count, share) for kind in ATTACKS]
    for result in results:
        for failure in result["failures"]:
            again = f"--kind {result['kind']} --seed {told.seed} --first {failure['number']} --count 1"
            print(f"{again}\n{failure['why']}\n")
    print(f"seed {told.seed}\n\n| attack | tried | failed | seconds |\n|---|---|---|---|")
    for result in results:
        print(
            f"| {result['kind']} | {result['tried']} | {len(result['failures'])} | {result['seconds']:.0f} |"
        )
    tried = sum(result["tried"] for result in results)
    failed = sum(len(result["failures"]) for result in results)
    print(f"| all | {tried} | {failed} | {sum(result['seconds'] for result in results):.0f} |")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
