"""The texture bank of a shard, and how materials are drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from velodepth.errors import VeloDepthError

from ..draws import one_of, weighted
from ..scene import Material, triple
from .colours import Colour, common, muted, vivid, wooden
from .drawing import Picture
from .outdoors import asphalt, bark, blades, facade, grass, leaf, leaves, road, soil
from .prints import cardboard, cover, keyboard, label, outside, page, poster, screen, spine
from .surfaces import (
    blotches,
    brick,
    carpet,
    concrete,
    fabric,
    leather,
    marble,
    metal,
    plaster,
    rug,
    speckle,
    tile,
    wood,
)

Maker = Callable[[Generator, int], Picture]
_BANK: dict[str, tuple[Maker, float]] = {  # kind: its maker, its share of the layers
    "wood": (wood, 28),
    "plaster": (plaster, 12),
    "concrete": (concrete, 8),
    "marble": (marble, 14),
    "fabric": (fabric, 28),
    "carpet": (carpet, 10),
    "rug": (rug, 7),
    "tile": (tile, 14),
    "brick": (brick, 6),
    "metal": (metal, 10),
    "leather": (leather, 7),
    "speckle": (speckle, 14),
    "blotches": (blotches, 8),
    "page": (page, 24),
    "cover": (cover, 26),
    "spine": (spine, 20),
    "label": (label, 24),
    "cardboard": (cardboard, 9),
    "poster": (poster, 30),
    "screen": (screen, 16),
    "keyboard": (keyboard, 6),
    "outside": (outside, 8),
    "leaf": (leaf, 6),
    "leaves": (leaves, 7),
    "blades": (blades, 4),
    "bark": (bark, 4),
    "grass": (grass, 6),
    "soil": (soil, 8),
    "asphalt": (asphalt, 4),
    "road": (road, 5),
    "facade": (facade, 12),
}
_CUT_OUT = ("leaf", "leaves", "blades")
_WALLS = {"tile": 0.28, "brick": 0.16, "fabric": 0.2, "wood": 0.12, "concrete": 0.16, "blotches": 0.08}
_FLOORS = {"wood": 0.36, "carpet": 0.24, "tile": 0.18, "marble": 0.08, "speckle": 0.06, "concrete": 0.08}
_GROUNDS = {"grass": 0.4, "soil": 0.35, "asphalt": 0.12, "tile": 0.06, "concrete": 0.07}
_FRUIT = ((0.7, 0.12, 0.1), (0.85, 0.72, 0.15), (0.88, 0.48, 0.1), (0.35, 0.12, 0.25), (0.5, 0.6, 0.15),
          (0.75, 0.55, 0.3))  # fmt: skip
_SURFACES = {  # kinds that may cover any object, with their share and repeats per metre
    "wood": (4, 0.8, 2.0),
    "fabric": (3, 2.0, 8.0),
    "speckle": (3, 1.0, 4.0),
    "plaster": (2, 0.5, 2.0),
    "marble": (1.5, 0.8, 2.5),
    "metal": (2, 1.0, 3.0),
    "leather": (1, 2.0, 6.0),
    "tile": (0.7, 0.8, 3.0),
    "carpet": (0.7, 1.0, 3.0),
    "concrete": (0.7, 0.5, 2.0),
    "blotches": (0.7, 0.7, 4.0),
    "label": (0.7, 2.0, 6.0),
    "poster": (0.5, 1.0, 4.0),
}


class Palette:
    """The textures of a shard and the materials drawn from them.

    pictures: (layers, size, size, 4) uint8 RGBA, size 32 or more. kinds: kind of picture -> its layers.
    means: (layers, 3) mean colours in 0..1. Everything follows from `rng`. Raises VeloDepthError if there are
    fewer layers than kinds of picture.
    """

    def __init__(self, rng: Generator, layers: int = 320, size: int = 128) -> None:
        if layers < len(_BANK):
            raise VeloDepthError(f"a palette of {layers} layers is too small; give at least {len(_BANK)}")
        self.pictures = np.full((layers, size, size, 4), 255, np.uint8)
        self.kinds: dict[str, NDArray[np.intp]] = {}
        shares = np.array([share for _, share in _BANK.values()])
        spare = layers - len(_BANK)
        ends = np.round(np.cumsum(shares) / shares.sum() * spare).astype(int)
        counts = np.diff(np.concatenate([[0], ends])) + 1
        used = 0
        for (kind, (maker, _)), count in zip(_BANK.items(), counts, strict=True):
            for layer in range(used, used + count):
                picture = maker(rng, size)
                self.pictures[layer, ..., : picture.shape[2]] = picture
            self.kinds[kind] = np.arange(used, used + count)
            used += count
        weight = (self.pictures[..., 3:] > 100).astype(np.float32)
        total = np.maximum(weight.sum((1, 2)), 1)
        self.means = (
            (self.pictures[..., :3] * weight).sum((1, 2)) / total / 255
        )  # (layers, 3), visible texels

    # ---- drawing materials

    def layer(self, rng: Generator, kind: str) -> int:
        """Any layer of a kind."""
        return int(rng.choice(self.kinds[kind]))

    def coloured(
        self, layer: int, colour: Colour, contrast: float, gloss: float = 0.0, scale: float = 1.0
    ) -> Material:
        """The picture of a layer in another mean colour; contrast 0 leaves it plain, 1 leaves all of it."""
        tint = np.minimum(colour / np.maximum(self.means[layer], 0.08), 4.0)
        base = tint * self.means[layer] * (1 - contrast)
        return Material(layer, triple(tint * contrast), triple(base), gloss, 0.0, scale)

    def of(
        self,
        rng: Generator,
        kind: str,
        colour: Colour | None = None,
        contrast: float | None = None,
        gloss: float = 0.0,
        scale: float | None = None,
    ) -> Material:
        """A material of a kind: its own colours, or a given mean colour."""
        layer = self.layer(rng, kind)
        if scale is None:
            _, low, high = _SURFACES.get(kind, (1, 1.0, 1.0))
            scale = rng.uniform(low, high)
        contrast = rng.uniform(0.4, 1.0) if contrast is None else contrast
        mean = self.means[layer] if colour is None else colour
        return self.coloured(layer, mean, contrast, gloss, scale)

    def material(
        self, rng: Generator, plain: float = 0.45, gloss: float | None = None, emission: float = 0.0
    ) -> Material:
        """Any surface that a thing may have; `plain` is the chance that its pattern is all but gone."""
        kind = weighted(rng, {kind: share for kind, (share, _, _) in _SURFACES.items()})
        contrast = rng.uniform(0, 0.15) if rng.random() < plain else rng.uniform(0.4, 1.0)
        if gloss is None:
            gloss = rng.uniform(0, 0.6) if rng.random() < 0.45 else 0.0
        own = rng.random() < 0.4
        made = self.of(rng, kind, None if own else common(rng), contrast, gloss)
        return replace(made, emission=emission)

    def wood(self, rng: Generator) -> Material:
        """Furniture wood, varnished or raw, at times painted white or dark."""
        gloss = rng.uniform(0, 0.4)
        if rng.random() < 0.25:
            colour = muted(rng, 0.7, 0.93) if rng.random() < 0.7 else muted(rng, 0.04, 0.25)
            return self.of(rng, "wood", colour, rng.uniform(0.03, 0.3), gloss)
        return self.of(rng, "wood", wooden(rng), rng.uniform(0.3, 1.0), gloss)

    def furniture(self, rng: Generator) -> Material:
        """What cupboards and tables are made of: wood, laminate, painted metal, now and then a colour."""
        choice = rng.random()
        if choice < 0.5:
            return self.wood(rng)
        kind = one_of(rng, ("speckle", "metal", "plaster"))
        if choice < 0.78:
            return self.of(rng, kind, muted(rng, 0.68, 0.94), rng.uniform(0, 0.3), rng.uniform(0, 0.5))
        if choice < 0.9:
            return self.of(rng, kind, muted(rng, 0.05, 0.6), rng.uniform(0, 0.4), rng.uniform(0, 0.5))
        colour = 0.6 * vivid(rng) + 0.4 * muted(rng)
        return self.of(rng, kind, colour, rng.uniform(0, 0.3), rng.uniform(0, 0.5))

    def metal(self, rng: Generator) -> Material:
        """Steel, chrome, black or white painted metal."""
        colour = (muted(rng, 0.4, 0.8), muted(rng, 0.03, 0.14), muted(rng, 0.75, 0.92))[
            rng.choice(3, p=[0.5, 0.3, 0.2])
        ]
        return self.of(rng, "metal", colour, rng.uniform(0, 0.8), rng.uniform(0.2, 0.9))

    def plastic(self, rng: Generator, dark: float = 0.4) -> Material:
        """Devices and household plastic: black, grey, white, or coloured."""
        choice = rng.random()
        colour = muted(rng, 0.03, 0.14) if choice < dark else muted(rng, 0.5, 0.94)
        if choice > 0.8:
            colour = vivid(rng)
        return self.of(rng, "speckle", colour, rng.uniform(0, 0.3), rng.uniform(0.05, 0.7))

    def cloth(self, rng: Generator) -> Material:
        """Upholstery, curtains, clothes."""
        if rng.random() < 0.5:
            return self.of(rng, "fabric", common(rng), rng.uniform(0.1, 1.0), 0.0)
        return self.of(rng, "fabric")

    def leather(self, rng: Generator) -> Material:
        return self.of(rng, "leather", None, None, rng.uniform(0.1, 0.5))

    def wall(self, rng: Generator) -> Material:
        """Mostly bright paint; at times tiles, bricks, wallpaper, wood, concrete."""
        choice = rng.random()
        if choice < 0.62:
            colour = muted(rng, 0.6, 0.95)
            if rng.random() < 0.2:
                colour = 0.65 * colour + 0.35 * vivid(rng)
            return self.of(rng, "plaster", colour, rng.uniform(0.05, 0.8), 0.0)
        kind = weighted(rng, _WALLS)
        contrast = rng.uniform(0.15, 0.8)
        paint = muted(rng, 0.35, 0.93) if kind == "blotches" or rng.random() < 0.6 else None
        return self.of(
            rng, kind, paint, contrast, rng.uniform(0, 0.4) if kind == "tile" else 0.0, rng.uniform(0.5, 1.8)
        )

    def floor(self, rng: Generator) -> Material:
        """Wood, carpet, tiles, stone, lino, concrete."""
        kind = weighted(rng, _FLOORS)
        gloss = 0.0 if kind in ("carpet", "concrete") else rng.uniform(0, 0.6)
        return self.of(rng, kind, None, rng.uniform(0.3, 1.0), gloss, rng.uniform(0.5, 1.6))

    def ceiling(self, rng: Generator) -> Material:
        if rng.random() < 0.8:
            return self.of(rng, "plaster", muted(rng, 0.75, 0.96), rng.uniform(0, 0.5))
        kind = one_of(rng, ("tile", "concrete", "wood"))
        return self.of(rng, kind, None, rng.uniform(0.2, 0.9), 0.0, rng.uniform(0.4, 1.6))

    def worktop(self, rng: Generator) -> Material:
        """Kitchen worktops: stone, wood, steel, laminate."""
        kind = weighted(rng, {"marble": 0.4, "wood": 0.3, "metal": 0.1, "speckle": 0.2})
        return self.of(rng, kind, None, rng.uniform(0.2, 1.0), rng.uniform(0, 0.7))

    def ceramic(self, rng: Generator) -> Material:
        """Crockery: mostly white, glazed."""
        colour = muted(rng, 0.78, 0.96) if rng.random() < 0.6 else common(rng)
        return self.of(rng, "speckle", colour, rng.uniform(0, 0.4), rng.uniform(0.2, 0.8))

    def fruit(self, rng: Generator) -> Material:
        """Apples, lemons, oranges, plums, tomatoes, limes."""
        colour = np.array(one_of(rng, _FRUIT)) * rng.uniform(0.7, 1.1)
        kind = one_of(rng, ("speckle", "blotches"))
        return self.of(rng, kind, colour, rng.uniform(0, 0.4), rng.uniform(0, 0.5))

    def skin(self, rng: Generator) -> Material:
        colour = np.array([0.88, 0.68, 0.56]) * rng.uniform(0.35, 1.0) ** np.array([0.7, 1.0, 1.15])
        return self.of(rng, "speckle", colour, 0.1)

    def foliage(self, rng: Generator, kind: str | None = None) -> Material:
        """Cut out by alpha, for panels: "leaf", "leaves" or "blades" (any when None)."""
        layer = self.layer(rng, kind or one_of(rng, _CUT_OUT))
        tint = rng.uniform(0.7, 1.2) * (1 + rng.normal(0, 0.06, 3))
        return Material(layer, triple(tint), gloss=rng.uniform(0, 0.2))

    def ground(self, rng: Generator) -> Material:
        """Outdoors: grass, earth, sand, gravel, paving, asphalt."""
        kind = weighted(rng, _GROUNDS)
        return self.of(rng, kind, None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.2, 0.8))

    def bark(self, rng: Generator) -> Material:
        return self.of(rng, "bark", None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.6, 2.0))

    def road(self, rng: Generator, marked: bool = True) -> Material:
        """marked: lanes that run along v, to be fitted across the road in u; else bare asphalt."""
        if marked:
            return self.printed(rng, "road")
        return self.of(rng, "asphalt", None, rng.uniform(0.5, 1.0), 0.0, rng.uniform(0.2, 0.8))

    def facade(self, rng: Generator) -> Material:
        """Floors of windows; scale so that a floor is about three metres high."""
        return replace(self.printed(rng, "facade"), scale=rng.uniform(0.06, 0.16))

    def printed(self, rng: Generator, kind: str, gloss: float = 0.0) -> Material:
        """A whole picture, nearly as drawn: "page", "cover", "spine", "label", "poster", "keyboard", "rug",
        "cardboard", "road", "facade"."""
        tint = rng.uniform(0.8, 1.05) * (1 + rng.normal(0, 0.03, 3))
        return Material(self.layer(rng, kind), triple(tint), gloss=gloss)

    def poster(self, rng: Generator) -> Material:
        """Something to hang or to lay flat: a poster, a photograph, a page."""
        kind = one_of(rng, ("poster", "poster", "page", "cover"))
        return self.printed(rng, kind, rng.uniform(0, 0.4) if rng.random() < 0.3 else 0.0)

    def screen(self, rng: Generator, on: float = 0.65) -> Material:
        """A display: shining with probability `on`, else black glass."""
        if rng.random() < on:
            return Material(self.layer(rng, "screen"), emission=rng.uniform(0.35, 1.3))
        return self.of(rng, "speckle", muted(rng, 0.02, 0.06), 0.1, rng.uniform(0.5, 1.0))

    def outside(self, rng: Generator) -> Material:
        """The view through a window, as bright as day against a room."""
        return Material(self.layer(rng, "outside"), emission=rng.uniform(0.8, 3.5))

    def light(self, rng: Generator) -> Material:
        """A lamp that is on."""
        warm = rng.uniform(0, 0.35)
        colour = triple(np.array([1.0, 1 - 0.4 * warm, 1 - warm]))
        return Material(self.layer(rng, "plaster"), (0.0, 0.0, 0.0), colour, emission=rng.uniform(1.0, 5.0))
