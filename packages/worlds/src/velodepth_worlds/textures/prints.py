"""Printed things, screens and views, shown once: each maker draws one square picture.

(size, size, 3) uint8, row 0 on top.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator

from ..draws import one_of
from .colours import common, muted, vivid
from .drawing import (
    FONTS,
    Picture,
    between,
    byte,
    canvas_of,
    coordinates,
    finished,
    headline,
    line_of,
    noise,
    paragraph,
    scaled,
    scattered_shapes,
    smooth,
    word_of,
    write_text,
)
from .outdoors import facade


def page(rng: Generator, size: int) -> Picture:
    """A4: text, a form, a table, a chart, handwriting, a news page."""
    paper = muted(rng, 0.82, 0.97) if rng.random() < 0.9 else 0.5 + 0.5 * vivid(rng)
    ink = muted(rng, 0.05, 0.35) if rng.random() < 0.85 else vivid(rng) * 0.7
    canvas = canvas_of(size, paper)
    n = 2 * size
    margin = int(n * rng.uniform(0.06, 0.14))
    top = margin
    if rng.random() < 0.5:
        text, high = line_of(rng, 10), rng.uniform(10, 18)
        write_text(canvas, text, margin, top + 16, high, ink, int(rng.choice(FONTS)), 2)
        top += 34
    kind = rng.integers(6)
    small = rng.uniform(4.5, 9)
    if kind <= 1:
        paragraph(rng, canvas, (margin, top, n - margin, n - margin), small, ink)
    elif kind == 2:
        columns = int(rng.integers(2, 4))
        width = (n - 2 * margin) // columns
        for i in reversed(range(columns)):
            left = margin + i * width
            paragraph(rng, canvas, (left, top, left + width - 6, n - margin), small, ink)
        if rng.random() < 0.6:
            a, b = rng.integers(margin, size, 2)
            corner = (a + int(rng.integers(30, 110)), b + int(rng.integers(20, 90)))
            cv2.rectangle(canvas, (a, b), corner, byte(common(rng)), -1)
    elif kind == 3:
        rows, columns = int(rng.integers(4, 18)), int(rng.integers(2, 7))
        for y in np.linspace(top, n - margin, rows).astype(int):
            cv2.line(canvas, (margin, y), (n - margin, y), byte(ink), 1)
        for x in np.linspace(margin, n - margin, columns).astype(int):
            cv2.line(canvas, (x, top), (x, n - margin), byte(ink), 1)
        paragraph(rng, canvas, (margin + 4, top + 4, n - margin, n - margin), small, ink)
    elif kind == 4:
        bars = int(rng.integers(3, 9))
        width = (n - 2 * margin) // bars
        colour = vivid(rng)
        for i in range(bars):
            left, high = margin + i * width, int(rng.uniform(0.1, 0.9) * (n * 0.5))
            ends = (left, n - margin - high), (left + width - 6, n - margin)
            cv2.rectangle(canvas, *ends, byte(colour), -1)
        paragraph(rng, canvas, (margin, top, n - margin, top + n // 4), small, ink)
    else:
        for y in range(top, n - margin, int(rng.integers(14, 26))):
            x = np.arange(margin, n - margin if rng.random() < 0.8 else size, 3)
            wave = y + np.cumsum(rng.normal(0, 2.0, len(x))) * 0.5 + 5 * np.sin(x * rng.uniform(0.3, 0.7))
            line = np.stack([x, wave], -1).astype(np.int32)
            cv2.polylines(canvas, [line], False, byte(ink), 1, cv2.LINE_AA)
    return finished(canvas)


def cover(rng: Generator, size: int) -> Picture:
    """Book, magazine, folder, game: a ground, blocks, a title."""
    ground = common(rng) if rng.random() < 0.6 else vivid(rng)
    canvas = canvas_of(size, ground)
    n = 2 * size
    colours = [common(rng), vivid(rng), muted(rng), ground * 0.6]
    if rng.random() < 0.4:
        inner = scaled(photo(rng, size), n, n)
        a, b = sorted(int(v) for v in rng.uniform(0, n, 2))
        canvas[a:b] = inner[a:b]
    scattered_shapes(rng, canvas, int(rng.integers(0, 7)), colours, 0.35)
    for _ in range(rng.integers(1, 4)):
        ink = muted(rng, 0.8, 0.97) if rng.random() < 0.6 else common(rng) * 0.5
        x, y = rng.uniform(6, 60), rng.uniform(30, n - 8)
        headline(rng, canvas, word_of(rng, 8), x, y, (12, 40), ink)
    return finished(canvas)


def spine(rng: Generator, size: int) -> Picture:
    """The back of a book or binder: its title runs down."""
    ground = common(rng) if rng.random() < 0.65 else vivid(rng)
    canvas = canvas_of(size, ground)
    n = 2 * size
    ink = muted(rng, 0.75, 0.97) if ground.mean() < 0.5 else muted(rng, 0.03, 0.3)
    for y in rng.uniform(0, n, rng.integers(0, 4)).astype(int):
        canvas[y : y + int(rng.integers(4, 40))] = byte(common(rng))
    if rng.random() < 0.25:
        left, top = int(n * 0.15), int(rng.uniform(0.1, 0.5) * n)
        cv2.rectangle(canvas, (left, top), (n - left, top + n // 3), byte(muted(rng, 0.8, 0.95)), -1)
        ink = muted(rng, 0.03, 0.3)
    turned = np.ascontiguousarray(np.rot90(canvas))
    title = line_of(rng, int(rng.integers(6, 16)))
    headline(rng, turned, title, rng.uniform(10, 60), rng.uniform(0.6, 0.75) * n, (30, 80), ink)
    return finished(np.ascontiguousarray(np.rot90(turned, -1)))


def label(rng: Generator, size: int) -> Picture:
    """What is printed on cans, jars, cartons and packets; wraps around in x."""
    colours = [common(rng), vivid(rng), muted(rng, 0.8, 0.97), vivid(rng)]
    canvas = canvas_of(size, one_of(rng, colours[:3]))
    n = 2 * size
    for _ in range(rng.integers(0, 4)):
        y = int(rng.uniform(0, n))
        canvas[y : y + int(rng.uniform(6, 90))] = byte(one_of(rng, colours))
    scattered_shapes(rng, canvas, int(rng.integers(0, 5)), colours, 0.3)
    for x in (0.06, 0.56):
        ink = one_of(rng, colours) * rng.choice([0.3, 1.0])
        headline(rng, canvas, word_of(rng, 6), x * n, rng.uniform(0.3, 0.8) * n, (20, 44), ink)
        top = int(rng.uniform(0.55, 0.85) * n)
        if rng.random() < 0.6:
            small = np.ascontiguousarray(canvas[:, int(x * n) : int(x * n) + n // 3])
            paragraph(rng, small, (0, top, n // 3 - 8, n - 8), rng.uniform(5, 9), muted(rng, 0.05, 0.3))
            canvas[:, int(x * n) : int(x * n) + n // 3] = small
    if rng.random() < 0.4:
        left = int(rng.uniform(0.3, 0.45) * n)
        for x in range(left, left + 40, 3):
            canvas[n - 60 : n - 20, x : x + int(rng.integers(1, 3))] = 20
    return finished(canvas)


def cardboard(rng: Generator, size: int) -> Picture:
    """Brown board, at times with tape, marks and a label."""
    colour = np.array([0.68, 0.52, 0.36]) * rng.uniform(0.75, 1.2)
    flutes = 0.3 * np.sin(2 * np.pi * rng.integers(20, 50) * coordinates(size)[0])
    picture = between(colour * 0.85, colour * 1.08, smooth(noise(rng, size, 1.2) + flutes))
    canvas = scaled(picture, 2 * size, 2 * size)
    n = 2 * size
    if rng.random() < 0.5:
        x = int(rng.uniform(0.35, 0.55) * n)
        tape = canvas[:, x : x + int(rng.uniform(0.08, 0.14) * n)]
        tape[:] = np.clip(tape * rng.uniform(0.75, 1.15), 0, 255)
    if rng.random() < 0.5:
        x, y = (int(v) for v in rng.uniform(0.05, 0.6, 2) * n)
        cv2.rectangle(canvas, (x, y), (x + 90, y + 60), byte(muted(rng, 0.85, 0.95)), -1)
        for row in range(y + 12, y + 54, 11):
            write_text(canvas, line_of(rng, 8), x + 5, row, 6, muted(rng, 0.05, 0.2), FONTS[0])
    if rng.random() < 0.5:
        word, left, base = word_of(rng, 7), rng.uniform(5, 60), rng.uniform(0.3, 0.95) * n
        write_text(canvas, word, left, base, rng.uniform(14, 40), colour * 0.3, FONTS[1], 3)
    return finished(canvas)


def photo(rng: Generator, size: int) -> Picture:
    """Photograph-like: a landscape, a portrait, a still life; light falls off, colours are muted."""
    _, y = coordinates(size)
    horizon = rng.uniform(0.3, 0.75)
    sky = between(common(rng), muted(rng, 0.6, 0.95), np.clip(y / horizon, 0, 1))
    ground_colour = np.array([0.3, 0.38, 0.2]) * rng.uniform(0.5, 1.5) if rng.random() < 0.5 else common(rng)
    ground = between(ground_colour * 0.6, ground_colour * 1.2, smooth(noise(rng, size, 1.3, 2.0)))
    ridge = horizon + 0.08 * noise(rng, size, 1.8)[:1] * rng.uniform(0, 1.5)
    picture = np.where((y < ridge)[..., None], sky, ground)
    canvas = scaled(picture.astype(np.uint8), 2 * size, 2 * size)
    colours = [common(rng) for _ in range(3)] + [vivid(rng)]
    kind = rng.integers(3)
    if kind == 0:
        n = 2 * size
        cx, cy, r = rng.uniform(0.3, 0.7) * n, rng.uniform(0.3, 0.5) * n, rng.uniform(0.08, 0.2) * n
        skin = np.array([0.85, 0.65, 0.52]) * rng.uniform(0.35, 1.1)
        hair = muted(rng, 0.05, 0.4)
        for down, wide, high, colour in (
            (3.2, 2.0, 2.3, colours[0]),
            (-0.15, 1.1, 1.3, hair),
            (0.15, 0.85, 1.1, skin),
        ):
            middle, axes = (int(cx), int(cy + down * r)), (int(wide * r), int(high * r))
            cv2.ellipse(canvas, middle, axes, 0, 0, 360, byte(colour), -1, cv2.LINE_AA)
    else:
        scattered_shapes(rng, canvas, int(rng.integers(2, 14)), colours, 0.3)
    light = 1 + 0.25 * noise(rng, size, 2.6)
    return np.clip(finished(canvas) * light[..., None], 0, 255).astype(np.uint8)


def poster(rng: Generator, size: int) -> Picture:
    """Photograph, print, map or notice, often with a frame of its own and text."""
    n = 2 * size
    kind = rng.integers(4)
    if kind <= 1:
        canvas = scaled(photo(rng, size), n, n)
    else:
        ground = muted(rng, 0.6, 0.97) if rng.random() < 0.6 else common(rng)
        canvas = canvas_of(size, ground)
        count, colours = int(rng.integers(3, 30)), [common(rng), vivid(rng), muted(rng), ground * 0.7]
        scattered_shapes(rng, canvas, count, colours, 0.35)
        if kind == 3:
            for _ in range(rng.integers(2, 14)):
                line = rng.uniform(0, n, 2) + np.cumsum(rng.normal(0, 18, (14, 2)), axis=0)
                stroke, thick = byte(common(rng)), int(rng.integers(1, 5))
                cv2.polylines(canvas, [line.astype(np.int32)], False, stroke, thick, cv2.LINE_AA)
    if rng.random() < 0.6:
        ink = muted(rng, 0.85, 0.97) if rng.random() < 0.5 else muted(rng, 0.03, 0.3)
        x, y = rng.uniform(8, 60), rng.uniform(0.2, 0.9) * n
        headline(rng, canvas, word_of(rng, 7), x, y, (18, 50), ink)
        paragraph(rng, canvas, (20, int(0.8 * n), n - 20, n - 12), rng.uniform(5, 10), ink)
    if rng.random() < 0.5:
        thick = int(rng.integers(4, 40))
        cv2.rectangle(canvas, (0, 0), (n - 1, n - 1), byte(muted(rng, 0.7, 0.97)), thick)
    return finished(canvas)


def screen(rng: Generator, size: int) -> Picture:
    """A desktop: windows with text or code, a browser, a wallpaper, a video, a plot, a terminal."""
    n = 2 * size
    dark = rng.random() < 0.45
    canvas = scaled(photo(rng, size), n, n) if rng.random() < 0.5 else canvas_of(size, vivid(rng) * 0.5)
    for _ in range(rng.integers(0, 4)):
        left, top = (int(v) for v in rng.uniform(-0.05, 0.45, 2) * n)
        left, top = max(left, 0), max(top, 0)
        right, bottom = (
            min(n, int(v)) for v in (left + rng.uniform(0.4, 1) * n, top + rng.uniform(0.4, 1) * n)
        )
        paper = muted(rng, 0.05, 0.16) if dark else muted(rng, 0.88, 0.97)
        cv2.rectangle(canvas, (left, top), (right, bottom), byte(paper), -1)
        cv2.rectangle(canvas, (left, top), (right, top + 11), byte(paper * 0.8 + 0.06), -1)
        window = np.ascontiguousarray(canvas[top + 14 : bottom, left + 5 : right])
        inks = [
            muted(rng, 0.6, 0.95) if dark else muted(rng, 0.05, 0.35),
            0.3 + 0.7 * vivid(rng) if dark else vivid(rng) * 0.8,
        ]
        y, height = 8, rng.uniform(4.5, 7)
        while y < window.shape[0] - 4:
            indent = int(rng.integers(0, 4)) * 10
            letters = int(rng.integers(3, max(4, int((window.shape[1] - indent) / height / 1.2))))
            text, ink = line_of(rng, letters)[:letters], inks[int(rng.random() < 0.4)]
            write_text(window, text, indent, y, height, ink, FONTS[0])
            y += int(height * 1.9)
        canvas[top + 14 : bottom, left + 5 : right] = window
        if rng.random() < 0.3 and right - left > 60 and bottom - top > 60:
            inner = scaled(photo(rng, size), (right - left) // 2, (bottom - top) // 2)
            canvas[top + 20 : top + 20 + inner.shape[0], left + 10 : left + 10 + inner.shape[1]][
                : bottom - top - 20, : right - left - 10
            ] = inner[: bottom - top - 20, : right - left - 10]
    if rng.random() < 0.6:
        cv2.rectangle(canvas, (0, n - 14), (n, n), byte(muted(rng, 0.05, 0.9)), -1)
        for x in range(6, int(rng.uniform(40, n)), 16):
            cv2.rectangle(canvas, (x, n - 11), (x + 8, n - 4), byte(vivid(rng)), -1)
    return finished(canvas)


def keyboard(rng: Generator, size: int) -> Picture:
    """A keyboard from above: as flat as keys look from afar."""
    n = 2 * size
    dark = rng.random() < 0.65
    body, key = (
        (muted(rng, 0.03, 0.14), muted(rng, 0.06, 0.22))
        if dark
        else (muted(rng, 0.55, 0.85), muted(rng, 0.8, 0.96))
    )
    ink = muted(rng, 0.7, 0.95) if dark else muted(rng, 0.1, 0.4)
    canvas = canvas_of(size, body)
    columns = int(rng.integers(12, 19))
    step = (n - 12) / columns
    high = (n - 16) / 6
    for row in range(6):
        x = 6 + (row % 3) * step * 0.25
        while x < n - 6 - step * 0.5:
            width = step * (rng.choice([1, 1.5, 2]) if x < 10 or x > n - 3 * step else 1)
            if row == 5 and columns * 0.25 < (x / step) < columns * 0.3:
                width = step * 5
            right = min(x + width, n - 6)
            y = int(8 + row * high)
            cv2.rectangle(canvas, (int(x), y), (int(right - 3), int(y + high - 4)), byte(key), -1)
            cv2.circle(canvas, (int(x + 5), y + 7), 2, byte(ink), -1)
            x += width
    return finished(canvas)


def outside(rng: Generator, size: int) -> Picture:
    """What is seen through a window: sky, trees, buildings, ground; bright."""
    _, y = coordinates(size)
    sky = between(
        np.array([0.55, 0.7, 0.9]),
        np.array([0.95, 0.96, 0.97]),
        np.clip(y * 1.5 + 0.2 * noise(rng, size, 2.0), 0, 1),
    )
    picture = np.array(sky)
    n = size
    for _ in range(rng.integers(0, 4)):
        left, top = int(rng.uniform(-0.1, 0.9) * n), int(rng.uniform(0.15, 0.6) * n)
        width = int(rng.uniform(0.15, 0.6) * n)
        house = scaled(facade(rng, size), width, n - top)
        part = picture[top:, max(left, 0) : left + width]
        part[:] = (0.75 * house[:, : part.shape[1]] + 60).clip(0, 255)
    level = rng.uniform(0.35, 0.95)
    tree = y + 0.12 * noise(rng, size, 1.2) > level
    leaf = np.array([0.35, 0.45, 0.22]) * rng.uniform(0.6, 1.5)
    picture = np.where(
        tree[..., None], between(leaf * 0.6, leaf * 1.3, smooth(noise(rng, size, 0.8))), picture
    )
    return picture.astype(np.uint8)
