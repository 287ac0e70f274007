"""A small fully connected network without biases, trained on the host: ReLU between layers, softmax at the end."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def shrunk(images: NDArray[np.uint8]) -> Floats:
    """Return (n, 64) inputs from 0 to 1 of (n, 28, 28) images: two pixels of margin, then means of 4 x 4 pixels."""
    padded = np.pad(images.astype(np.float64) / 255.0, ((0, 0), (2, 2), (2, 2)))
    small: Floats = padded.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)).reshape(len(images), 64)
    return small


def forward(weights: Sequence[Floats], inputs: Floats) -> list[Floats]:
    """Return what goes into each layer, and the (n, classes) outputs at the end."""
    values = [inputs]
    for number, weight in enumerate(weights):
        product = values[-1] @ weight
        values.append(np.maximum(product, 0.0) if number < len(weights) - 1 else product)
    return values


def accuracy(weights: Sequence[Floats], inputs: Floats, labels: NDArray[np.uint8]) -> float:
    """Return the share of ``inputs`` (n, first layer) whose largest output is their label."""
    return float(np.mean(forward(weights, inputs)[-1].argmax(axis=1) == labels))


def trained(
    sizes: Sequence[int], inputs: Floats, labels: NDArray[np.uint8], rng: np.random.Generator,
    *, epochs: int, learning_rate: float, bound: float, noise: float, batch: int = 50, momentum: float = 0.9,
) -> list[Floats]:  # fmt: skip
    """Return the weights of a network, a (size, next size) array for each layer.

    Plain gradient descent with momentum on the cross-entropy. Every batch sees weights with fresh noise, so that the
    network gets used to the error with which it will be written.

    Args:
        sizes: Neurons of each layer, inputs and outputs included.
        inputs: (n, first size), 0 to 1.
        labels: (n,) classes.
        rng: Draws initial weights, batches and noise.
        epochs: Passes over the inputs.
        learning_rate: Step over gradient.
        bound: Weights stay within plus and minus this.
        noise: Sd of the noise on the weights.
        batch: Inputs of one step.
        momentum: Share of the last step that is made again.
    """
    weights = [np.clip(rng.normal(0.0, a**-0.5, (a, b)), -bound, bound) for a, b in itertools.pairwise(sizes)]
    steps = [np.zeros_like(weight) for weight in weights]
    for _ in range(epochs):
        order = rng.permutation(len(inputs))
        for start in range(0, len(inputs), batch):
            chosen = order[start : start + batch]
            noisy = [weight + noise * rng.standard_normal(weight.shape) for weight in weights]
            for weight, step, slope in zip(
                weights, steps, _gradients(noisy, inputs[chosen], labels[chosen]), strict=True
            ):
                step *= momentum
                step -= learning_rate * slope
                np.clip(weight + step, -bound, bound, out=weight)
    return weights


def _gradients(weights: Sequence[Floats], inputs: Floats, labels: NDArray[np.uint8]) -> list[Floats]:
    values = forward(weights, inputs)
    exponentials = np.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
    error = exponentials / exponentials.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1.0
    error /= len(labels)
    gradients: list[Floats] = []
    for number in reversed(range(len(weights))):
        gradients.insert(0, values[number].T @ error)
        error = (error @ weights[number].T) * (values[number] > 0.0)
    return gradients
