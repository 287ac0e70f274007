"""The five-layer convolutional network whose weights lie on memristor pairs: arithmetic, ex-situ training and maps.

28 x 28 -> C1, 8 kernels 3 x 3 -> ReLU -> 3 x 3 maximum -> C3, 12 kernels 8 x 3 x 3 -> ReLU -> 2 x 2 maximum -> 192
-> FC -> 10 -> softmax; no biases, 2,856 weights. The pooling takes the rest at the border ("ceiling"), or the 192
inputs would not come out. Source: Yao et al., Nature 577, 641 (2020), Methods.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Floats = NDArray[np.float64]
FEATURES, CLASSES, COLUMNS = 192, 10, 16
SHAPES = {"c1": (8, 1, 3, 3), "c3": (12, 8, 3, 3), "fc": (CLASSES, FEATURES)}


class Weights(NamedTuple):
    """The three layers' weights: (8, 1, 3, 3), (12, 8, 3, 3), (10, 192)."""

    c1: torch.Tensor
    c3: torch.Tensor
    fc: torch.Tensor


def features(images: torch.Tensor, c1: torch.Tensor, c3: torch.Tensor) -> torch.Tensor:
    """Return the 192 inputs of the last layer (n, 192) for (n, 1, 28, 28) images."""
    first = functional.max_pool2d(functional.conv2d(images, c1).relu_(), 3, ceil_mode=True)
    second = functional.max_pool2d(functional.conv2d(first, c3).relu_(), 2, ceil_mode=True)
    return second.flatten(1)


def all_features(images: torch.Tensor, c1: torch.Tensor, c3: torch.Tensor, chunk: int = 1000) -> torch.Tensor:
    """Return `features` of many images, some at a time."""
    with torch.no_grad():
        return torch.cat([features(part, c1, c3) for part in torch.split(images, chunk)])


def answers(inputs: torch.Tensor, fc: torch.Tensor) -> NDArray[np.int64]:
    """Return the classes (n,) that the last layer says for its (n, 192) inputs."""
    return np.asarray(torch.argmax(inputs @ fc.T, dim=1).numpy())


def error_rate(found: NDArray[np.int64], labels: NDArray[np.int64]) -> float:
    """Return the share of wrong answers, in %, of (n,) classes that were said for (n,) that are."""
    return float((found != labels).mean()) * 100.0


def gradient(inputs: torch.Tensor, labels: torch.Tensor, fc: torch.Tensor) -> torch.Tensor:
    """Return the gradient (10, 192) of the mean cross-entropy of a batch with respect to the last layer."""
    error = torch.softmax(inputs @ fc.T, dim=1)
    error[torch.arange(len(labels)), labels] -= 1.0
    return error.T @ inputs / len(labels)


def gradients(images: torch.Tensor, labels: torch.Tensor, weights: Weights) -> tuple[torch.Tensor, Weights]:
    """Return the 192 inputs (n, 192) of the last layer, and the gradient of the batch's mean cross-entropy by layer."""
    made = Weights(*(part.detach().requires_grad_() for part in weights))
    inputs = features(images, made.c1, made.c3)
    loss = functional.cross_entropy(inputs @ made.fc.T, labels)
    return inputs.detach(), Weights(*torch.autograd.grad(loss, made))


def train_in_software(
    images: torch.Tensor, labels: torch.Tensor, epochs: int, seed: int, rate: float = 2e-3
) -> Weights:
    """Train the network ex situ, in float; Adam with batches of 100 and a cosine schedule, *assumed*.

    Args:
        images: (n, 1, 28, 28), 0..1.
        labels: (n,).
        epochs: How often each image is seen.
        seed: Of the initial weights and of the order.
        rate: Adam's learning rate at the start.
    """
    generator = torch.Generator().manual_seed(seed)
    made = []
    for shape in SHAPES.values():
        bound = float(np.prod(shape[1:])) ** -0.5
        made.append(torch.empty(shape).uniform_(-bound, bound, generator=generator).requires_grad_())
    optimiser = torch.optim.Adam(made, lr=rate)
    steps = epochs * (len(images) // 100)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1))
    for _ in range(epochs):
        order = torch.randperm(len(images), generator=generator)
        for start in range(0, len(images) - 99, 100):
            chosen = order[start : start + 100]
            optimiser.zero_grad()
            outputs = features(images[chosen], made[0], made[1]) @ made[2].T
            functional.cross_entropy(outputs, labels[chosen]).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return Weights(*(weights.detach() for weights in made))


def as_maps(weights: Weights) -> list[Floats]:
    """Return the layers as they lie on the arrays: (8, 9), (96, 9) and (120, 16).

    A kernel's slice is a row of nine; the 192 weights of an output are twelve rows of sixteen. Source: Yao et al.
    """
    flat = (weights.c1.reshape(8, 9), weights.c3.reshape(96, 9), weights.fc.reshape(120, COLUMNS))
    return [part.numpy().astype(np.float64) for part in flat]


def from_maps(maps: Sequence[Floats]) -> Weights:
    """Return the weights of three maps; the inverse of `as_maps`."""
    shaped = zip(maps, SHAPES.values(), strict=True)
    return Weights(*(torch.from_numpy(part.astype(np.float32, order="C").reshape(shape)) for part, shape in shaped))


def quantised(values: Floats, steps: int) -> tuple[NDArray[np.int64], float]:
    """Return levels -steps..steps and the weight of one step, scaled by the largest weight."""
    largest = float(np.abs(values).max()) or 1.0
    return np.rint(values / largest * steps).astype(np.int64), largest / steps


def batches(count: int, size: int, seed: int) -> Iterator[torch.Tensor]:
    """Yield the images' numbers, batch by batch without end, in a new order for each round."""
    round_ = 0
    while True:
        order = torch.from_numpy(np.random.default_rng([seed, round_]).permutation(count))
        yield from (order[start : start + size] for start in range(0, count - size + 1, size))
        round_ += 1
