"""Wide 3x3 convolutions at half the time on a CPU.

Half of a propagated frame of `large` goes into a dozen of them. Winograd's F(4x4, 3x3) needs a quarter of
the multiplications: tiles of 6x6 inputs give 4x4 outputs, and its three transforms are products with small
matrices. Source: Lavin and Gray, arXiv 1509.09308, section 4. Its plain twin is nn.Conv2d.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Named as in the paper; each acts on both axes of a flattened tile.
_B = torch.tensor(
    [
        [4.0, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_G = torch.tensor([[6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_A = torch.tensor([[1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])
INPUT, KERNEL, OUTPUT = torch.kron(_B, _B), torch.kron(_G, _G), torch.kron(_A, _A)
TILES = 200  # at a time, so that what is between the transforms stays in the cache
LEAST_WIDTH = 256  # with fewer channels the transforms cost what the multiplications save


class WinogradConv(nn.Module):
    """The same as a 3x3 nn.Conv2d with stride 1 and one zero of padding, for inference on a CPU."""

    kernel: Tensor

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        flat = conv.weight.detach().permute(2, 3, 1, 0).flatten(0, 1).flatten(1)
        kernel = (KERNEL @ flat).view(36, conv.in_channels, conv.out_channels)
        self.register_buffer("kernel", kernel)
        self.bias = conv.bias

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, out, H, W); fastest in channels_last memory."""
        batch, channels, height, width = x.shape
        rows, columns, out = -(-height // 4), -(-width // 4), self.kernel.shape[2]
        x = F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 4 * columns - width + 1, 1, 4 * rows - height + 1))
        tiles = x.unfold(1, 6, 4).unfold(2, 6, 4)  # (B, rows, columns, C, 6, 6)
        result = x.new_empty(batch, rows, 4, columns, 4, out)
        step = max(1, TILES // (batch * columns))
        for start in range(0, rows, step):
            some = tiles[:, start : start + step].permute(4, 5, 0, 1, 2, 3)
            moved = INPUT @ some.reshape(36, -1)
            product = torch.bmm(moved.view(36, -1, channels), self.kernel)
            back = OUTPUT @ product.view(36, -1)
            back = back.view(4, 4, batch, -1, columns, out).permute(2, 3, 0, 4, 1, 5)
            result[:, start : start + step] = back if self.bias is None else back + self.bias
        result = result.view(batch, 4 * rows, 4 * columns, out)
        return result[:, :height, :width].permute(0, 3, 1, 2)


def quicken(net: nn.Module, least_width: int = LEAST_WIDTH) -> None:
    """Replace every wide 3x3 convolution of a CPU network that is done learning by its Winograd twin.

    In place; the network's state_dict no longer has those convolutions' weights.
    """
    for module in list(net.modules()):
        for name, child in module.named_children():
            if (
                isinstance(child, nn.Conv2d)
                and child.kernel_size == (3, 3)
                and child.stride == child.dilation == (1, 1)
                and child.padding == (1, 1)
                and child.padding_mode == "zeros"
                and child.groups == 1
                and min(child.in_channels, child.out_channels) >= least_width
            ):
                setattr(module, name, WinogradConv(child))
