"""The error-aware probabilistic update: changes smaller than the writing noise are made seldom, and then larger.

Source: EAPU, Nat. Commun. 16, 11494 (2025), eq. (4).
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def update_threshold(error_sd: float, weight_per_siemens: float = 1.0) -> float:
    """Return the threshold in units of weight: the sd of the writing error (S) times W_max / G_max (1/S).

    Source: EAPU, below eq. (4): best near the sd of the writing error, on a wide plateau.
    """
    return error_sd * weight_per_siemens


def probabilistic(changes: Floats, threshold: float, uniforms: Floats) -> Floats:
    """Return the changes that are made: the mean of each over ``uniforms`` is the change that is wanted.

    A change of the threshold or more is made as it is. A smaller one is made with the probability change / threshold,
    and then as large as the threshold.

    Args:
        changes: Wanted changes, any shape, in the unit of ``threshold``.
        threshold: Not negative; 0 makes every change as it is.
        uniforms: Of the shape of ``changes``, drawn uniformly from 0 (included) to 1.

    Raises:
        ValueError: A negative threshold.

    Source: EAPU, eq. (4): one uniform number a weight decides both cases.
    """
    if threshold < 0.0:
        raise ValueError(f"the threshold must not be negative, got {threshold:g}")
    sizes = np.abs(changes)
    made = (sizes >= uniforms * threshold) & (sizes > 0.0)
    return np.where(made, np.copysign(np.maximum(sizes, threshold), changes), 0.0)
