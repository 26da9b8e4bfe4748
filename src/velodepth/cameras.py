"""Camera models: from points and rays in front of a camera to pixels of its picture, and back.

Camera axes: x right, y down, z forward; metres. Pixel (i, j) has its centre at (i + 0.5, j + 0.5), and fx,
fy, cx, cy are in pixels under that convention. OpenCV and Project Aria put that centre at (i, j): add 0.5 to
their cx and cy.

Every model is three steps, of which a model supplies only what is its own:

    point --flatten--> ideal plane --distort--> lens plane --fx, fy, cx, cy--> pixel
    ray   <--lift----- ideal plane <-undistort- lens plane <------------------ pixel

docs/cameras.md has the formula, the source and a file of each model.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray

from velodepth.errors import VeloDepthError

Array = NDArray[np.float64]

_NEWTON_STEPS = 50
_NEWTON_TOLERANCE = 1e-11  # of the lens plane, i.e. 1e-8 pixels at a focal length of 1000
_NOTHING = 1e-60  # a last coefficient this small changes nothing, and the roots cannot be found
_CIRCLE = np.stack([f(np.linspace(0, 2 * np.pi, 64, endpoint=False)) for f in (np.cos, np.sin)], axis=-1)
NARROWEST, WIDEST = 5.0, 175.0  # degrees a perspective camera sees; beyond, its numbers are a mistake
MOST_SQUEEZED = 10  # times that one focal length may be the other
_GRID = 32  # rays a side by which it is judged what a camera sees
SHARES = 10.0  # numbers below this are shares of the picture and not pixels
_SMALLEST_FIT_Z = 0.05  # a unit ray this close to 90 degrees says nothing about a pinhole


@dataclass(frozen=True)
class Camera(ABC):
    """What all models share: pixels and lens plane, ray maps, moving with the picture, files.

    fx, fy: focal lengths, in pixels (of an equirectangular picture: pixels per radian).
    cx, cy: where the optical axis meets the picture, in pixels.
    size: (width, height) of the pictures the camera belongs to, or None if that is not known.

    Raises VeloDepthError if a parameter is not a finite number, a focal length is not positive, or the size
    is not two positive whole numbers.
    """

    model: ClassVar[str]
    _is_perspective: ClassVar[bool] = False
    fx: float
    fy: float
    cx: float
    cy: float
    size: tuple[int, int] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in self._parameters():
            value = _plain(getattr(self, name))
            if not _is_number(value):
                raise VeloDepthError(
                    f"{name} of a {self.model} camera is {value!r:.40}; give a finite number"
                )
            if name in ("fx", "fy") and value <= 0:
                raise VeloDepthError(
                    f"{name} of a {self.model} camera is {value:g}; give a focal length above 0, in pixels"
                )
            object.__setattr__(self, name, float(value))
        if self.size is not None:
            size = tuple(map(_plain, self.size)) if isinstance(self.size, (tuple, list)) else ()
            if len(size) != 2 or not all(map(_is_count, size)):
                raise VeloDepthError(
                    f"width and height of a {self.model} camera are {self.size!r}; give two positive integers"
                )
            object.__setattr__(self, "size", size)

    # Pixels and rays

    def project(self, points: ArrayLike) -> Array:
        """Pixels (..., 2) float64 of points (..., 3) in camera axes, of any length but 0.

        NaN where the model cannot see the point (for a pinhole: z <= 0) or where it is no longer one to one.
        """
        with np.errstate(all="ignore"):
            plane = self._distort(self._flatten(_vectors(points, 3, "points")))
            return plane * (self.fx, self.fy) + (self.cx, self.cy)

    def unproject(self, pixels: ArrayLike) -> Array:
        """Unit rays (..., 3) float64 in camera axes through pixels (..., 2); NaN where no ray leads there."""
        with np.errstate(all="ignore"):
            plane = (_vectors(pixels, 2, "pixels") - (self.cx, self.cy)) / (self.fx, self.fy)
            return self._lift(self._undistort(plane))

    def rays(self, width: int, height: int) -> NDArray[np.float32]:
        """Unit rays (height, width, 3) float32 through the pixel centres of a picture, in camera axes.

        A network cannot take NaN, so a pixel where the model is not defined (outside the image circle of a
        fisheye, above the pole of a padded panorama) gets the ray of the nearest pixel where it is.

        Raises VeloDepthError if the model is defined at no pixel of the picture.
        """
        u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        rays = self.unproject(np.stack([u, v], axis=-1))
        undefined = np.isnan(rays[..., 0])
        if undefined.all():
            raise VeloDepthError(
                f"the {self.model} camera sees nothing in a picture of {width}x{height}; "
                "check its focal length, principal point and distortion against that size"
            )
        if undefined.any():
            _, labels = cv2.distanceTransformWithLabels(
                undefined.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
            )
            nearest = np.zeros((labels.max() + 1, 3))
            nearest[labels[~undefined]] = rays[~undefined]
            rays = nearest[labels]
        return rays.astype(np.float32)

    def _flatten(self, points: Array) -> Array:
        """Ideal plane (..., 2) of points (..., 3), NaN where unseen.

        The unified sphere (Mei and Rives 2007, section II): onto the unit sphere, then onto the plane from a
        point xi behind its centre. With xi = 0 that is perspective: x/z, y/z.
        """
        xi = self._xi()
        x, y, z = np.moveaxis(points, -1, 0)
        norm = np.sqrt(x * x + y * y + z * z)
        # Seen: in front of the centre of projection, and for xi > 1 before the plane folds back on itself.
        seen = z > -norm * (xi if xi <= 1 else 1 / xi)
        return np.where(seen, 1 / (z + xi * norm), np.nan)[..., None] * points[..., :2]

    def _lift(self, plane: Array) -> Array:
        """Unit rays (..., 3) of the ideal plane (..., 2), NaN where there is none: _flatten's inverse."""
        xi = self._xi()
        square = (plane**2).sum(axis=-1)
        scale = (xi + np.sqrt(1 + (1 - xi * xi) * square)) / (1 + square)
        return np.concatenate([plane * scale[..., None], (scale - xi)[..., None]], axis=-1)

    def _xi(self) -> float:
        return 0.0

    def _distort(self, plane: Array) -> Array:
        """Lens plane (..., 2) of the ideal plane (..., 2), NaN outside the range where it is one to one."""
        return plane

    def _undistort(self, plane: Array) -> Array:
        """The inverse of _distort, NaN where there is none."""
        return plane

    # Moving with the picture

    def moved(self, scale_x: float, scale_y: float, shift_x: float = 0.0, shift_y: float = 0.0) -> Camera:
        """The same lens for a picture that was shifted, then scaled: pixels' = scale * (pixels + shift).

        Padding on the left is a positive shift_x, cropping a negative one. Exact for every model. The size is
        not known afterwards (None). Raises VeloDepthError if a scale is not positive and finite.
        """
        centre = {"cx": (self.cx + shift_x) * scale_x, "cy": (self.cy + shift_y) * scale_y}
        return dataclasses.replace(self, fx=self.fx * scale_x, fy=self.fy * scale_y, **centre, size=None)

    def for_picture(self, width: int, height: int) -> Camera:
        """The camera for a picture of (width, height) pixels: scaled from its own size, if it has one.

        Raises VeloDepthError if the picture has another aspect (beyond one pixel of rounding): it was cropped
        then, and only the user knows how. Raises it too where the numbers cannot be meant: a centre outside
        the picture, a pinhole that sees less than 5 or more than 175 degrees, a lens that sees under one.
        """
        fitting = self._scaled_to(width, height)
        fitting._check(width, height)
        return fitting

    def _check(self, width: int, height: int) -> None:
        """VeloDepthError, naming the likely mistake, where the camera cannot be that of such a picture."""
        mistake = "these look like numbers for another size: give the camera's own size, or scale them"
        if self.fx < SHARES:
            mistake = "these look like shares of the picture: give pixels"
        numbers = f"{self.fx:g}, {self.fy:g}, {self.cx:g}, {self.cy:g}"
        wrong = ""
        if self.fx < SHARES and max(self.cx, self.cy) <= 1:
            wrong = "in its first pixel"
        elif not (0 <= self.cx <= width and 0 <= self.cy <= height):
            wrong = "outside"
        if wrong:
            wrong = f"put its centre {wrong}"
        elif self._is_perspective:
            sides = ((self.cx, width, self.fx), (self.cy, height, self.fy))
            degrees = math.degrees(
                max(math.atan(at / focal) + math.atan((side - at) / focal) for at, side, focal in sides)
            )
            wrong = "" if NARROWEST <= degrees <= WIDEST else f"make it {degrees:.1f} degrees wide"
        elif (degrees := math.degrees(max(width / self.fx, height / self.fy))) < NARROWEST:  # near the axis
            wrong = f"make it {degrees:.1f} degrees wide"
        squeeze = max(self.fx, self.fy) / min(self.fx, self.fy)
        if not wrong and squeeze > MOST_SQUEEZED:
            wrong = f"make its pixels {squeeze:g} times longer than wide"
        if wrong:
            raise VeloDepthError(
                f"fx, fy, cx, cy of the {self.model} camera are {numbers}, which for a picture of "
                f"{width}x{height} {wrong}; {mistake}"
            )

    def _check_that_it_sees(self, width: int, height: int) -> None:
        """VeloDepthError where next to nothing is left between the rays of such a picture."""
        columns, rows = min(width, _GRID), min(height, _GRID)
        with np.errstate(divide="ignore"):
            try:
                rays = self.moved(columns / width, rows / height).rays(columns, rows)
                degrees = math.degrees(math.sqrt(columns * rows) / focal_of(rays))
            except VeloDepthError:
                degrees = 0.0
        if not degrees >= 1:
            raise VeloDepthError(
                f"the {self.model} camera sees {degrees:.2g} degrees in a picture of {width}x{height}: give "
                "its numbers, distortion too, as the calibration says them"
            )

    def _scaled_to(self, width: int, height: int) -> Camera:
        if self.size is None or self.size == (width, height):
            return self
        own_width, own_height = self.size
        if abs(width * own_height - height * own_width) > max(own_width, own_height):
            raise VeloDepthError(
                f"the camera belongs to pictures of {own_width}x{own_height}, and {width}x{height} is "
                "another aspect; give a camera for pictures cropped like this one"
            )
        moved = self.moved(width / own_width, height / own_height)
        return dataclasses.replace(moved, size=(width, height))

    # Files

    @classmethod
    def _parameters(cls) -> list[str]:
        return [each.name for each in dataclasses.fields(cls) if each.name != "size"]

    def to_dict(self) -> dict[str, Any]:
        """{"model": name, then every parameter, then "width" and "height" if the size is known}."""
        data = {"model": self.model, **{name: getattr(self, name) for name in self._parameters()}}
        if self.size is not None:
            data["width"], data["height"] = self.size
        return data

    @staticmethod
    def from_dict(data: Any) -> Camera:
        """The camera of a dict as to_dict makes it; distortion coefficients may be left out, they are then 0.

        Raises VeloDepthError, naming the field, if the model is unknown, a parameter is missing, unknown, or
        refused by the model.
        """
        if not isinstance(data, dict):
            raise VeloDepthError('a camera is a JSON object such as {"model": "pinhole", "fx": 500, ...}')
        data = dict(data)
        name = data.pop("model", None)
        kind = _MODELS.get(name) if isinstance(name, str) else None
        if kind is None:
            raise VeloDepthError(f"model is {name!r}; give one of {', '.join(_MODELS)}")
        size = data.pop("width", None), data.pop("height", None)
        if (size[0] is None) != (size[1] is None):
            raise VeloDepthError("only one of width and height is given; give both or neither")
        known = {each.name: each.default for each in dataclasses.fields(kind) if each.name != "size"}
        for parameter in data:
            if parameter not in known:
                raise VeloDepthError(
                    f"{parameter} is no parameter of model {name}; it has only {', '.join(known)}"
                )
        for parameter, default in known.items():
            if default is dataclasses.MISSING and parameter not in data:
                raise VeloDepthError(f"{parameter} of model {name} is missing; add it")
        return kind(**data, size=None if size[0] is None else size)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the camera as JSON, whole or not at all. Raises VeloDepthError if it cannot be written."""
        path = Path(path)
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise VeloDepthError(
                f"cannot write camera file {path} ({error.strerror}); give a file in a writable folder"
            ) from error


# Models without distortion


@dataclass(frozen=True)
class Pinhole(Camera):
    """Perspective: u = fx x/z + cx, v = fy y/z + cy, for z > 0."""

    model: ClassVar[str] = "pinhole"
    _is_perspective: ClassVar[bool] = True


@dataclass(frozen=True)
class Equirectangular(Camera):
    """Longitude and latitude: u = fx lon + cx, v = fy lat + cy; fx, fy in pixels per radian.

    lon = atan2(x, z) in -pi..pi, positive to the right; lat = atan2(y, hypot(x, z)) in -pi/2..pi/2, positive
    downwards. (cx, cy) is where the camera looks forward, the seam is behind it. A cropped panorama keeps fx
    and fy.
    """

    model: ClassVar[str] = "equirectangular"

    @classmethod
    def whole(cls, width: int, height: int) -> Equirectangular:
        """A whole panorama: 360 degrees in `width` pixels, 180 in `height`, forward in the middle."""
        return cls(width / (2 * math.pi), height / math.pi, width / 2, height / 2, size=(width, height))

    def _check(self, width: int, height: int) -> None:
        """A part of a panorama need not have the forward direction in it."""
        self._check_that_it_sees(width, height)

    def _flatten(self, points: Array) -> Array:
        x, y, z = np.moveaxis(points, -1, 0)
        across = np.hypot(x, z)
        plane = np.stack([np.arctan2(x, z), np.arctan2(y, across)], axis=-1)
        return np.where((across + np.abs(y) > 0)[..., None], plane, np.nan)

    def _lift(self, plane: Array) -> Array:
        lon, lat = np.moveaxis(plane, -1, 0)
        slack = 1 + 1e-12  # the outer edge of a panorama is at pi up to rounding
        defined = (np.abs(lon) <= np.pi * slack) & (np.abs(lat) <= np.pi / 2 * slack)
        rays = np.stack([np.cos(lat) * np.sin(lon), np.sin(lat), np.cos(lat) * np.cos(lon)], axis=-1)
        return np.where(defined[..., None], rays, np.nan)


# Models with distortion


@dataclass(frozen=True)
class _Distorted(Camera):
    """A radial factor N(r^2) / D(r^2) on the ideal plane, plus what a lens not quite centred adds."""

    # Whether the decentering shift is taken at the radially distorted plane, or at the ideal one.
    _shifted_after_radial: ClassVar[bool] = False
    # The largest radius of the ideal plane: 89.94 degrees from the axis for a perspective one.
    _widest: ClassVar[float] = 1e3

    def _check(self, width: int, height: int) -> None:
        super()._check(width, height)
        self._check_that_it_sees(width, height)

    @abstractmethod
    def _coefficients(self) -> tuple[tuple[float, ...], ...]:
        """Those of N and of D from r^2 on (both are 1 at r = 0), and (p_x, p_y, s1, s2, s3, s4) of _shift."""

    def _radial(self) -> tuple[Polynomial, Polynomial]:
        """N and D as polynomials in r^2."""
        numerator, denominator, _ = self._coefficients()
        return Polynomial([1, *numerator]).trim(_NOTHING), Polynomial([1, *denominator]).trim(_NOTHING)

    @cached_property
    def _limit(self) -> float:
        """Radius of the ideal plane up to which the distortion is one to one.

        Its radial part is where r N / D rises: up to the first root of that slope, or of D. The whole is on a
        disc where the symmetric part of its Jacobian is positive definite (Gale and Nikaido 1965, theorem 6),
        which is looked for on 512 circles.
        """
        numerator, denominator = self._radial()
        square = Polynomial([0, 1])
        slope = numerator * denominator
        slope += 2 * square * (numerator.deriv() * denominator - numerator * denominator.deriv())
        roots = np.concatenate([slope.trim(_NOTHING).roots(), denominator.roots()])
        ends = roots.real[(np.abs(roots.imag) < 1e-9 * np.abs(roots)) & (roots.real > 0)]
        hair = 1 - 1e-9  # rounding must not step over a root of D, where the lens plane jumps to infinity
        limit = min(self._widest, hair * math.sqrt(ends.min(initial=math.inf)))

        radii = np.tan(np.linspace(0, math.atan(limit), 512))
        with np.errstate(all="ignore"):
            jacobian = self._distortion(radii[:, None, None] * _CIRCLE)[1]
            symmetric = jacobian + np.swapaxes(jacobian, -1, -2)
            good = ((symmetric[..., 0, 0] > 0) & (_determinant(symmetric) > 0)).all(axis=1)
        return limit if good.all() else float(radii[np.argmin(good) - 1])

    def _distortion(self, plane: Array) -> tuple[Array, Array]:
        """Lens plane (..., 2) of the ideal plane (..., 2), and its Jacobian (..., 2, 2), at any radius."""
        numerator, denominator = self._radial()
        square = (plane**2).sum(axis=-1)[..., None]
        factor = numerator(square) / denominator(square)
        slope = (numerator.deriv()(square) - factor * denominator.deriv()(square)) / denominator(square)
        radial = factor * plane
        jacobian = factor[..., None] * np.eye(2) + _outer(2 * slope * plane, plane)
        if self._shifted_after_radial:
            shift, shift_jacobian = self._shift(radial)
            return radial + shift, jacobian + shift_jacobian @ jacobian
        shift, shift_jacobian = self._shift(plane)
        return radial + shift, jacobian + shift_jacobian

    def _shift(self, plane: Array) -> tuple[Array, Array]:
        """Tangential and thin prism shift (..., 2) at a plane (..., 2), and its Jacobian (..., 2, 2).

        In x: p_x (r^2 + 2 x^2) + 2 p_y x y + s1 r^2 + s2 r^4; in y: p_y (r^2 + 2 y^2) + 2 p_x x y + s3 r^2
        + s4 r^4.
        """
        p_x, p_y, s1, s2, s3, s4 = self._coefficients()[2]
        tangential, first, second = np.array([p_x, p_y]), np.array([s1, s3]), np.array([s2, s4])
        square = (plane**2).sum(axis=-1)[..., None]
        along = 2 * plane @ tangential[:, None]
        shift = along * plane + square * (tangential + first + second * square)
        slope = 2 * (tangential + first + 2 * second * square)
        jacobian = along[..., None] * np.eye(2) + _outer(plane, 2 * tangential) + _outer(slope, plane)
        return shift, jacobian

    def _distort(self, plane: Array) -> Array:
        inside = np.linalg.norm(plane, axis=-1, keepdims=True) <= self._limit
        return np.where(inside, self._distortion(plane)[0], np.nan)

    def _undistort(self, plane: Array) -> Array:
        """Newton's method from the inverse of the radial part; NaN where no solution is inside the limit.

        A step that comes no closer, or goes well beyond the limit, is halved.
        """
        # The radial part bends most at the limit, so the table is finer there.
        table = np.tan(math.atan(self._limit) * np.sin(np.linspace(0, np.pi / 2, 512)))
        numerator, denominator = self._radial()
        rising = table * numerator(table**2) / denominator(table**2)
        edge = self._distortion(self._limit * _CIRCLE)[0]

        target = plane.reshape(-1, 2)
        radius = np.linalg.norm(target, axis=-1)
        trial = target * np.where(radius > 0, np.interp(radius, rising, table) / radius, 1)[:, None]
        best, step = np.zeros_like(target), np.zeros_like(target)
        distance = np.full_like(radius, np.inf)  # of the best from the target
        solution = np.full_like(target, np.nan)
        todo = np.flatnonzero(radius <= 1.001 * np.linalg.norm(edge, axis=-1).max())  # no solution beyond
        for _ in range(_NEWTON_STEPS):
            lens, jacobian = self._distortion(trial[todo])
            error = lens - target[todo]
            now = np.linalg.norm(error, axis=-1)
            closer = (now < distance[todo]) & (np.linalg.norm(trial[todo], axis=-1) < 1.01 * self._limit)
            done = closer & (now <= _NEWTON_TOLERANCE * (1 + radius[todo]))
            solution[todo[done]] = trial[todo[done]]
            better = todo[closer]
            best[better], distance[better] = trial[better], now[closer]
            step[better] = _solved(jacobian[closer], error[closer])
            step[todo[~closer]] /= 2
            todo = todo[~done]
            trial[todo] = best[todo] - step[todo]
            if todo.size == 0:
                break
        inside = np.linalg.norm(solution, axis=-1, keepdims=True) <= self._limit * (1 + 1e-9)
        return np.where(inside, solution, np.nan).reshape(plane.shape)


@dataclass(frozen=True)
class OpenCV(_Distorted):
    """Perspective with OpenCV's radial (rational), tangential and thin prism distortion.

    The coefficients stand in OpenCV's own order, so that OpenCV(fx, fy, cx + 0.5, cy + 0.5, *dist) takes the
    4, 5, 8 or 12 numbers that cv2.calibrateCamera returns. Source: OpenCV documentation, module calib3d,
    "Detailed Description".
    """

    model: ClassVar[str] = "opencv"
    _is_perspective: ClassVar[bool] = True
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    s3: float = 0.0
    s4: float = 0.0

    def _coefficients(self) -> tuple[tuple[float, ...], ...]:
        tangential_and_prism = (self.p2, self.p1, self.s1, self.s2, self.s3, self.s4)
        return (self.k1, self.k2, self.k3), (self.k4, self.k5, self.k6), tangential_and_prism


@dataclass(frozen=True)
class MEI(_Distorted):
    """The unified sphere with mirror parameter xi >= 0, then radial and tangential distortion.

    As OpenCV's omnidir without skew; Mei's generalised focal lengths gamma are fx, fy. Source: Mei and Rives,
    "Single view point omnidirectional camera calibration from planar grids", ICRA 2007, section II.
    Raises VeloDepthError if xi is negative.
    """

    model: ClassVar[str] = "mei"
    xi: float
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.xi < 0:
            raise VeloDepthError(f"xi of a mei camera is {self.xi:g}; give the mirror parameter, 0 or above")

    def _xi(self) -> float:
        return self.xi

    def _coefficients(self) -> tuple[tuple[float, ...], ...]:
        return (self.k1, self.k2), (), (self.p2, self.p1, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class _Fisheye(_Distorted):
    """The ideal plane is equidistant: its radius is theta, the angle of the ray with the axis, in radians."""

    _widest: ClassVar[float] = math.pi

    def _flatten(self, points: Array) -> Array:
        x, y, z = np.moveaxis(points, -1, 0)
        across = np.hypot(x, y)
        on_axis = np.where(z > 0, 1.0, np.nan)
        scale = np.where(across > 0, np.arctan2(across, z) / across, on_axis)
        return scale[..., None] * points[..., :2]

    def _lift(self, plane: Array) -> Array:
        theta = np.linalg.norm(plane, axis=-1, keepdims=True)
        return np.concatenate([plane * np.sinc(theta / np.pi), np.cos(theta)], axis=-1)


@dataclass(frozen=True)
class KannalaBrandt(_Fisheye):
    """Fisheye: theta_d = theta (1 + k1 theta^2 + k2 theta^4 + k3 theta^6 + k4 theta^8).

    As cv2.fisheye without skew. Source: OpenCV documentation, "Fisheye camera model"; Kannala and Brandt, "A
    generic camera model and calibration method for conventional, wide-angle, and fish-eye lenses", PAMI 2006.
    """

    model: ClassVar[str] = "kannala_brandt"
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0

    def _coefficients(self) -> tuple[tuple[float, ...], ...]:
        return (self.k1, self.k2, self.k3, self.k4), (), (0.0,) * 6


@dataclass(frozen=True)
class Fisheye624(_Fisheye):
    """Project Aria's fisheye: 6 radial, 2 tangential and 4 thin prism coefficients, in Aria's order.

    Aria counts from 0: its k0..k5, p0, p1, s0..s3 are k1..k6, p1, p2, s1..s4 here; its one focal length is fx
    and fy. p1 and p2 have each other's role in OpenCV. Source: Project Aria documentation, "Camera Intrinsic
    Models", section FisheyeRadTanThinPrism.
    """

    model: ClassVar[str] = "fisheye624"
    _shifted_after_radial: ClassVar[bool] = True
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = 0.0
    k5: float = 0.0
    k6: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    s3: float = 0.0
    s4: float = 0.0

    def _coefficients(self) -> tuple[tuple[float, ...], ...]:
        radial = (self.k1, self.k2, self.k3, self.k4, self.k5, self.k6)
        return radial, (), (self.p1, self.p2, self.s1, self.s2, self.s3, self.s4)


_MODELS: dict[str, type[Camera]] = {
    each.model: each for each in (Pinhole, OpenCV, KannalaBrandt, Fisheye624, MEI, Equirectangular)
}


def fit_pinhole(rays: ArrayLike) -> Pinhole:
    """The pinhole nearest to a map of unit rays (H, W, 3), by least squares, per axis; its size is (W, H).

    x/z is fitted as a straight line in u, and y/z in v. An error of the ray's angle counts 1/z^2 times in
    x/z, so that every equation is multiplied by z^2. Rays with z <= 0.05 (beyond 87 degrees from the axis)
    and NaN are ignored.

    Raises VeloDepthError if the other rays do not spread to the right and down over the picture.
    """
    rays = _vectors(rays, 3, "rays")
    if rays.ndim != 3:
        raise VeloDepthError(f"rays have shape {rays.shape}; give a map (H, W, 3)")
    used = np.isfinite(rays).all(axis=-1) & (rays[..., 2] > _SMALLEST_FIT_Z)
    v, u = np.nonzero(used)
    x, y, z = rays[used].T
    fx, cx = _focal_and_centre(u + 0.5, x / z, z**4)
    fy, cy = _focal_and_centre(v + 0.5, y / z, z**4)
    return Pinhole(fx, fy, cx, cy, size=(rays.shape[1], rays.shape[0]))


def _focal_and_centre(pixel: NDArray[Any], tangent: Array, weight: Array) -> tuple[float, float]:
    """(focal, centre) of the weighted least squares line tangent = (pixel - centre) / focal."""
    if pixel.size and np.ptp(pixel) > 0:
        pixel_mean = np.average(pixel, weights=weight)
        tangent_mean = np.average(tangent, weights=weight)
        spread = (weight * (pixel - pixel_mean) ** 2).sum()
        slope = (weight * (pixel - pixel_mean) * (tangent - tangent_mean)).sum() / spread
        if slope > 0:
            return float(1 / slope), float(pixel_mean - tangent_mean / slope)
    raise VeloDepthError("no pinhole fits these rays; give a map whose rays look forward, x right and y down")


def _outer(a: Array, b: Array) -> Array:
    return a[..., :, None] * b[..., None, :]


def _determinant(matrix: Array) -> Array:
    return matrix[..., 0, 0] * matrix[..., 1, 1] - matrix[..., 0, 1] * matrix[..., 1, 0]


def _solved(matrix: Array, vector: Array) -> Array:
    """matrix^-1 vector by Cramer's rule, (..., 2, 2) and (..., 2); not finite where it is singular."""
    (a, b), (c, d) = np.moveaxis(matrix, (-2, -1), (0, 1))
    x, y = np.moveaxis(vector, -1, 0)
    return np.stack([d * x - b * y, a * y - c * x], axis=-1) / _determinant(matrix)[..., None]


def _vectors(values: ArrayLike, length: int, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != length:
        raise VeloDepthError(f"{name} have shape {array.shape}; give (..., {length})")
    return array


def _plain(value: Any) -> Any:
    """A numpy scalar as Python's own number, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _is_number(value: Any) -> bool:
    """Whether it is a number that arithmetic can bear: not NaN, infinite or absurd, no text, no bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e100


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def focal_of(rays: NDArray[np.float32]) -> float:
    """Effective focal length, in pixels, of unit rays (H, W, 3) through the pixel centres of any camera.

    That of a sphere on which the picture's pixels cover the solid angle they really cover:
    sqrt(pixels / solid angle).
    """
    right, below = rays[:-1, 1:] - rays[:-1, :-1], rays[1:, :-1] - rays[:-1, :-1]
    angle = np.linalg.norm(np.cross(right, below), axis=2)
    return float(1 / np.sqrt(angle.mean(dtype=np.float64)))
