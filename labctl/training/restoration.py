"""The two small networks that mend images, an autoencoder and SRNet: arithmetic, maps, tasks, and image quality.

The paper gives the counts of weights and cells alone; the layers are reconstructed from them: conv -> transposed conv
-> conv, no biases, ReLU between. Source: EAPU, Nat. Commun. 16, 11494 (2025).
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from torch.nn import functional

Floats = NDArray[np.float64]
WINDOW = 11
"""Side of the SSIM's uniform window; *assumed*: the paper does not define its SSIM, and this fits both networks."""
SIDE = 28


class Layer(NamedTuple):
    """One layer as PyTorch has it and as it lies on the cells.

    Attributes:
        shape: Of PyTorch's weight.
        order: Axes of the weight in the order rows first, columns last.
        rows: Of the map.
        fan_in: Inputs that an output sums over, for the initial weights.
    """

    shape: tuple[int, int, int, int]
    order: tuple[int, int, int, int]
    rows: int
    fan_in: int

    @property
    def columns(self) -> int:
        """Columns of the map."""
        return int(np.prod(self.shape)) // self.rows


class Network(NamedTuple):
    """A network: its layers, and what it makes of images (n, 1, ...) with their weights."""

    layers: tuple[Layer, ...]
    forward: Callable[[torch.Tensor, Sequence[torch.Tensor]], torch.Tensor]

    @property
    def weights(self) -> int:
        """Weights of all layers."""
        return sum(layer.rows * layer.columns for layer in self.layers)


def _autoencoder(images: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
    hidden = functional.conv2d(images, weights[0], stride=2).relu()
    hidden = functional.conv_transpose2d(hidden, weights[1], stride=2, output_padding=1).relu()
    return functional.conv2d(hidden, weights[2], padding=1)


def _srnet(images: torch.Tensor, weights: Sequence[torch.Tensor]) -> torch.Tensor:
    hidden = functional.conv2d(images, weights[0], padding=1).relu()
    hidden = functional.conv_transpose2d(hidden, weights[1], stride=2, padding=1).relu()
    return functional.conv2d(hidden, weights[2], padding=1)


def _conv(outputs: int, inputs: int) -> Layer:
    return Layer((outputs, inputs, 3, 3), (1, 2, 3, 0), 9 * inputs, 9 * inputs)


AUTOENCODER = Network((_conv(3, 1), Layer((3, 3, 3, 3), (0, 2, 3, 1), 27, 27), _conv(1, 3)), _autoencoder)
"""28 x 28 -> 3 x 13 x 13 -> 28 x 28: 27 + 81 + 27 = 135 weights; the latent 507 values are 64.67 % of 784."""
SRNET = Network((_conv(6, 1), Layer((6, 3, 4, 4), (0, 1, 2, 3), 6, 48), _conv(1, 3)), _srnet)
"""14 x 14 -> 28 x 28: 54 + 288 + 27 = 369 weights; the middle layer is 6 rows of 48."""


def as_map(weight: torch.Tensor, layer: Layer) -> Floats:
    """Return a layer's weight as (rows, columns)."""
    return weight.detach().permute(layer.order).reshape(layer.rows, layer.columns).double().numpy()


def from_map(values: Floats, layer: Layer) -> torch.Tensor:
    """Return a layer's weight of its map; the inverse of `as_map`."""
    moved = torch.from_numpy(np.ascontiguousarray(values)).float().reshape([layer.shape[axis] for axis in layer.order])
    return moved.permute([layer.order.index(axis) for axis in range(4)]).contiguous()


def initial(network: Network, generator: torch.Generator) -> list[torch.Tensor]:
    """Return weights drawn uniformly within 1 / sqrt(inputs), *assumed*."""
    return [
        torch.empty(layer.shape).uniform_(-(layer.fan_in**-0.5), layer.fan_in**-0.5, generator=generator)
        for layer in network.layers
    ]


def noisy(images: torch.Tensor, sd: float, generator: torch.Generator) -> torch.Tensor:
    """Return (n, 1, h, w) images with Gaussian noise, not clipped."""
    return images + sd * torch.randn(images.shape, generator=generator)


def halved(images: torch.Tensor) -> torch.Tensor:
    """Return (n, 1, h, w) images at half the size, bicubic with anti-aliasing (*assumed*), within 0 to 1."""
    return functional.interpolate(images, scale_factor=0.5, mode="bicubic", antialias=True).clamp(0.0, 1.0)


def doubled(images: torch.Tensor) -> torch.Tensor:
    """Return (n, 1, h, w) images at twice the size, bicubic: what SRNet has to beat."""
    return functional.interpolate(images, scale_factor=2.0, mode="bicubic").clamp(0.0, 1.0)


def ssim(images: torch.Tensor, targets: torch.Tensor) -> float:
    """Return the mean SSIM of (n, 1, h, w) images: 11 x 11 uniform window, data range 1, sample covariance.

    It is scikit-image's ``structural_similarity(..., win_size=11, data_range=1)``, the border left out.
    """
    x, y = (part[:, 0].double().numpy() for part in (images, targets))
    count, edge = WINDOW * WINDOW, WINDOW // 2

    def mean(values: Floats) -> Floats:
        smooth: Floats = uniform_filter(values, (0, WINDOW, WINDOW))[:, edge:-edge, edge:-edge]
        return smooth

    mx, my = mean(x), mean(y)
    sample = count / (count - 1)
    vx, vy, vxy = (sample * (mean(a * b) - m) for a, b, m in ((x, x, mx * mx), (y, y, my * my), (x, y, mx * my)))
    c1, c2 = 0.01**2, 0.03**2
    parts = (2 * mx * my + c1) * (2 * vxy + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2))
    return float(parts.mean())


def psnr(images: torch.Tensor, targets: torch.Tensor) -> float:
    """Return the mean peak signal-to-noise ratio of (n, 1, h, w) images, data range 1, in dB."""
    errors = ((images - targets).double() ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-12)
    return float((-10.0 * torch.log10(errors)).mean())
