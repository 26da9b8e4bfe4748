"""Networks by name: files, folders, the hub; fetched once a machine; licences told once."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from pathlib import Path

import pytest

import velodepth
from velodepth.adapters import loading
from velodepth.adapters.loading import is_network, load_network

from .test_onnx_file import mean_of

OWN = """
import numpy as np
from velodepth import Look

class Flat:
    def look(self, picture, camera):
        return Look(np.full(picture.shape[:2], 2.0), "metric")

class Empty:
    pass

class Fails:
    def __init__(self):
        raise OSError("no weights")
"""


@pytest.fixture(autouse=True)
def _told_anew():
    loading._announce.cache_clear()


@pytest.fixture
def own(tmp_path) -> Path:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return path


def test_a_class_in_a_file(own, photo, capsys):
    named = load_network(f"{own}:Flat")
    assert named.network.look(photo, None).depth.shape == (90, 120)
    assert named.files == (own,) and named.name == f"{own}:Flat"
    assert capsys.readouterr().err == ""  # one's own licence needs no telling


@pytest.mark.parametrize(
    ("name", "words"),
    [("Flatt", ["own.py:Flatt", "Flatt"]), ("Empty", ["look(picture, camera)"]), ("Fails", ["no weights"])],
)
def test_a_class_that_is_none_is_one_sentence(own, name, words):
    with pytest.raises(velodepth.VeloDepthError) as error:
        load_network(f"{own}:{name}")
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_an_onnx_file_tells_its_licence_once(tmp_path, photo, capsys):
    path = mean_of(tmp_path / "net.onnx")
    path.with_suffix(".json").write_text(json.dumps({"kind": "scale", "licence": "MIT"}))
    for _ in range(2):
        named = load_network(str(path))
    assert named.network.look(photo, None).kind == "scale"
    assert named.files == (path, path.with_suffix(".json"))
    assert capsys.readouterr().err.count("MIT") == 1


def test_a_folder_that_names_its_network(own, tmp_path, photo):
    (tmp_path / "velodepth.json").write_text(json.dumps({"network": "own.py:Flat", "licence": "MIT"}))
    named = load_network(str(tmp_path))
    assert named.licence == "MIT" and named.network.look(photo, None).kind == "metric"


def test_a_folder_of_transformers(saved, photo):
    named = load_network(str(saved("depth_anything")), "cpu")
    assert named.network.look(photo, None).kind == "affine_disparity"
    assert {path.name for path in named.files} == {
        "config.json",
        "preprocessor_config.json",
        "model.safetensors",
    }


def test_what_is_a_network_and_what_is_not(own, tmp_path, saved):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text('{"model": {}}')
    for spec in (f"{own}:Flat", "net.onnx", "owner/name", "owner/name@1a2b", "depth-anything-v2-small"):
        assert is_network(spec), spec
    assert is_network(str(saved("dpt")))
    for spec in ("nano", "large", str(tmp_path / "checkpoint"), str(tmp_path / "nothing" / "here")):
        assert not is_network(spec), spec


# The hub, on a server of this machine


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of huggingface.co as fetching needs; counts what is fetched."""

    files: dict[str, bytes]
    fetched: Counter
    COMMIT = "1" * 40

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.split("?")[0]
        if "/tree/" in path:  # asked by huggingface_hub 2; older ones take the siblings below
            entries = [
                {"type": "file", "path": name, "size": len(body), "oid": hashlib.sha1(body).hexdigest()}
                for name, body in self.files.items()
            ]
            return self._answer(json.dumps(entries).encode())
        if path.startswith("/api/models/owner/name/"):
            siblings = [{"rfilename": name} for name in self.files]
            return self._answer(
                json.dumps({"id": "owner/name", "sha": self.COMMIT, "siblings": siblings}).encode()
            )
        name = path.rpartition(f"/resolve/{self.COMMIT}/")[2]
        if name not in self.files:
            return self.send_error(404)
        if self.command == "GET":
            self.fetched[name] += 1
        return self._answer(self.files[name])

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", self.COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(saved):
    pytest.importorskip("huggingface_hub", reason="an extra: pip install 'velodepth[hub]'")
    readme = b"---\nlicense: cc-by-nc-4.0\n---\nWords.\n"
    handler = type("Served", (Hub,), {"fetched": Counter()})
    handler.files = {path.name: path.read_bytes() for path in saved("depth_anything").iterdir()}
    handler.files |= {"README.md": readme, "pytorch_model.bin": b"the same once more"}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()


def test_processes_that_ask_at_once_fetch_once(hub, tmp_path):
    address, served = hub
    script = textwrap.dedent("""
        from velodepth.adapters.hub import fetch, licence_of
        from velodepth.adapters.loading import WHOLE
        folder = fetch("owner/name", "main", WHOLE)
        print(licence_of(folder), *sorted(path.name for path in folder.iterdir()))
    """)
    path = {"PYTHONPATH": str(Path(velodepth.__file__).parents[1]), "PATH": ""}
    env = path | {"HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": "1"}
    workers = [
        subprocess.Popen([sys.executable, "-c", script], env=env, stdout=-1, stderr=-1, text=True)
        for _ in range(3)
    ]
    answers = [worker.communicate(timeout=120) for worker in workers]
    for worker, (out, err) in zip(workers, answers, strict=True):
        assert worker.returncode == 0, err
        assert out.split() == [
            "cc-by-nc-4.0",
            "README.md",
            "config.json",
            "model.safetensors",
            "preprocessor_config.json",
        ]
    assert served.fetched["model.safetensors"] == 1
    assert "pytorch_model.bin" not in served.fetched


def test_a_hub_that_does_not_answer_is_one_sentence(tmp_path, monkeypatch):
    script = "from velodepth.adapters.loading import load_network; load_network('owner/name')"
    path = {"PYTHONPATH": str(Path(velodepth.__file__).parents[1]), "PATH": ""}
    env = path | {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=env, capture_output=True, text=True, timeout=120
    )
    told = done.stderr.strip().splitlines()[-1]
    assert "owner/name could not be fetched" in told and "VeloDepthError" in told


def test_without_the_extra_a_hub_id_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(velodepth.VeloDepthError, match=r"@main needs transformers.*velodepth\[hub\]"):
        load_network("owner/name@main")


def test_a_transformers_folder_may_lie_anywhere(saved, tmp_path, monkeypatch):
    shutil.copytree(saved("glpn"), tmp_path / "sub" / "net")
    monkeypatch.chdir(tmp_path)
    assert is_network("sub/net") and load_network("sub/net", "cpu").name == "sub/net"
