"""Spontaneous sparse learning: a binarised network whose weights are cells that drift while it trains.

Forward and backward use the weights as they are read from the array; the gradient goes to a copy in float32, whose
signs are what the cells hold. Source: Nat. Commun. 12, 319 (2021), Methods; what it leaves open is marked *assumed*.
"""

import io
import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from labctl.training.stuck import StateWatch

Bytes = NDArray[np.uint8]

LAYERS = (784, 256, 10)
"""Source: the paper; fully connected, no biases."""
HIGH, LOW = 7.0, math.log10(3e4)
"""log10 of the nominal R_h and R_l in Ohm. Source: the paper, about 1e7 and a few 1e4."""
CENTRE, SCALE = (HIGH + LOW) / 2.0, 2.0 / (HIGH - LOW)
"""The training map W = S (log10 R - T): W(R_l) = -1, W(R_h) = +1. Source: the paper, reconstructed."""


class Evaluation(NamedTuple):
    """Answers to a set of images.

    Attributes:
        loss: Mean cross-entropy, in nat.
        predicted: (n,) class with the largest output.
        top: (n,) its share in the softmax.
    """

    loss: float
    predicted: NDArray[np.int64]
    top: NDArray[np.float32]


class SparseNetwork:
    """The network's float32 weights and the arithmetic of a step; the weights that act come from the array.

    Args:
        rng: Draws the initial weights from N(0, 1 / fan-in); *assumed*, the paper says variance scaling.
        layers: Neurons of each layer.
    """

    def __init__(self, rng: np.random.Generator, layers: tuple[int, ...] = LAYERS) -> None:
        self.layers = layers
        self.sizes = [fan_in * fan_out for fan_in, fan_out in itertools.pairwise(layers)]
        drawn = [rng.standard_normal(n) / math.sqrt(fan) for n, fan in zip(self.sizes, layers, strict=False)]
        self.weights = torch.from_numpy(np.concatenate(drawn).astype(np.float32))

    @property
    def cells(self) -> int:
        """How many weights there are, and so cells."""
        return len(self.weights)

    def high(self) -> NDArray[np.bool_]:
        """Return which cells are to be in the high state (cells,): those whose weight is not negative."""
        return np.asarray((self.weights >= 0.0).numpy())

    def places(self) -> list[NDArray[np.int64]]:
        """Return the cells of each layer (inputs, outputs): the layers one after the other, weight by weight."""
        parts = np.split(np.arange(self.cells), np.cumsum(self.sizes)[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, itertools.pairwise(self.layers), strict=True)]

    def split(self, flat: torch.Tensor) -> list[torch.Tensor]:
        """Return the layers' matrices, (inputs, outputs) each, as views of ``flat``."""
        shapes = itertools.pairwise(self.layers)
        parts = torch.split(flat, self.sizes)
        return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]

    def gradient(self, acting: torch.Tensor, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Return the mean loss (nat) of a batch and its gradient (cells,) with respect to the ``acting`` weights."""
        first, second = self.split(acting)
        hidden = (images @ first).clamp_(min=0.0)
        shares = torch.log_softmax(hidden @ second, dim=1)
        loss = -shares.gather(1, labels[:, None]).mean().item()
        error = shares.exp_()
        error[torch.arange(len(labels)), labels] -= 1.0
        error /= len(labels)
        result = torch.empty_like(acting)
        into_first, into_second = self.split(result)
        torch.mm(hidden.T, error, out=into_second)
        torch.mm(images.T, (error @ second.T).mul_(hidden > 0.0), out=into_first)
        return loss, result

    def step(self, gradient: torch.Tensor, rate: float) -> None:
        """Move the float32 weights down the gradient; the straight-through estimate, no clipping."""
        self.weights.add_(gradient, alpha=-rate)

    def evaluate(self, acting: torch.Tensor, images: torch.Tensor, labels: torch.Tensor) -> Evaluation:
        """Return the answers of the network with the ``acting`` weights."""
        first, second = self.split(acting)
        shares = torch.log_softmax((images @ first).clamp_(min=0.0) @ second, dim=1)
        top, predicted = shares.max(dim=1)
        loss = -shares.gather(1, labels[:, None]).mean().item()
        return Evaluation(loss, predicted.numpy(), top.exp().numpy())

    def pinned(self, value: float) -> torch.Tensor:
        """Return acting weights in which every high cell has one ``value`` and every low one -1."""
        return torch.where(self.weights >= 0.0, value, -1.0).float()


def acting_weights(decades: NDArray[np.float32]) -> torch.Tensor:
    """Turn log10 of resistances into weights, in place: the training map."""
    return torch.from_numpy(decades).sub_(CENTRE).mul_(SCALE)


def binary_weights(decades: NDArray[np.float32]) -> torch.Tensor:
    """Return the weights of a read that tells two states and no more: +1 above the middle, -1 below."""
    return torch.where(torch.from_numpy(decades) > CENTRE, 1.0, -1.0)


def inference_weights(decades: NDArray[np.float32], pin: float) -> torch.Tensor:
    """Turn log10 of the resistances of cells with *swapped* states into weights: G_h -> ``pin``, G_l -> -1.

    Source: the paper's inference map, reconstructed: W = S'(G - T').
    """
    high, low = 10.0**-LOW, 10.0**-HIGH
    scale = (1.0 + pin) / (high - low)
    conductances = torch.from_numpy(np.power(np.float32(10.0), -decades))
    return conductances.sub_((high + pin * low) / (1.0 + pin)).mul_(scale)


def batches(count: int, size: int, seed: int, epoch: int) -> Iterator[torch.Tensor]:
    """Yield the images' numbers, batch by batch, in an order of the epoch's own; a rest is left out."""
    order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))
    yield from (order[start : start + size] for start in range(0, count - size + 1, size))


def as_inputs(images: Bytes) -> torch.Tensor:
    """Return (n, 28, 28) bytes as (n, 784) numbers within 0..1."""
    return torch.from_numpy(images.reshape(len(images), -1).astype(np.float32) / 255.0)


def packed(network: SparseNetwork, high: NDArray[np.bool_], watch: StateWatch, updates: NDArray[np.int64]) -> bytes:
    """Return what a resumed training needs of the network and its cells; ``updates`` as `by_pixel` counts them."""
    file = io.BytesIO()
    arrays = {"weights": network.weights.numpy(), "high": np.packbits(high), "updates": updates, **watch.state()}
    np.savez(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def unpack(network: SparseNetwork, state: bytes, watch: StateWatch) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Bring the network and the watch to what was packed; return which cells are high, and the updates."""
    with np.load(io.BytesIO(state)) as file:
        network.weights.copy_(torch.from_numpy(file["weights"]))
        watch.restore(file)
        return np.unpackbits(file["high"], count=network.cells).astype(bool), file["updates"]


def by_pixel(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how many of the cells hold weights of each input pixel (784,)."""
    pixels, hidden = LAYERS[:2]
    return np.bincount(cells[cells < pixels * hidden] // hidden, minlength=pixels).astype(np.int64)
