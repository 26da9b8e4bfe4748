"""To whom pages are served, and how long anybody may take: the same for `web` and `live`."""

from __future__ import annotations

import json
import socket
import threading
import time

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from velodepth import VeloDepthError
from velodepth.live.page import Page
from velodepth.web import serving
from velodepth.web.limits import Limits

NOISE = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)


def ask(address, path="/", method="GET", **headers):
    """The status, head and body of the answer to a request with these headers."""
    host, _, port = address.partition(":")
    told = {"Host": address, "Connection": "close", **headers}
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{name.replace('_', '-')}: {value}" for name, value in told.items()),
    ]
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode().lower(), body


@pytest.fixture
def live():
    with Page("127.0.0.1", 0, ["depth.example"]) as page:
        yield page


@pytest.fixture
def live_address(live):
    return live.url.removeprefix("http://").rstrip("/")


@pytest.fixture(params=["web", "live"])
def any_address(request):
    return request.getfixturevalue("address" if request.param == "web" else "live_address")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.1.2.3", ""]
)
def test_a_name_that_is_not_ours_is_refused(any_address, host):
    """As of a page whose name was made to lead here."""
    for path in ("/", "/settings.json", "/status.json", "/stream.mjpeg", "/streams/x/side.mp4"):
        status, _, body = ask(any_address, path, Host=host)
        assert status == 403 and "--allow-host" in json.loads(body)["error"]
    if host:
        where, _, port = any_address.partition(":")
        connection = socket.create_connection((where, int(port)))
        with pytest.raises(InvalidStatus, match="403"), connection:
            connect(f"ws://{host}/webcam", sock=connection)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"])
def test_our_own_names_are_served_and_so_are_those_allowed(any_address, live_address, host):
    assert ask(any_address, Host=host)[0] == 200
    assert ask(live_address, Host="depth.example")[0] == 200
    assert ask(live_address, Host="depth.example:443", Origin="https://depth.example")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"},
    ],
)
def test_another_page_sees_nothing(any_address, headers):
    for path in ("/", "/status.json", "/stream.mjpeg"):
        status, _, body = ask(any_address, path, **headers)
        assert status == 403 and json.loads(body) == {"error": "this was sent by another page"}


def test_a_link_from_another_page_may_lead_here(any_address):
    status, head, _ = ask(any_address, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")
    assert status == 200
    for told in ("content-security-policy", "cross-origin-resource-policy: same-origin", "nosniff"):
        assert told in head
    assert "server:" not in head


def test_there_is_no_description_of_the_interface(address):
    assert [ask(address, path)[0] for path in ("/openapi.json", "/docs", "/redoc")] == [404] * 3


def test_a_changing_forwarded_address_lifts_no_limit(serve):
    with serve(Limits(starts_a_minute=2)) as address:
        answers = [
            ask(address, "/streams", "POST", X_Forwarded_For=f"10.0.0.{index}")[0] for index in range(4)
        ]
    assert answers == [422, 422, 429, 429]


def test_a_server_takes_more_from_a_proxy_it_was_told_of_alone():
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    for proxy in (None, "127.0.0.1", "192.0.2.1"):
        server, listener = serving.server(app, proxy=proxy), serving.listen("127.0.0.1", 0)
        server.config.lifespan = "off"
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        ask(f"127.0.0.1:{listener.getsockname()[1]}", X_Forwarded_For="203.0.113.9")
        server.should_exit = True
        thread.join()
    assert seen == ["127.0.0.1", "203.0.113.9", "127.0.0.1"]


def closed(connection):
    """Waits until the other side has ended a connection."""
    connection.settimeout(60)
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_silent_and_trickling_connections_are_ended_and_cost_no_thread(monkeypatch, sent):
    monkeypatch.setattr(serving, "ASKING", 0.5)
    with Page("127.0.0.1", 0) as page:
        address = page.url.removeprefix("http://").rstrip("/")
        before = threading.active_count()
        host, _, port = address.partition(":")
        connections = [socket.create_connection((host, int(port))) for _ in range(100)]
        for connection in connections:
            connection.sendall(sent)
        assert ask(address, "/status.json")[0] == 200
        assert threading.active_count() <= before + 1  # a file of the page is read in one
        for connection in connections:
            assert closed(connection)
            connection.close()


def test_a_connection_too_many_is_ended_at_once(monkeypatch):
    monkeypatch.setattr(serving, "CONNECTIONS", 5)
    with Page("127.0.0.1", 0) as page:
        host, _, port = page.url.removeprefix("http://").rstrip("/").partition(":")
        connections = [socket.create_connection((host, int(port))) for _ in range(6)]
        assert closed(connections[-1])
        for connection in connections:
            connection.close()


def test_a_viewer_who_takes_nothing_loses_the_place(monkeypatch, live, live_address):
    monkeypatch.setattr(serving, "STALLED", 0.5)
    host, _, port = live_address.partition(":")
    stalled = socket.create_connection((host, int(port)))
    stalled.sendall(f"GET /stream.mjpeg HTTP/1.1\r\nHost: {live_address}\r\n\r\n".encode())
    while not live._viewers:
        time.sleep(0.01)
    while live._viewers:  # until what waits for him is more than the system takes
        live.show(NOISE)
        time.sleep(0.01)
    assert closed(stalled)
    stalled.close()


def test_an_upload_that_trickles_loses_the_place(serve):
    with serve(Limits(streams=1, silent=0.3, upload_rate=1000.0)) as address:
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port))) as slow:
            head = f"POST /streams HTTP/1.1\r\nHost: {address}\r\nContent-Length: 99999\r\n\r\n"
            slow.sendall(head.encode())
            answer = b""
            slow.settimeout(0.05)
            while not answer.endswith(b"}"):
                try:
                    slow.sendall(b"x")
                    answer += slow.recv(4096)
                except TimeoutError:
                    continue
        assert b"422" in answer.split(b"\r\n")[0] and b"comes too slowly" in answer


def test_a_stream_ends_with_its_time(serve, clip):
    with serve(Limits(watched=0.0)) as address, connect(f"ws://{address}/webcam") as webcam:
        assert "id" in json.loads(webcam.recv())
        assert json.loads(webcam.recv()) == {"done": {"recording": False, "limit": True}}


def test_uploads_of_a_killed_server_are_swept_at_start(serve, tmp_path):
    left = tmp_path / ".velodepth-web.01234567.part"
    (left / "visitor").mkdir(parents=True)
    (left / "visitor" / "upload").write_text("private")
    with serve(Limits()):
        assert not left.exists()
        (own,) = tmp_path.glob(".velodepth-web.*.part")
        assert own.stat().st_mode & 0o777 == 0o700
    assert not list(tmp_path.glob(".velodepth-web.*"))


def test_names_of_allow_host_are_checked():
    assert serving.names(["Depth.Example", "[::1]", "10.0.0.1"]) == ["depth.example", "::1", "10.0.0.1"]
    for wrong in ("http://a", "a:80", ""):
        with pytest.raises(VeloDepthError, match="--allow-host"):
            serving.names([wrong])
