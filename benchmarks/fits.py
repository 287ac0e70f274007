"""Fits of alpha and beta per second: the batched solver beside scipy's trust-region-reflective method, in one run."""

from typing import Any

import numpy as np
from scipy.optimize import least_squares
from timing import compare

from labctl.analysis.recursion import fit_many, fit_one, recursion, sensitivities

POINTS, TRACES, BY_SCIPY = 101, 40_000, 40


def traces(count: int) -> np.ndarray:
    """Return (count, POINTS) traces of drawn cells with a read noise of half a per cent, normalised."""
    rng = np.random.default_rng(1)
    alpha = rng.uniform(0.004, 0.05, count)
    beta = rng.uniform(0.4, 0.9, count) * np.sqrt(2.0 * alpha)
    clean = np.array([recursion(a, b, np.ones(POINTS)) for a, b in zip(alpha, beta, strict=True)])
    noisy = clean * (1.0 + 0.005 * rng.standard_normal(clean.shape))
    return noisy / noisy[:, :1]


def main() -> None:
    states, inputs = traces(TRACES), np.ones(POINTS)
    rng = np.random.default_rng(2)

    def batched() -> int:
        fit_many(states, inputs)
        return TRACES

    def scipy_fits(jacobian: bool) -> int:
        """Fit with scipy's own tolerances, from a start near the end: the best case for scipy."""
        for trace in states[:BY_SCIPY]:

            def residuals(p: Any, trace: Any = trace) -> Any:
                return recursion(p[0], p[1], inputs) - trace

            def derivatives(p: Any) -> Any:
                return sensitivities(p[0], p[1], inputs)

            given: Any = derivatives if jacobian else "2-point"
            least_squares(residuals, (0.02, 0.12), jac=given, bounds=(0.0, 1.0), method="trf")
        return BY_SCIPY

    compare(
        f"alpha and beta of {POINTS - 1} pulses, one core; scipy with its compiled recursion and default tolerances",
        {
            "labctl, batched": batched,
            "scipy trf with the Jacobian": lambda: scipy_fits(True),
            "scipy trf": lambda: scipy_fits(False),
        },
        "fits/s",
        rounds=3,
    )
    fits = fit_many(states, inputs)
    distances = []
    for place in range(BY_SCIPY):
        alpha, beta, residual = fit_one(states[place], inputs, rng, starts=10)
        if residual < fits.residual[place] * (1.0 + 1e-6):
            distances.append(max(abs(alpha - fits.alpha[place]), abs(beta - fits.beta[place])))
    print(f"  largest distance from scipy's alpha and beta over {len(distances)} traces: {max(distances):.1e}")


if __name__ == "__main__":
    main()
