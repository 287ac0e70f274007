"""Analysis of integrate-and-fire trains: RC constant, firing voltage, and pulses to fire beside the closed form.

A capacitor C_m behind a resistor R_a, with a source at 0 V between the pulses, has at the end of pulse n
V_n = V_in (1 - a)(1 - (a b)^n) / (1 - a b), a = exp(-t_on/RC), b = exp(-t_off/RC).
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import rankdata, t

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]
DROP = 0.25
"""Part of its voltage that a capacitor loses at once when the memristor fires, at least; *assumed*."""
FLOOR = 0.05
"""Drops below this part of the pulses' amplitude are taken for noise; *assumed*."""
TOP = 0.015
"""Part of the highest voltage by which a sample just before the drop may be lower: noise and codes; *assumed*."""
BEFORE = 15e-6
"""Longest time, in s, from the highest voltage to a drop that counts; *assumed*, some times R_on C_m."""
FITTED_POINTS = 2000
"""Samples of a train that the fit uses, at least, where there are so many."""
FEWEST_POINTS = 20
"""Samples without which there is no fit."""


class Train(NamedTuple):
    """What one train of pulses gave.

    Attributes:
        pulse: Number of the pulse that fired, from 1; 0 for none.
        voltage: V across the memristor when it fired; NaN for none.
        rc: s, fitted to the charging before; NaN where it could not be.
        rc_error: s, standard error.
    """

    pulse: int
    voltage: float
    rc: float
    rc_error: float


def closed_form(pulses: Floats, *, amplitude: float, width: float, interval: float, rc: float) -> Floats:
    """Return the voltages (n,) V at the end of pulses number ``pulses`` (n,); times in s."""
    a, b = math.exp(-width / rc), math.exp(-interval / rc)
    return np.asarray(amplitude * (1.0 - a) * (1.0 - (a * b) ** pulses) / (1.0 - a * b))


def highest_voltage(*, amplitude: float, width: float, interval: float, rc: float) -> float:
    """Return the voltage (V) that pulses for ever would reach."""
    return (
        amplitude
        if rc <= 0.0
        else float(closed_form(np.array([math.inf]), amplitude=amplitude, width=width, interval=interval, rc=rc)[0])
    )


def pulses_to_fire(threshold: Floats, *, amplitude: float, width: float, interval: float, rc: float) -> Floats:
    """Return how many pulses (n,) reach ``threshold`` (n,) V by the closed form; infinite where none do."""
    a, b = math.exp(-width / rc), math.exp(-interval / rc)
    left = 1.0 - threshold * (1.0 - a * b) / (amplitude * (1.0 - a))
    with np.errstate(divide="ignore", invalid="ignore"):
        number = np.ceil(np.log(left) / math.log(a * b))
    return np.where(left > 0.0, np.maximum(number, 1.0), np.inf)


def digest(
    times: Floats, source: Floats, across: Floats, *, amplitude: float, width: float, interval: float, rc: float
) -> Train:
    """Return what a train of pulses gave.

    Args:
        times: (n,) s.
        source: (n,) V before the resistor.
        across: (n,) V across the memristor.
        amplitude: V of the pulses.
        width: s of the pulses.
        interval: s between them.
        rc: s, as expected.
    """
    rising = np.flatnonzero((source[:-1] <= 0.5 * amplitude) & (source[1:] > 0.5 * amplitude))
    if not len(rising):
        return Train(0, math.nan, math.nan, math.nan)
    first = 0.5 * float(times[rising[0]] + times[rising[0] + 1])
    starts: Floats = first + (width + interval) * np.arange(len(rising), dtype=np.float64)
    pulse, fired = _first_drop(times, across, starts, width, amplitude, rc)
    last = fired if pulse else len(times)
    fit = _fit(times[:last], across[:last], starts, width, amplitude, rc)
    if fit is None:
        near = across[max(fired - 2, 0) : fired + 1]
        return Train(pulse, float(near.mean()) if pulse else math.nan, math.nan, math.nan)
    values, error = fit
    voltage = float(_model(values, times[fired : fired + 1], starts, width, amplitude)[0])
    return Train(pulse, voltage if pulse else math.nan, float(values[0]), error)


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``train``.

    The summary has ``trains``, ``fired_share``, the mean ``firing_voltage`` (V) with its 95 % interval
    (``_low``, ``_high``) and the spread ``firing_voltage_sd_percent``; ``rc`` (s) with its interval, and
    ``rc_over_parts``, its ratio to R_a C_m as fitted by hand; ``pulses_first_level``, ``pulses_last_level``, ``trend``
    (rank correlation of pulses with the swept quantity), ``pulses_over_formula`` (all pulses to fire over those that
    the closed form has for the firing voltages of all trains), ``spikes_agree`` (share of trains where the measured
    current has a spike if and only if the voltage dropped) and ``peak_current`` (A).
    """
    train = run.arrays("train")
    fired = train["pulses"] > 0
    volts, (rc, rc_low, rc_high) = train["voltage"][fired], combined(train["rc"], train["rc_error"])
    levels = _levels(train, volts, rc)
    mean, low, high = interval(volts)
    usable = np.isfinite(levels["formula"]) & (levels["fired"] == levels["trains"]) & (levels["fired"] > 0)
    formula = float(np.sum(levels["formula"][usable] * levels["fired"][usable]))
    counted = float(np.sum(levels["pulses"][usable] * levels["fired"][usable]))
    parts = float(train["resistance"][0] * train["capacitance"][0])
    ok = levels["fired"] > 0
    summary: dict[str, float | int] = {
        "trains": len(fired),
        "fired_share": float(fired.mean()),
        "firing_voltage": mean,
        "firing_voltage_low": low,
        "firing_voltage_high": high,
        "firing_voltage_sd_percent": float(100.0 * volts.std(ddof=1) / mean) if len(volts) > 1 else math.nan,
        "rc": rc,
        "rc_low": rc_low,
        "rc_high": rc_high,
        "rc_over_parts": rc / parts if parts else math.nan,
        "pulses_first_level": float(levels["pulses"][0]),
        "pulses_last_level": float(levels["pulses"][-1]),
        "trend": correlation(levels["swept"][ok], levels["pulses"][ok]),
        "pulses_over_formula": counted / formula if formula else math.nan,
        "spikes_agree": float(np.mean(train["spike"].astype(bool) == fired)),
        "peak_current": float(np.max(train["peak_current"])),
    }
    units = {"swept": swept(train)[1], "amplitude": "V", "width": "s", "interval": "s", "voltage": "V"}
    return Results(summary, {"levels": Table(levels, units, "pulses", "swept")}, "levels", printed="levels")


def swept(train: Mapping[str, NDArray[Any]]) -> tuple[str, str]:
    """Return name and unit of the quantity that was swept; the width where nothing was."""
    for name, unit in (("width", "s"), ("amplitude", "V"), ("interval", "s")):
        if np.ptp(train[name]) > 0.0:
            return name, unit
    return "width", "s"


def interval(values: Floats) -> tuple[float, float, float]:
    """Return mean and 95 % interval of the mean of Gaussian ``values`` (n,)."""
    if not len(values):
        return math.nan, math.nan, math.nan
    mean = float(values.mean())
    if len(values) < 2:
        return mean, -math.inf, math.inf
    half = float(t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
    return mean, mean - half, mean + half


def combined(values: Floats, errors: Floats) -> tuple[float, float, float]:
    """Return the weighted mean of ``values`` (n,) with standard ``errors`` (n,), and its 95 % interval."""
    good = np.isfinite(values) & np.isfinite(errors) & (errors > 0.0)
    if not good.any():
        return math.nan, math.nan, math.nan
    weights = errors[good] ** -2.0
    mean = float(np.average(values[good], weights=weights))
    scatter = float(np.sum(weights * (values[good] - mean) ** 2)) / max(int(good.sum()) - 1, 1)
    half = float(t.ppf(0.975, max(int(good.sum()) - 1, 1)) if scatter > 1.0 else 1.96)
    half *= math.sqrt(max(scatter, 1.0) / float(weights.sum()))
    return mean, mean - half, mean + half


def correlation(first: Floats, second: Floats) -> float:
    """Return Spearman's rank correlation, 0 where one of them does not change."""
    if len(first) < 2 or np.ptp(first) == 0.0 or np.ptp(second) == 0.0:
        return 0.0
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _levels(train: Mapping[str, NDArray[Any]], volts: Floats, rc: float) -> dict[str, NDArray[Any]]:
    """Return one row a level: conditions, trains, those that fired, mean and spread of pulses, and the closed form."""
    name = swept(train)[0]
    rows = []
    for level in np.unique(train["level"]):
        mine = train["level"] == level
        first = int(np.flatnonzero(mine)[0])
        conditions = {key: float(train[key][first]) for key in ("amplitude", "width", "interval")}
        pulses = train["pulses"][mine & (train["pulses"] > 0)]
        expected = pulses_to_fire(volts, **conditions, rc=rc) if rc > 0.0 and len(volts) else np.array([math.nan])
        spread = pulses.std(ddof=1) if len(pulses) > 1 else math.nan
        mean = pulses.mean() if len(pulses) else math.nan
        found = train["voltage"][mine & (train["pulses"] > 0)]
        rows.append({
            "level": int(level), "swept": float(train[name][first]), **conditions, "trains": int(mine.sum()),
            "fired": len(pulses), "pulses": mean, "pulses_sd": spread, "formula": float(expected.mean()),
            "voltage": float(found.mean()) if len(found) else math.nan,
        })  # fmt: skip
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def _first_drop(
    times: Floats, across: Floats, starts: Floats, width: float, amplitude: float, rc: float
) -> tuple[int, int]:
    """Return number of the pulse that fired and index of the sample at which it did; 0 and the last for none."""
    begins = np.searchsorted(times, starts)
    ends, stops = np.searchsorted(times, starts + width), np.append(begins[1:], len(times))
    for number, (begin, end, stop) in enumerate(zip(begins, ends, stops, strict=True), 1):
        part = across[begin:stop]
        if not len(part):
            break
        bound, on = np.maximum.accumulate(part), min(end - begin, len(part))
        after = np.exp(-(times[begin + on : stop] - times[min(begin + on, len(times) - 1)]) / rc) if rc > 0.0 else 0.0
        bound[on:] = bound[max(on - 1, 0)] * after
        drops = np.flatnonzero(bound - part > np.maximum(DROP * bound, FLOOR * amplitude))
        if rc <= 0.0:
            drops = drops[drops < on - 2]
        if len(drops):
            drop = begin + int(drops[0])
            since = max(int(np.searchsorted(times, times[drop] - BEFORE)), int(begin))
            top = across[since : drop + 1]
            return number, since + int(np.flatnonzero(top >= (1.0 - TOP) * top.max())[-1])
    return 0, len(times) - 1


def _fit(
    times: Floats, across: Floats, starts: Floats, width: float, amplitude: float, rc: float
) -> tuple[Floats, float] | None:
    """Return RC (s), gain, offset (V) and delay (s) of the charging, and the standard error of RC."""
    stride = max(len(times) // FITTED_POINTS, 1)
    x, y = times[::stride], across[::stride]
    if rc <= 0.0 or np.count_nonzero(x > starts[0]) < FEWEST_POINTS:
        return None

    def values(raw: Floats) -> Floats:
        return np.array([rc * math.exp(raw[0]), raw[1], raw[2] * amplitude, raw[3] * 0.01 * rc])

    def miss(raw: Floats) -> Floats:
        return np.asarray((_model(values(raw), x, starts, width, amplitude) - y) / amplitude)

    found = least_squares(miss, np.array([0.0, 1.0, 0.0, 0.0]), method="lm")
    slopes = np.asarray(found.jac, dtype=np.float64)
    covariance = np.linalg.pinv(slopes.T @ slopes) * 2.0 * found.cost / (len(x) - 4)
    best = values(found.x)
    return best, float(best[0] * math.sqrt(covariance[0, 0]))


def _model(values: Floats, times: Floats, starts: Floats, width: float, amplitude: float) -> Floats:
    """Return the voltages (n,) of an RC circuit at ``times`` (n,) for pulses from ``starts`` (k,) s on."""
    rc, gain, offset, delay = values
    edges = np.ravel(np.column_stack([starts, starts + width])) + delay
    goals = np.where(np.arange(len(edges)) % 2 == 0, gain * amplitude, 0.0)
    decays = np.exp(-np.diff(edges) / rc)
    state = np.zeros(len(edges))
    for index, decay in enumerate(decays):
        state[index + 1] = goals[index] + (state[index] - goals[index]) * decay
    at = np.searchsorted(edges, times, side="right") - 1
    since = np.clip(times - edges[np.maximum(at, 0)], 0.0, None)
    volts = goals[at] + (state[at] - goals[at]) * np.exp(-since / rc)
    return np.asarray(np.where(at < 0, 0.0, volts) + offset)
