"""Fits of alpha and beta per second: the batched solver beside scipy's trust-region-reflective method, in one run."""

import numpy as np
from timing import compare

from labctl.analysis.recursion import fit_many, fit_one, recursion

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
        for trace in states[:BY_SCIPY]:
            fit_one(trace, inputs, rng, jacobian=jacobian)
        return BY_SCIPY

    compare(
        f"alpha and beta of {POINTS - 1} pulses, one core, one random start for scipy",
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
