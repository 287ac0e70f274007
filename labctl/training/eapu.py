"""EaPU, error-aware probabilistic update, as PyTorch optimisers: fewer and larger updates, the same on average.

A memristor is written with an error of some microsiemens, so that a smaller wanted change is lost in it. EaPU makes
a change that is below a threshold either as large as the threshold or leaves it out, by chance, so that the mean stays:

    |dW| >= dW_th:  dW
    |dW| <  dW_th:  sign(dW) dW_th with probability |dW| / dW_th, else 0

Source: Nat. Commun. 16, 11494 (2025), Eq. (4); reconstructed, confirmed by the authors' public code.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, overload

import torch
from torch.optim import SGD, Adam, Optimizer
from typing_extensions import override

WRITE_ERROR = 2e-6
"""Standard deviation of what a device is after a write minus what was wanted, in S. Source: EAPU, Methods: 2 uS."""
WEIGHT_PER_SIEMENS = 1e6 / 80.0
"""Weight per conductance, R_wg. Source: EAPU, Methods: 1/80 per uS."""
THRESHOLD = WRITE_ERROR * WEIGHT_PER_SIEMENS
"""The threshold dW_th = SD(write error) R_wg, 0.025; the paper finds it best, with a wide plateau."""


def probabilistic(change: torch.Tensor, threshold: float, generator: torch.Generator | None = None) -> torch.Tensor:
    """Return the update that EaPU makes of a wanted ``change``.

    Args:
        change: Wanted change of each weight, any shape.
        threshold: dW_th; 0 leaves the change as it is.
        generator: Of the random numbers; PyTorch's own if not given.

    Returns:
        The update: same shape and type, zero where a weight is not to be updated, and ``change`` on average.
    """
    if threshold <= 0.0:
        return change.clone()
    # One uniform number decides both cases: a change of the threshold or more is always above it, and a zero never is.
    luck = torch.rand(change.shape, dtype=change.dtype, device=change.device, generator=generator).mul_(threshold)
    size = change.abs()
    made = size > luck
    return torch.copysign(size.clamp_(min=threshold), change).mul_(made)


class _ErrorAware(Optimizer):
    """Passes what the optimiser behind it would change through `probabilistic`."""

    def __init__(self, params: Any, *, threshold: float, generator: torch.Generator | None, **options: Any) -> None:
        self.generator = generator
        if not (math.isfinite(threshold) and threshold >= 0.0):
            raise ValueError(f"threshold must be finite and not negative, got {threshold}")
        super().__init__(params, **options)
        self.defaults["threshold"] = threshold
        for group in self.param_groups:
            group.setdefault("threshold", threshold)

    @override
    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group.setdefault("threshold", THRESHOLD)

    @overload
    def step(self, closure: None = None) -> None: ...
    @overload
    def step(self, closure: Callable[[], float]) -> float: ...
    @override
    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Make one step.

        Args:
            closure: Evaluates the model again and returns the loss.

        Returns:
            The loss, if there is a closure.
        """
        before = [[p.detach().clone() for p in group["params"]] for group in self.param_groups]
        loss = super().step(closure)
        for group, saved in zip(self.param_groups, before, strict=True):
            for parameter, old in zip(group["params"], saved, strict=True):
                if parameter.grad is not None:
                    wanted = parameter - old
                    parameter.copy_(old.add_(probabilistic(wanted, group["threshold"], self.generator)))
        return loss


class AdamEaPU(_ErrorAware, Adam):
    """Adam with error-aware probabilistic updates.

    Args:
        params: Parameters, or groups of them; a group may have its own ``threshold``.
        lr: Learning rate.
        threshold: dW_th in units of the weight: SD of the write error times weight per siemens.
        generator: Of the random numbers; PyTorch's own if not given. Its state is not part of ``state_dict``.
        options: As of `torch.optim.Adam`.

    Raises:
        ValueError: The threshold is negative or not finite.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, *, threshold: float = THRESHOLD,
        generator: torch.Generator | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, threshold=threshold, generator=generator, **options)


class SGDEaPU(_ErrorAware, SGD):
    """Stochastic gradient descent with error-aware probabilistic updates.

    Args:
        params: Parameters, or groups of them; a group may have its own ``threshold``.
        lr: Learning rate.
        threshold: dW_th in units of the weight: SD of the write error times weight per siemens.
        generator: Of the random numbers; PyTorch's own if not given. Its state is not part of ``state_dict``.
        options: As of `torch.optim.SGD`.

    Raises:
        ValueError: The threshold is negative or not finite.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 1e-3, *, threshold: float = THRESHOLD,
        generator: torch.Generator | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(params, lr=lr, threshold=threshold, generator=generator, **options)
