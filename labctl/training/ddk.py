"""Feature learning by drift and diffusion: the recursion as a layer of PyTorch, and a classifier of two dense layers.

A row of the input is a train of pulses on one memristor: y_1 = 1, y_k = y_(k-1) + alpha/y_(k-1) - beta x_(k-1). The
states are the features. Source: Nat. Commun. 16, 913 (2025), eqs. (3) and (4) and their discrete form in public code.
Three changes make it trainable, and true to a device: alpha and beta stay in 0.001..1, the state does not fall below
0.05, and the features are standardised, without parameters of their own, which folds into the first dense layer.
"""

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

Floats = NDArray[np.float64]
LOWEST, HIGHEST = 0.001, 1.0
"""Of alpha and beta."""
FLOOR = 0.05
"""Of the state."""
ALPHA_NOISE, BETA_NOISE = 0.096, 0.276
"""Standard deviations of a device's alpha and beta, in hardware. Source: public code of the paper."""
WEIGHT_BIAS, WEIGHT_NOISE = 0.203e-6, 1.147e-6
"""Mean and standard deviation of a written conductance's error, in S. Source: public code of the paper."""
BATCH, RATE, LONGEST_GRADIENT = 64, 0.003, 1.0
"""Of the training ex situ (Adam); *assumed*."""
START = (0.3, 0.5)
"""Of alpha and beta, where the recursion is stable (beta^2 < 2 alpha); *assumed*."""
NARROWEST = 0.1
"""Least standard deviation that a feature is divided by, or pixels that are never lit would rule; *assumed*."""


def states_and_slopes(alpha: Floats, beta: Floats, inputs: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the states (n, k) of n trains, and their derivatives by alpha and by beta.

    Args:
        alpha: (n,) diffusion per pulse.
        beta: (n,) drift per pulse at x = 1.
        inputs: (n, k) x in 0..1; the last has no effect, as in the published form.
    """
    x = np.ascontiguousarray(inputs.T)
    y, by_alpha, by_beta = np.ones_like(x), np.zeros_like(x), np.zeros_like(x)
    for k in range(1, len(x)):
        inverse = 1.0 / y[k - 1]
        kept = 1.0 - alpha * inverse * inverse
        after = y[k - 1] + alpha * inverse - beta * x[k - 1]
        free = after > FLOOR  # a state on the floor hangs on neither
        y[k] = np.maximum(after, FLOOR)
        by_alpha[k] = np.where(free, kept * by_alpha[k - 1] + inverse, 0.0)
        by_beta[k] = np.where(free, kept * by_beta[k - 1] - x[k - 1], 0.0)
    return y.T, by_alpha.T, by_beta.T


def states(alpha: Floats, beta: Floats, inputs: Floats) -> Floats:
    """Return the states (n, k) of n trains, as `states_and_slopes` does, without the derivatives."""
    x = np.ascontiguousarray(inputs.T)
    y = np.ones_like(x)
    for k in range(1, len(x)):
        np.maximum(y[k - 1] + alpha / y[k - 1] - beta * x[k - 1], FLOOR, out=y[k])
    return y.T


class DriftDiffusion(torch.autograd.Function):
    """The recursion for alpha (n,), beta (n,) and inputs (n, k); gives states (n, k). Inputs get no gradient."""

    @staticmethod
    def forward(ctx: Any, alpha: torch.Tensor, beta: torch.Tensor, inputs: torch.Tensor) -> torch.Tensor:
        """Run all trains, and keep the derivatives that run along."""
        parts = states_and_slopes(*(part.detach().numpy().astype(np.float64) for part in (alpha, beta, inputs)))
        found, by_alpha, by_beta = (torch.from_numpy(np.ascontiguousarray(part)).to(alpha.dtype) for part in parts)
        ctx.save_for_backward(by_alpha, by_beta)
        return found

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
        """Return dC/dalpha = sum over t of delta dy/dalpha, and likewise for beta."""
        by_alpha, by_beta = ctx.saved_tensors
        return (slopes[0] * by_alpha).sum(1), (slopes[0] * by_beta).sum(1), None


@dataclasses.dataclass
class Network:
    """A trained network.

    Attributes:
        alpha: Of the layer.
        beta: Of the layer.
        mean: (features,) of the states.
        deviation: (features,) standard deviations of the states.
        weights: (hidden, features) and (classes, hidden).
        biases: (hidden,) and (classes,).
    """

    alpha: float
    beta: float
    mean: Floats
    deviation: Floats
    weights: list[Floats]
    biases: list[Floats]


def drawn(value: float, deviation: float, count: int, rng: np.random.Generator) -> Floats:
    """Return (count,) values of devices about ``value``, each drawn again until it is positive."""
    values = rng.normal(value, deviation, count)
    while (low := values <= 0.0).any():
        values[low] = rng.normal(value, deviation, int(low.sum()))
    return values


def features(inputs: Floats, alpha: Floats, beta: Floats) -> Floats:
    """Return the states (n, rows * k) of inputs (n, rows, k) on devices, one for each row.

    Args:
        inputs: x in 0..1.
        alpha: (rows,), or (n, rows) where each train has its own.
        beta: As alpha.
    """
    count, rows, length = inputs.shape
    found = [
        states(
            np.broadcast_to(alpha, (count, rows))[part].ravel(), np.broadcast_to(beta, (count, rows))[part].ravel(),
            inputs[part].reshape(-1, length),
        ).reshape(-1, rows * length)
        for part in (slice(first, first + 500) for first in range(0, count, 500))
    ]  # fmt: skip
    return np.concatenate(found)


def hidden(standardised: Floats, weights: Floats, bias: Floats) -> Floats:
    """Return the outputs of the first dense layer, a sigmoid (for 128-16-10 the paper's; for digits *assumed*)."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(standardised @ weights.T + bias, -50.0, 50.0))))


def accuracy(standardised: Floats, labels: NDArray[np.int64], weights: list[Floats], biases: list[Floats]) -> float:
    """Return the share of right answers, in %, for standardised features (n, features)."""
    return float((answers(standardised, weights, biases) == labels).mean() * 100.0)


def answers(standardised: Floats, weights: list[Floats], biases: list[Floats]) -> NDArray[np.int64]:
    """Return the classes (n,) that the classifier says for standardised features (n, features)."""
    outputs = hidden(standardised, weights[0], biases[0]) @ weights[1].T + biases[1]
    return np.asarray(outputs.argmax(axis=1))


def gradients(
    standardised: Floats, labels: NDArray[np.int64], weights: list[Floats], biases: list[Floats]
) -> tuple[list[Floats], list[Floats]]:
    """Return the slopes of a batch's mean cross-entropy by weights and biases.

    Source: delta^k = (G^(k+1))^T delta^(k+1) sigma'(z^k); dC/dG^k = delta^k (a^(k-1))^T.
    """
    inner = hidden(standardised, weights[0], biases[0])
    outputs = inner @ weights[1].T + biases[1]
    raised = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    last = raised / raised.sum(axis=1, keepdims=True)
    last[np.arange(len(labels)), labels] -= 1.0
    last /= len(labels)
    first = (last @ weights[1]) * inner * (1.0 - inner)
    return [first.T @ standardised, last.T @ inner], [first.sum(0), last.sum(0)]


class Trainer:
    """Training ex situ, an epoch at a time.

    Args:
        inputs: (n, rows, k) x in 0..1.
        labels: (n,).
        inner: Outputs of the first dense layer.
        seed: Of weights, order and noise.
        span: Conductance that the largest weight of a layer stands for, in S.
        noisy: Train with the hardware's noise on alpha, beta and weights.
    """

    def __init__(
        self, inputs: Floats, labels: NDArray[np.int64], inner: int, seed: int, *, span: float, noisy: bool
    ) -> None:
        self._inputs, self._labels = inputs, torch.from_numpy(labels)
        self._span, self._noisy = span, noisy
        self._rng = np.random.default_rng([seed, 11])
        generator = torch.Generator().manual_seed(seed)
        wide = inputs.shape[1] * inputs.shape[2]

        def start(*shape: int) -> torch.Tensor:
            bound = shape[-1] ** -0.5
            return torch.empty(shape).uniform_(-bound, bound, generator=generator).requires_grad_()

        self.weights = [start(inner, wide), start(10, inner)]
        self.biases = [torch.zeros(count, requires_grad=True) for count in (inner, 10)]
        self.kinetics = torch.tensor(START, requires_grad=True)
        self._optimiser = torch.optim.Adam([self.kinetics, *self.weights, *self.biases], lr=RATE)

    def epoch(self) -> None:
        """See each input once."""
        order = self._rng.permutation(len(self._labels))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            self._optimiser.zero_grad()
            given = self._states(self._inputs[chosen])
            deviation = given.std(0, unbiased=False).clamp_min(NARROWEST)
            outputs = self._outputs((given - given.mean(0)) / deviation)
            functional.cross_entropy(outputs, self._labels[chosen]).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_([self.kinetics], LONGEST_GRADIENT)
            self._optimiser.step()
            with torch.no_grad():
                self.kinetics.clamp_(LOWEST, HIGHEST)

    def network(self) -> Network:
        """Return what was trained, standardised by the states of all inputs."""
        alpha, beta = self.kinetics.detach().tolist()
        found = features(self._inputs, *self._devices(len(self._inputs)))
        mean, deviation = found.mean(0), np.maximum(found.std(0), NARROWEST)
        weights = [part.detach().numpy().astype(np.float64) for part in self.weights]
        biases = [part.detach().numpy().astype(np.float64) for part in self.biases]
        return Network(alpha, beta, mean, deviation, weights, biases)

    def _devices(self, count: int) -> tuple[Floats, Floats]:
        """Return alpha and beta (count, rows) of trains, with a draw for each where the training is noisy."""
        alpha, beta = self.kinetics.detach().tolist()
        rows = self._inputs.shape[1]
        if not self._noisy:
            return np.full((count, rows), alpha), np.full((count, rows), beta)
        trains = count * rows
        return (
            drawn(alpha, ALPHA_NOISE, trains, self._rng).reshape(count, rows),
            drawn(beta, BETA_NOISE, trains, self._rng).reshape(count, rows),
        )

    def _states(self, inputs: Floats) -> torch.Tensor:
        count, rows, length = inputs.shape
        flat = [torch.from_numpy(part.ravel()).float() for part in self._devices(count)]
        # The devices' values, with the slope of the one value that is trained.
        acting = [part + (own - own.detach()) for part, own in zip(flat, self.kinetics, strict=True)]
        given = torch.from_numpy(inputs.reshape(-1, length))
        found: torch.Tensor = DriftDiffusion.apply(*acting, given)  # type: ignore[no-untyped-call]
        return found.reshape(count, rows * length)

    def _outputs(self, standardised: torch.Tensor) -> torch.Tensor:
        weights = [self._with_error(part) for part in self.weights]
        inner = torch.sigmoid(standardised @ weights[0].T + self.biases[0])
        return inner @ weights[1].T + self.biases[1]

    def _with_error(self, weights: torch.Tensor) -> torch.Tensor:
        if not self._noisy:
            return weights
        error = self._rng.normal(WEIGHT_BIAS, WEIGHT_NOISE, weights.shape) / self._span
        return weights + weights.detach().abs().max() * torch.from_numpy(error).float()
