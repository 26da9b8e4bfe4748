"""The networks that can be taught, behind one face, so that losses and loop know neither."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import VeloDepthError, needed
from ..media.atomic import whole
from ..nets.efficientnet import ConvNorm
from ..nets.estimate import Estimate
from ..nets.large import LargeCarried, LargeNet
from ..nets.nano import FOCAL_UNIT, Carried, Nano, focal_of, pinhole_rays
from ..presets.large import CONFIG_FILE, WEIGHTS_FILE, LargeSettings, load_net
from . import losses
from .config import Config

Sizes = list[list[int]]


class Student(nn.Module, ABC):
    """A network with what training needs beside `keyframe` and `propagate`."""

    multiple: ClassVar[int]  # both sides of a canvas are multiples of this
    sizes: ClassVar[Sizes]  # canvases (width, height) where the configuration names none
    rates: ClassVar[tuple[float, float]]  # learning rates, of the encoder last, where it names none
    propagation: ClassVar[tuple[str, ...]]  # modules that only propagated frames use

    def __init__(self, net: Any, config: Config):
        super().__init__()
        self.net, self.config = net, config

    @abstractmethod
    def unit(self, rays: Tensor) -> Tensor:
        """Rays (B, 3, H, W) -> log radius minus log size of the network's answers, (B, 1, 1, 1)."""

    @abstractmethod
    def look(self, canvas: Tensor, rays: Tensor, own: Tensor | None = None) -> tuple[Estimate, Tensor | None]:
        """A keyframe of canvas (B, 3, H, W), and the guess of its camera.

        Depth sees the rays (B, 3, H, W), but those of the guess where own (B,) is True. With own None there
        is no guess.
        """

    @abstractmethod
    def camera_loss(self, guess: Tensor, rays: Tensor, camera: Tensor) -> Tensor:
        """The guess of `look` against true rays (B, 3, H, W) and `data.Batch.camera` (B, 3)."""

    @abstractmethod
    def step(self, last: Estimate, canvas: Tensor, flow: Tensor) -> tuple[Estimate, Tensor]:
        """A propagated frame, and its refined flow in canvas pixels (B, 2, h, w)."""

    def mixed(self, x: Tensor) -> torch.autocast:
        """bfloat16 where the configuration wants it. For encoders only: depth has edges finer than 8 bits."""
        wanted = x.is_cuda if self.config.mixed is None else self.config.mixed
        return torch.autocast(x.device.type, torch.bfloat16, enabled=wanted)

    def groups(self) -> list[dict[str, Any]]:
        """Parameters the stage teaches, each with the peak of its learning rate; all others are frozen."""
        self.requires_grad_(False)
        frozen = self._frozen()
        quick: list[nn.Parameter] = []
        slow: list[nn.Parameter] = []
        for name, parameter in self.net.named_parameters():
            moves = name.split(".")[0] in self.propagation
            if moves == (self.config.stage == "propagation") and name not in frozen:
                parameter.requires_grad_(True)
                (slow if name.startswith("encoder.") else quick).append(parameter)
        asked = (self.config.rate, self.config.encoder_rate)
        peaks = [usual if rate is None else rate for rate, usual in zip(asked, self.rates, strict=True)]
        groups = zip((quick, slow), peaks, strict=True)
        return [{"params": params, "peak": peak} for params, peak in groups if params]

    def _frozen(self) -> set[str]:
        """Names of parameters that no stage teaches."""
        return set()


class NanoStudent(Student):
    """`nano`, from ImageNet weights or from an earlier run."""

    multiple = 32
    rates = (1.2e-3, 4e-4)
    sizes: ClassVar[Sizes] = [[256, 192], [256, 192], [256, 192], [288, 160], [192, 224]]
    propagation = ("stem", "down", "motion", "motion_mix", "flow_change", "gate", "meet", "change")

    def unit(self, rays: Tensor) -> Tensor:
        return torch.log(focal_of(rays) / FOCAL_UNIT)

    def look(self, canvas: Tensor, rays: Tensor, own: Tensor | None = None) -> tuple[Estimate, Tensor | None]:
        with self.mixed(canvas):
            pyramid, camera = self.net.encode(canvas)
        pyramid, camera = [level.float() for level in pyramid], camera.float()
        if own is not None:
            guess = pinhole_rays(camera.detach(), *canvas.shape[-2:])
            rays = torch.where(own.view(-1, 1, 1, 1), guess, rays)
        features = self.net.condition(pyramid, F.avg_pool2d(rays, 4))
        size, confidence = self.net.decode(features, canvas)
        carried = Carried(features, canvas, None)
        nothing = canvas.new_zeros(len(canvas))
        # Not clipped as `nano.radius_of` does: beyond its ends no gradient would lead back.
        radius = torch.exp(size + self.unit(rays))
        return Estimate(radius, confidence, rays, nothing, carried), camera

    def camera_loss(self, guess: Tensor, rays: Tensor, camera: Tensor) -> Tensor:
        return losses.camera_loss(guess, camera)

    def step(self, last: Estimate, canvas: Tensor, flow: Tensor) -> tuple[Estimate, Tensor]:
        now = self.net.propagate(last, canvas, flow)
        return now, now.carried.flow

    def _frozen(self) -> set[str]:
        """The encoder's early stages; its depthwise kernels, whose gradient is slow on a CPU."""
        early = tuple(f"encoder.stages.{i}." for i in range(self.config.frozen_stages))
        frozen = {
            name for name, _ in self.net.named_parameters() if name.startswith(("encoder.stem.", *early))
        }
        if not self.config.depthwise:
            for name, module in self.net.encoder.named_modules():
                if isinstance(module, ConvNorm) and module.conv.groups > 1:
                    frozen |= {f"encoder.{name}.conv.weight", f"encoder.{name}.norm.weight"}
        return frozen


class LargeStudent(Student):
    """`large`, from the published checkpoint."""

    multiple = 14
    rates = (1e-5, 2e-6)
    sizes: ClassVar[Sizes] = [[518, 392], [518, 392], [602, 336], [392, 518]]
    propagation = ("observer", "corrections")

    def __init__(self, net: LargeNet, settings: LargeSettings, config: Config):
        super().__init__(net, config)
        self.settings = settings

    def unit(self, rays: Tensor) -> Tensor:
        return rays.new_zeros(len(rays), 1, 1, 1)

    def look(self, canvas: Tensor, rays: Tensor, own: Tensor | None = None) -> tuple[Estimate, Tensor | None]:
        with self.mixed(canvas):
            maps, tokens = self.net.encoder(canvas)
        maps, tokens = [x.float() for x in maps], [x.float() for x in tokens]
        guess = None
        if own is not None:
            guess = self.net.estimate_rays(tokens, canvas)
            rays = torch.where(own.view(-1, 1, 1, 1), guess.detach(), rays)
        features = self.net.condition(maps, rays)
        radius, confidence = self.net.decode_keyframe(features, canvas)
        nothing = canvas.new_zeros(len(canvas))
        return Estimate(radius, confidence, rays, nothing, LargeCarried(features, canvas)), guess

    def camera_loss(self, guess: Tensor, rays: Tensor, camera: Tensor) -> Tensor:
        return losses.ray_loss(guess, rays)

    def step(self, last: Estimate, canvas: Tensor, flow: Tensor) -> tuple[Estimate, Tensor]:
        found: list[Tensor] = []
        hook = self.net.observer.register_forward_hook(lambda *call: found.append(call[2].flow))
        try:
            now = self.net.propagate(last, canvas, flow)
        finally:
            hook.remove()
        height, width = canvas.shape[-2:]
        return now, found[0] * found[0].new_tensor((width - 1, height - 1))[:, None, None]

    def export(self, net: LargeNet, folder: Path) -> None:
        """Write weights under their published names, and settings, for `velodepth run --preset FOLDER`."""
        from safetensors.torch import save_file

        from ..nets.published import published_name

        with whole(folder / CONFIG_FILE) as temporary:
            temporary.write_text(json.dumps(self.settings.to_config(), indent=2) + "\n", encoding="utf-8")
        with whole(folder / WEIGHTS_FILE) as temporary:
            save_file({published_name(k): v.contiguous() for k, v in net.state_dict().items()}, temporary)


class Ablated(Nano):
    """`nano` without the correction of features, or without the refinement of flow."""

    def __init__(self, without: list[str]):
        super().__init__(carries=True)
        self.without = without

    def observe(self, clues: Tensor, flow: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        evidence, gates, refined = super().observe(clues, flow)
        if "correction" in self.without:
            gates = gates * 0
        if "refinement" in self.without:
            refined = flow + 0 * (refined - flow)  # keeps the gradient's path, for DDP
        return evidence, gates, refined


def make_student(config: Config) -> Student:
    """The student of a run, on the CPU, with the weights that a run starts from without `init`.

    Raises VeloDepthError where these cannot be read, or a canvas does not fit the network.
    """
    if config.preset == "nano":
        net = (
            Ablated(config.without)
            if {"correction", "refinement"} & set(config.without)
            else Nano(carries=True)
        )
        if config.stage == "keyframe" and not config.init:
            _load_imagenet(net)
        student: Student = NanoStudent(net, config)
    elif {"correction", "refinement"} & set(config.without):
        raise VeloDepthError("without names a part of the network: only nano's can be left out")
    else:
        student = LargeStudent(*load_net(config.checkpoint or None), config)
    for width, height in config.sizes or student.sizes:
        if width % student.multiple or height % student.multiple or min(width, height) <= 0:
            raise VeloDepthError(
                f"sizes has a canvas of {width} x {height}: {config.preset} needs multiples of "
                f"{student.multiple}"
            )
    return student


def _load_imagenet(net: Nano) -> None:
    with needed("the start from ImageNet's weights", "train"):
        net.encoder.load_imagenet()


def load_weights(net: nn.Module, path: Path) -> tuple[list[str], int]:
    """Fill a network with the averaged weights of a checkpoint; returns the tensors it lacks or has in
    another shape, which stay as they are, and how many samples the weights have seen.

    Raises VeloDepthError where the file is no checkpoint, or none of its tensors fits.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
        saved = checkpoint["average"]
    except Exception as error:  # torch raises many kinds for a file that is none
        raise VeloDepthError(f"{path} cannot be read as a checkpoint of training ({error})") from error
    own = net.state_dict()
    fitting = {name: x for name, x in saved.items() if name in own and own[name].shape == x.shape}
    if not fitting:
        raise VeloDepthError(f"{path} belongs to another network: none of its tensors fits")
    net.load_state_dict(fitting, strict=False)
    return sorted(own.keys() - fitting.keys()), checkpoint.get("samples", 0)
