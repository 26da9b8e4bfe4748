"""Small files in the formats of the games, made here: tracks, an object and a car, with their pictures."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

WriteSpm = Callable[..., None]
WriteAc3d = Callable[..., None]


def _spm(
    path: Path,
    positions: np.ndarray,
    uv: np.ndarray,
    triangles: np.ndarray,
    texture: str,
    normals: np.ndarray | None = None,
    colours: list[tuple[int, int, int] | None] | None = None,
    skinned: bool = False,
) -> None:
    """A mesh of one buffer, in the game's own axes (z ahead, left-handed)."""
    flags = (normals is not None) | 2 * (colours is not None)
    out = b"SP" + bytes([(1 << 3) | (1 if skinned else 2), flags]) + struct.pack("<6f", *[0.0] * 6)
    out += struct.pack("<H", 1) + bytes([len(texture)]) + texture.encode() + bytes([0])
    out += struct.pack("<HH", 1, 1) + struct.pack("<IIH", len(positions), triangles.size, 0)
    for index, position in enumerate(positions):
        out += struct.pack("<3f", *position)
        if normals is not None:
            x, y, z = (round(v * 511) & 1023 for v in normals[index])
            out += struct.pack("<I", x | y << 10 | z << 20)
        if colours is not None:
            colour = colours[index]
            out += bytes([128]) if colour is None else bytes([0, *colour])
        out += np.asarray(uv[index], "<f2").tobytes()
        if skinned:
            out += bytes(16)
    out += np.asarray(triangles, "u1" if len(positions) <= 255 else "<u2").tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(out)


def _ac3d(path: Path, objects: list[tuple[str, str, np.ndarray]]) -> None:
    """Objects (name, texture, strip of points (n, 3)), each as triangles; u runs along the strip."""
    text = ["AC3Db", 'MATERIAL "" rgb 1 1 1 amb 1 1 1 emis 0 0 0 spec 0 0 0 shi 0 trans 0']
    text += ["OBJECT world", f"kids {len(objects)}"]
    for name, texture, points in objects:
        text += ["OBJECT poly", f'name "{name}"', f'texture "{texture}" base', f"numvert {len(points)}"]
        text += [" ".join(f"{v:.6f}" for v in point) for point in points]
        text.append(f"numsurf {len(points) - 2}")
        for k in range(len(points) - 2):
            text += ["SURF 0x20", "mat 0", "refs 3"]
            text += [f"{i} {i / len(points):.4f} {i % 2}" for i in (k, k + 1, k + 2)]
        text.append("kids 0")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(text) + "\n")


@pytest.fixture(scope="session")
def write_spm() -> WriteSpm:
    return _spm


@pytest.fixture(scope="session")
def write_ac3d() -> WriteAc3d:
    return _ac3d


@pytest.fixture(scope="session")
def games(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as two unpacked packages: one track each, an object of 32 triangles, a car."""
    folder = tmp_path_factory.mktemp("unpacked")
    rng = np.random.default_rng(0)
    stk = folder / "usr/share/games/supertuxkart/data"
    for name, alpha in (("ground.png", None), ("leaf.png", 0), ("glass.png", 90), ("wrong.png", 0)):
        picture = rng.integers(40, 220, (64, 64, 3 if alpha is None else 4), dtype=np.uint8)
        if alpha is not None:
            picture[:, :32, 3], picture[:, 32:, 3] = alpha, 255
        (stk / "textures").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(stk / "textures" / name), picture)
    (stk / "textures/materials.xml").write_text(
        '<materials><material name="leaf.png" shader="grass"/>'
        '<material name="glass.png" shader="alphablend"/></materials>'
    )
    square = np.array([(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)], float)
    corners, uv = np.array([(0, 1, 2), (0, 2, 3)]), square[:, ::2]
    track = stk / "tracks/loop"
    _spm(track / "loop_track.spm", square * (20, 1, 200) - (10, 0, 0), uv, corners, "ground.png")
    _spm(track / "pane.spm", square, uv, corners, "glass.png")
    (track / "scene.xml").write_text(
        '<scene><track model="loop_track.spm" x="0" y="0" z="0">'
        '<static-object model="pane.spm" xyz="0 0 9" hpr="0 0 0" scale="1 1 1"/>'
        '<library name="stklib_tower_a" xyz="8 0 100" hpr="0 90 0" scale="2 2 2"/>'
        '<library name="stklib_tower_a" xyz="-8 0 40" hpr="0 0 0" scale="1 1 1" if="isReverse"/>'
        "</track></scene>"
    )
    quads = ['<quad p0="-4 0 0" p1="4 0 0" p2="4 0 5" p3="-4 0 5"/>']
    quads += [
        f'<quad p0="{k}:3" p1="{k}:2" p2="4 0 {5 * k + 10}" p3="-4 0 {5 * k + 10}"/>' for k in range(30)
    ]
    (track / "quads.xml").write_text(f"<quads>{''.join(quads)}</quads>")
    tower = stk / "library/stklib_tower_a"
    rings = np.array([(np.sin(a), y, np.cos(a)) for y in (0, 3) for a in np.arange(16) * np.pi / 8])
    sides = [(k, (k + 1) % 16, 16 + k) for k in range(16)]
    sides += [(16 + k, (k + 1) % 16, 16 + (k + 1) % 16) for k in range(16)]
    _spm(tower / "tower.spm", rings, rings[:, :2], np.array(sides), "leaf.png")
    (tower / "node.xml").write_text(
        '<scene><object type="animation" xyz="0 0 0" hpr="0 0 0" scale="1 1 1" model="tower.spm"/></scene>'
    )
    torcs = folder / "usr/share/games/torcs"
    strip = np.array([(x, 0, side * 5 - 200) for x in range(0, 300, 10) for side in (-1, 1)], float)
    land = np.array([(x, -0.1, z) for x in (-50, 350) for z in (-260, -140)], float)
    _ac3d(torcs / "tracks/road/ring/ring.ac", [("tkMn0", "road.png", strip), ("TERR", "none.png", land)])
    cv2.imwrite(str(torcs / "tracks/road/ring/road.png"), rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    box = np.array([(x, y, z) for x in (-2.1, 2.1) for y in (-0.4, 0.7) for z in (-0.85, 0.85)])
    _ac3d(torcs / "cars/tiny/tiny.acc", [("body", "tiny.png", box)])
    return folder
