"""The server without a browser: what it takes, what it refuses, and what it forgets."""

from __future__ import annotations

import gc
import json
import struct
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from socket import create_connection

import cv2
import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from velodepth.presets import DEMO_CLIP
from velodepth.stream.frame import DepthFrame
from velodepth.web.limits import Limits
from velodepth.web.streams import VisitorStream


def post(address, body, **headers):
    """The status and what was answered."""
    request = urllib.request.Request(f"http://{address}/streams", body, headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def unpack(message):
    (length,) = struct.unpack_from("<I", message)
    header = json.loads(message[4 : 4 + length])
    width, height = header["depth"]
    depth = np.frombuffer(message, "<f2", width * height, 4 + length).reshape(height, width)
    return header, depth, message[4 + length + depth.nbytes :]


def watch(address, id, **options):
    return connect(f"ws://{address}/streams/{id}", max_size=None, **options)


def kept():
    """The folders of visitors that the server of this test holds."""
    return [path for path in Path(tempfile.gettempdir()).glob(".velodepth-web.*.part/*") if path.is_dir()]


def test_two_visitors_have_their_own_streams_and_leave_nothing(serve, walk, nano):
    expected = [frame.depth for frame in nano.run(walk)]
    with serve(Limits()) as address:
        ids = [post(address, walk.read_bytes())[1]["id"] for _ in range(2)]
        with watch(address, ids[0]) as one, watch(address, ids[1]) as two:
            for index, depth in enumerate(expected):
                for socket in (one, two):  # in turn: neither waits for the other's end
                    header, received, jpeg = unpack(socket.recv())
                    assert header["index"] == index
                    assert (header["keyframe"] == "start") == (index == 0)
                    np.testing.assert_allclose(received, depth, rtol=1e-3)
                    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (
                        240,
                        320,
                        3,
                    )
            for socket in (one, two):
                assert json.loads(socket.recv()) == {"done": {"recording": True, "limit": False}}
            assert len(kept()) == 2 and not any((folder / "upload").exists() for folder in kept())
        for id in ids:
            with pytest.raises(urllib.error.HTTPError, match="404"):
                while True:  # until the server has seen them leave
                    urllib.request.urlopen(f"http://{address}/streams/{id}/side.mp4").close()
        assert kept() == []


def test_a_visitor_may_stop_before_the_end(address):
    id = post(address, DEMO_CLIP.read_bytes())[1]["id"]
    with watch(address, id) as socket:
        unpack(socket.recv())
        socket.send("stop")
        rest = list(iter(lambda: type(message := socket.recv()) is bytes and message, False))
        assert len(rest) < 149
        with urllib.request.urlopen(f"http://{address}/streams/{id}/side.mp4") as answer:
            assert answer.headers["Content-Type"] == "video/mp4"


def test_limits_hold(serve, walk):
    limits = Limits(
        upload_bytes=walk.stat().st_size, frames=3, streams=2, starts_a_minute=4, picture_pixels=320 * 240
    )
    with serve(limits) as address:
        status, told = post(address, walk.read_bytes() + b"x")
        assert status == 413 and "too large" in told["error"]
        status, told = post(address, walk.read_bytes())
        assert (status, told["frames"]) == (201, 3)
        with watch(address, told["id"]) as socket:
            messages = list(map(unpack, (socket.recv() for _ in range(3))))
            assert [header["index"] for header, *_ in messages] == [0, 1, 2]
            assert json.loads(socket.recv()) == {"done": {"recording": True, "limit": True}}
            with watch(address, told["id"]) as again:
                assert "not here any more" in json.loads(again.recv())["error"]
            assert post(address, walk.read_bytes())[0] == 201
            assert len(kept()) == 2
            assert post(address, walk.read_bytes())[0] == 201
            assert len(kept()) == 2  # the one that was finished gave way
            status, told = post(address, walk.read_bytes())
            assert status == 429 and "being watched" in told["error"]
    with serve(Limits(starts_a_minute=1)) as address:
        post(address, b"")
        status, told = post(address, walk.read_bytes())
        assert status == 429 and "minute" in told["error"]


def test_what_is_no_video_is_refused_and_removed(serve, walk, tmp_path):
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{walk}\n#EXT-X-ENDLIST\n".encode()
    with serve(Limits()) as address:
        for body in (
            b"",
            b"no video",
            walk.read_bytes()[:500],
            playlist,
            f"ffconcat version 1.0\nfile {walk}".encode(),
        ):
            status, told = post(address, body)
            assert status == 422 and "give a video" in told["error"]
        assert kept() == []
    with serve(Limits(picture_pixels=320 * 240 - 1)) as address:
        status, told = post(address, walk.read_bytes())
        assert status == 422 and "320 x 240" in told["error"]


def test_messages_name_the_visitors_file_and_none_of_the_servers(address, sound):
    for body, said in ((b"no video", "is not a video"), (sound.read_bytes(), "has no video in it")):
        request = urllib.request.Request(f"http://{address}/streams?name=my%20walk.mp4", body, method="POST")
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        assert json.load(refused.value)["error"].startswith(f"my walk.mp4 {said}")


def test_an_upload_that_nobody_watches_is_removed(serve, walk):
    with serve(Limits(unopened=0.0)) as address:
        id = post(address, walk.read_bytes())[1]["id"]
        with watch(address, id) as socket:
            assert "not here any more" in json.loads(socket.recv())["error"]
        assert kept() == []


def test_nothing_of_a_stream_is_held_once_it_is_over(serve, walk):
    with serve(Limits(starts_a_minute=100)) as address:
        for _ in range(6):
            _, facts = post(address, walk.read_bytes())
            with watch(address, facts["id"]) as socket:
                while not isinstance(socket.recv(), str):
                    pass
        while kept():
            time.sleep(0.01)
        gc.collect()
        held = [thing for thing in gc.get_objects() if type(thing) is VisitorStream]
        assert len(held) <= 1  # the last one may still be on its way out


def test_who_is_silent_loses_the_place(serve):
    with serve(Limits(streams=2, silent=0.3)) as address:
        host, _, port = address.partition(":")
        with create_connection((host, int(port))) as stalled:
            head = f"POST /streams?name=a.mp4 HTTP/1.1\r\nHost: {address}\r\nContent-Length: 9999\r\n\r\n"
            stalled.sendall(head.encode() + b"some")
            answer = ""
            while not answer.endswith("}"):  # head and body may come apart
                answer += stalled.recv(4096).decode()
        assert answer.startswith("HTTP/1.1 422") and "a.mp4 sent nothing for 0.3 s" in answer
        with connect(f"ws://{address}/webcam") as webcam:
            assert "id" in json.loads(webcam.recv())
            assert json.loads(webcam.recv()) == {"error": "the webcam sent nothing for 0.3 s: start again"}
        while kept():  # the folders go as the visitors do
            time.sleep(0.01)


def test_another_page_is_refused(address, walk):
    assert post(address, walk.read_bytes(), Origin="http://elsewhere.example")[0] == 403
    assert post(address, b"", Origin=f"http://{address}")[0] == 422
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://{address}/webcam", origin="http://elsewhere.example")


def test_webcam_pictures_are_answered_one_by_one(address, clip, nano):
    stream = nano.stream()
    with connect(f"ws://{address}/webcam", max_size=None) as socket:
        assert "id" in json.loads(socket.recv())
        for index, picture in enumerate(clip[:2]):
            jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()
            socket.send(struct.pack("<d", index / 10) + jpeg)
            header, depth, _ = unpack(socket.recv())
            assert (header["index"], header["time"]) == (index, index / 10)
            frame: DepthFrame = stream.push(picture, index / 10)
            assert np.median(np.abs(depth / frame.depth - 1)) < 0.02  # JPEG changes the picture a little
        socket.send("stop")
        assert json.loads(socket.recv())["done"]["recording"]


def test_a_webcam_that_is_turned_is_told(address, clip):
    with connect(f"ws://{address}/webcam", max_size=None) as socket:
        socket.recv()
        for picture in (clip[0], cv2.transpose(clip[0])):
            socket.send(struct.pack("<d", 0) + cv2.imencode(".jpg", picture)[1].tobytes())
        unpack(socket.recv())
        assert json.loads(socket.recv())["error"].startswith("the webcam's pictures changed their size")


@pytest.mark.parametrize("message", [b"", b"12345678 no picture", b"\0" * 100])
def test_a_webcam_that_sends_no_picture_is_told(address, message):
    with connect(f"ws://{address}/webcam", max_size=None) as socket:
        socket.recv()
        socket.send(message)
        assert "JPEG" in json.loads(socket.recv())["error"]


def test_a_large_webcam_picture_is_refused_before_it_is_decoded(serve):
    large = cv2.imencode(".jpg", np.zeros((600, 600, 3), np.uint8))[1].tobytes()
    with (
        serve(Limits(picture_pixels=500 * 500)) as address,
        connect(f"ws://{address}/webcam", max_size=None) as socket,
    ):
        socket.recv()
        socket.send(struct.pack("<d", 0) + large)
        assert "error" in json.loads(socket.recv())


def test_the_browsers_page_is_found_without_its_last_stroke(address):
    with urllib.request.urlopen(f"http://{address}/local") as answer:
        assert answer.url == f"http://{address}/local/"


def test_the_page_says_where_nothing_else_may_come_from(address):
    with urllib.request.urlopen(f"http://{address}/") as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        text = answer.read().decode()
    assert "http://" not in text and "https://" not in text  # nothing is loaded from elsewhere
