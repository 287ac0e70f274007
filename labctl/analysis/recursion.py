"""Fits of alpha and beta: y_1 = 1, y_k = y_(k-1) + alpha/y_(k-1) - beta x_(k-1), one by one or thousands at once.

Source of the recursion: Nat. Commun. 16, 913 (2025), eq. (4), in the discrete form of its public code; bounds 0..1 and
trust-region-reflective least squares as the paper says.

`fit_one` is scipy's solver. `fit_many` solves the same problem by Levenberg-Marquardt steps on the free parameters
(one at its bound that would leave it stands still), a block of traces at a time so that each operation is done for
several at once. The derivatives run along with the recursion: with q = 1 - alpha/y^2, s_alpha <- q s_alpha + 1/y and
s_beta <- q s_beta - x.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar, cast

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import least_squares
from scipy.stats import t as student

Floats = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., object])

LANES = 16
"""Traces that are worked on together."""
MOST_PASSES = 200
"""After so many a trace that still moves is given up; ordinary ones take about eight."""
SMALLEST_STEP = 1e-10
"""A step below it ends a fit."""
MOST_DAMPING = 1e12
"""A step that is damped so much and still does not help ends a fit: it is at its minimum to the last digit."""
_RUNAWAY = 1e6
_START_FLOOR = 0.05
"""States below it are left out of the start's 1/y, where noise would rule; *assumed*."""
_FITTED = 4
"""Points of a trace that say nothing of its noise: the first, alpha, beta, and the scale."""
_SUMS = 9  # y, s_alpha, s_beta; cost; gradient of 2; Hessian of 3


def _compiled(function: F) -> F:
    try:
        return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:  # no place to keep the machine code
        return cast(F, numba.njit(nogil=True, error_model="numpy")(function))


class Fits(NamedTuple):
    """Fits of n traces, (n,) each.

    Attributes:
        alpha: Strength of diffusion, per pulse.
        beta: Strength of drift, per pulse at x = 1.
        residual: Sum of squared residuals.
        passes: Times that the recursion was run; 0 where the solver does not tell.
        converged: Whether the steps ended by themselves.
    """

    alpha: Floats
    beta: Floats
    residual: Floats
    passes: NDArray[np.int64]
    converged: NDArray[np.bool_]


class Intervals(NamedTuple):
    """Half-widths (n,) of the confidence intervals of fits, symmetric about the fitted values."""

    alpha: Floats
    beta: Floats


def recursion(alpha: float, beta: float, inputs: ArrayLike) -> Floats:
    """Return the (k,) states for (k,) ``inputs`` x; the last input has no effect, as in the published form."""
    states: Floats = _with_sensitivities(alpha, beta, np.asarray(inputs, dtype=np.float64))[:, 0].copy()
    return states


def sensitivities(alpha: float, beta: float, inputs: ArrayLike) -> Floats:
    """Return the (k, 2) derivatives of the states by alpha and beta."""
    found: Floats = _with_sensitivities(alpha, beta, np.asarray(inputs, dtype=np.float64))[:, 1:].copy()
    return found


@_compiled
def _with_sensitivities(alpha: float, beta: float, x: Floats) -> Floats:
    """Return the (k, 3) states and their derivatives by alpha and beta."""
    found = np.zeros((x.size, 3))
    found[0, 0] = 1.0
    for k in range(1, x.size):
        inverse = 1.0 / found[k - 1, 0]
        kept = 1.0 - alpha * inverse * inverse
        found[k, 0] = found[k - 1, 0] + alpha * inverse - beta * x[k - 1]
        found[k, 1] = kept * found[k - 1, 1] + inverse
        found[k, 2] = kept * found[k - 1, 2] - x[k - 1]
    return found


def fit_one(
    states: ArrayLike, inputs: ArrayLike, rng: np.random.Generator, *, jacobian: bool = True, starts: int = 1
) -> tuple[float, float, float]:
    """Fit one trace by scipy's trust-region-reflective method, from random starts within the bounds.

    From one random start the method often ends in another minimum than the deepest: where beta^2 > 2 alpha the
    recursion is unstable, and the sum of squares is rugged there.

    Args:
        states: (k,) normalised, the first 1.
        inputs: (k,) x in 0..1.
        rng: Of the starts.
        jacobian: Give the solver the derivatives; without, it takes differences.
        starts: From how many starts; the best end counts.

    Returns:
        alpha, beta, and the sum of squared residuals.
    """
    y, x = np.asarray(states, dtype=np.float64), np.asarray(inputs, dtype=np.float64)

    def residuals(parameters: Floats) -> Floats:
        return _tame(recursion(parameters[0], parameters[1], x) - y)

    def derivatives(parameters: Floats) -> Floats:
        return _tame(sensitivities(parameters[0], parameters[1], x))

    best = (np.nan, np.nan, np.inf)
    for _ in range(starts):
        found = least_squares(
            residuals, rng.uniform(0.0, 1.0, 2), jac=derivatives if jacobian else "2-point", bounds=(0.0, 1.0),
            method="trf", ftol=1e-14, xtol=1e-14, gtol=1e-14, max_nfev=100,
        )  # fmt: skip
        if 2.0 * found.cost < best[2]:
            best = (float(found.x[0]), float(found.x[1]), float(2.0 * found.cost))
    return best


def _tame(values: Floats) -> Floats:
    """Return what scipy can square: a recursion that runs away gives numbers without end."""
    return np.clip(np.nan_to_num(values, nan=_RUNAWAY, posinf=_RUNAWAY, neginf=-_RUNAWAY), -_RUNAWAY, _RUNAWAY)


def fit_many(states: ArrayLike, inputs: ArrayLike) -> Fits:
    """Fit n traces at once; the same answers as `fit_one`, from a start that each trace itself suggests.

    Args:
        states: (n, k) normalised, the first of each 1; k at least 5.
        inputs: (n, k) x in 0..1, or (k,) for all.

    Raises:
        ValueError: Shapes that do not fit, or a value that is not finite.
    """
    y, x = _checked(states, inputs)
    count = len(y)
    fits = Fits(np.empty(count), np.empty(count), np.empty(count), np.zeros(count, np.int64), np.zeros(count, np.bool_))
    _fit_all(y, x, *fits)
    return fits


def intervals(states: ArrayLike, inputs: ArrayLike, fits: Fits, level: float = 0.95) -> Intervals:
    """Return confidence intervals of fits to traces that were normalised by their own first read.

    The covariance is the sandwich J+ diag(r^2) J+^T, which holds for noise that grows with the state, too, with each r
    divided by 1 - leverage (the form "HC3"). The first read is as noisy as the others and scales the whole trace; its
    part is added, with the relative noise of the trace.

    Args:
        states: As fitted.
        inputs: As fitted.
        fits: What came out.
        level: Share of intervals that are to cover the true value.
    """
    y, x = _checked(states, inputs)
    variances = np.empty((len(y), 2))
    _variances(y, x, fits.alpha, fits.beta, variances)
    factor = student.ppf(0.5 + 0.5 * level, y.shape[1] - _FITTED)
    return Intervals(factor * np.sqrt(variances[:, 0]), factor * np.sqrt(variances[:, 1]))


def _checked(states: ArrayLike, inputs: ArrayLike) -> tuple[Floats, Floats]:
    y = np.ascontiguousarray(states, dtype=np.float64)
    if y.ndim != 2 or y.shape[1] <= _FITTED:
        raise ValueError(f"states are to be (n, k) with k above {_FITTED}, not {y.shape}")
    given = np.asarray(inputs, dtype=np.float64)
    if given.shape not in {y.shape, y.shape[1:]}:
        raise ValueError(f"inputs are to be {y.shape} or {y.shape[1:]}, not {given.shape}")
    if not (np.isfinite(y).all() and np.isfinite(given).all()):
        raise ValueError("states and inputs are to be finite")
    return y, np.atleast_2d(np.ascontiguousarray(given))


@_compiled
def _fit_all(
    y: Floats,
    x: Floats,
    alpha: Floats,
    beta: Floats,
    residual: Floats,
    passes: NDArray[np.int64],
    converged: NDArray[np.bool_],
) -> None:
    count, length = y.shape
    lanes_y, lanes_x = np.empty(length * LANES), np.empty(length * LANES)
    for start in range(0, count, LANES):
        for lane in range(LANES):
            trace = min(start + lane, count - 1)
            given = min(trace, x.shape[0] - 1)
            for k in range(length):
                lanes_y[k * LANES + lane] = y[trace, k]
                lanes_x[k * LANES + lane] = x[given, k]
        _fit_block(lanes_y, lanes_x, length, start, min(LANES, count - start), alpha, beta, residual, passes, converged)


@_compiled
def _start(y: Floats, x: Floats, length: int, lane: int) -> tuple[float, float]:
    """Return the linear least-squares alpha and beta of the steps y_k - y_(k-1) on 1/y_(k-1) and -x_(k-1)."""
    aa = ab = bb = ga = gb = 0.0
    for k in range(1, length):
        before, after = y[(k - 1) * LANES + lane], y[k * LANES + lane]
        inverse, x_before = 1.0 / max(before, _START_FLOOR), -x[(k - 1) * LANES + lane]
        aa += inverse * inverse
        ab += inverse * x_before
        bb += x_before * x_before
        ga += inverse * (after - before)
        gb += x_before * (after - before)
    determinant = aa * bb - ab * ab
    if determinant <= 1e-12 * aa * bb:
        return 0.01, 0.05
    first = (ga * bb - gb * ab) / determinant
    second = (gb * aa - ga * ab) / determinant
    return min(max(first, 1e-6), 1.0), min(max(second, 1e-6), 1.0)


@_compiled
def _run(y: Floats, x: Floats, length: int, alpha: Floats, beta: Floats, sums: Floats) -> None:
    """Run the recursion of one block and add up cost, gradient and Hessian into ``sums``, ``_SUMS`` x ``LANES``."""
    for lane in range(LANES):
        sums[lane] = 1.0
    for place in range(LANES, _SUMS * LANES):
        sums[place] = 0.0
    for k in range(1, length):
        for lane in range(LANES):
            before = sums[lane]
            x_before = x[(k - 1) * LANES + lane]
            inverse = 1.0 / before
            kept = 1.0 - alpha[lane] * inverse * inverse
            by_alpha = kept * sums[LANES + lane] + inverse
            by_beta = kept * sums[2 * LANES + lane] - x_before
            after = before + alpha[lane] * inverse - beta[lane] * x_before
            off = after - y[k * LANES + lane]
            sums[lane] = after
            sums[LANES + lane] = by_alpha
            sums[2 * LANES + lane] = by_beta
            sums[3 * LANES + lane] += off * off
            sums[4 * LANES + lane] += by_alpha * off
            sums[5 * LANES + lane] += by_beta * off
            sums[6 * LANES + lane] += by_alpha * by_alpha
            sums[7 * LANES + lane] += by_alpha * by_beta
            sums[8 * LANES + lane] += by_beta * by_beta


@_compiled
def _step(a: float, b: float, damping: float, sums: Floats, lane: int) -> tuple[float, float]:
    """Return the next alpha and beta from the sums at (a, b), within the bounds."""
    ga, gb = sums[4 * LANES + lane], sums[5 * LANES + lane]
    aa, ab, bb = sums[6 * LANES + lane], sums[7 * LANES + lane], sums[8 * LANES + lane]
    fixed_a = (a <= 0.0 and ga > 0.0) or (a >= 1.0 and ga < 0.0)
    fixed_b = (b <= 0.0 and gb > 0.0) or (b >= 1.0 and gb < 0.0)
    aa *= 1.0 + damping
    bb *= 1.0 + damping
    determinant = aa * bb - ab * ab
    da = db = 0.0
    if not fixed_a and not fixed_b and determinant > 1e-15 * aa * bb:
        da = -(ga * bb - gb * ab) / determinant
        db = -(gb * aa - ga * ab) / determinant
    elif not fixed_a and aa > 0.0:
        da = -ga / aa
    elif not fixed_b and bb > 0.0:
        db = -gb / bb
    return min(max(a + da, 0.0), 1.0), min(max(b + db, 0.0), 1.0)


@_compiled
def _fit_block(
    y: Floats,
    x: Floats,
    length: int,
    start: int,
    used: int,
    alpha: Floats,
    beta: Floats,
    residual: Floats,
    passes: NDArray[np.int64],
    converged: NDArray[np.bool_],
) -> None:
    """Fit the traces of one block; ``used`` of its lanes hold a trace of their own."""
    a, b = np.empty(LANES), np.empty(LANES)
    trial_a, trial_b = np.empty(LANES), np.empty(LANES)
    cost, damping = np.full(LANES, np.inf), np.full(LANES, 1e-3)
    best, sums = np.zeros(_SUMS * LANES), np.zeros(_SUMS * LANES)
    done = np.zeros(LANES, np.bool_)
    for lane in range(LANES):
        trial_a[lane], trial_b[lane] = _start(y, x, length, lane)
        a[lane], b[lane] = trial_a[lane], trial_b[lane]
    left = used
    for number in range(1, MOST_PASSES + 1):
        _run(y, x, length, trial_a, trial_b, sums)
        for lane in range(used):
            if done[lane]:
                continue
            moved = max(abs(trial_a[lane] - a[lane]), abs(trial_b[lane] - b[lane]))
            better = sums[3 * LANES + lane] <= cost[lane]  # false for a NaN
            if better:
                a[lane], b[lane], cost[lane] = trial_a[lane], trial_b[lane], sums[3 * LANES + lane]
                for row in range(_SUMS):
                    best[row * LANES + lane] = sums[row * LANES + lane]
                damping[lane] *= 0.03
            elif np.isinf(cost[lane]):  # the start itself runs away: try a tame one
                trial_a[lane], trial_b[lane] = 0.01, 0.01
                continue
            else:
                damping[lane] = max(10.0 * damping[lane], 1e-3)
            if (number > 1 and moved < SMALLEST_STEP) or damping[lane] > MOST_DAMPING:
                done[lane] = converged[start + lane] = True
                passes[start + lane] = number
                left -= 1
            else:
                trial_a[lane], trial_b[lane] = _step(a[lane], b[lane], damping[lane], best, lane)
        if left == 0:
            break
    for lane in range(used):
        alpha[start + lane], beta[start + lane] = a[lane], b[lane]
        residual[start + lane] = cost[lane]
        if not done[lane]:
            passes[start + lane] = MOST_PASSES


@_compiled
def _variances(y: Floats, x: Floats, alpha: Floats, beta: Floats, variances: Floats) -> None:
    """Put the variances of alpha and beta, (n, 2), into ``variances``."""
    count, length = y.shape
    states, by_alpha, by_beta = np.ones(length), np.zeros(length), np.zeros(length)
    for trace in range(count):
        inputs = x[min(trace, x.shape[0] - 1)]
        aa = ab = bb = ca = cb = 0.0
        for k in range(1, length):
            inverse = 1.0 / states[k - 1]
            kept = 1.0 - alpha[trace] * inverse * inverse
            by_alpha[k] = kept * by_alpha[k - 1] + inverse
            by_beta[k] = kept * by_beta[k - 1] - inputs[k - 1]
            states[k] = states[k - 1] + alpha[trace] * inverse - beta[trace] * inputs[k - 1]
            aa, ab, bb = aa + by_alpha[k] ** 2, ab + by_alpha[k] * by_beta[k], bb + by_beta[k] ** 2
            ca, cb = ca + by_alpha[k] * states[k], cb + by_beta[k] * states[k]
        determinant = aa * bb - ab * ab
        ia, ib, ic = bb / determinant, -ab / determinant, aa / determinant
        scale_a, scale_b = ia * ca + ib * cb, ib * ca + ic * cb
        # What a wrong scale leaves in the residuals is told from noise by its shape.
        with_shape = shape = 0.0
        for k in range(1, length):
            left = states[k] - by_alpha[k] * scale_a - by_beta[k] * scale_b
            with_shape += left * (y[trace, k] - states[k])
            shape += left * left
        part = with_shape / shape if shape > 0.0 else 0.0
        maa = mab = mbb = relative = 0.0
        for k in range(1, length):
            left = states[k] - by_alpha[k] * scale_a - by_beta[k] * scale_b
            square = (y[trace, k] - states[k] - part * left) ** 2
            relative += square / (states[k] * states[k])
            pull = ia * by_alpha[k] ** 2 + 2.0 * ib * by_alpha[k] * by_beta[k] + ic * by_beta[k] ** 2
            square /= (1.0 - min(pull, 0.9)) ** 2
            maa += square * by_alpha[k] ** 2
            mab += square * by_alpha[k] * by_beta[k]
            mbb += square * by_beta[k] ** 2
        first = relative / (length - _FITTED)
        along_a = ia * ia * maa + 2.0 * ia * ib * mab + ib * ib * mbb
        along_b = ib * ib * maa + 2.0 * ib * ic * mab + ic * ic * mbb
        variances[trace, 0] = along_a + first * scale_a * scale_a
        variances[trace, 1] = along_b + first * scale_b * scale_b
