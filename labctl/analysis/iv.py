"""Analysis of d.c. sweeps: switching voltages as where half of the change of conductance is done, currents, states."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

SET, RESET = 0, 1
LEAST_VOLTAGE = 0.1
"""Below this, in V, a conductance is not computed from a point; *assumed*."""
STATE_WINDOW = (0.15, 0.45)
"""Voltages, in V, over which the conductance of a state is averaged: below any switching; *assumed*."""
SET_CURRENT_AT = 1.5
"""Voltage, in V, at which the paper quotes the current of the SET sweep. Source: CNN-E, Yao et al. (2020)."""
Floats = NDArray[np.float64]


class Mean(NamedTuple):
    """A mean over cycles: its value, sd, and half of its 95 % interval (NaN for a single cycle)."""

    value: float
    sd: float
    half_width: float


def mean_of(values: Floats) -> Mean:
    """Return the mean of (n,) values, those that are NaN left out, with its interval by Student's t."""
    kept = values[np.isfinite(values)]
    if not len(kept):
        return Mean(float("nan"), float("nan"), float("nan"))
    if len(kept) == 1:
        return Mean(float(kept[0]), float("nan"), float("nan"))
    sd = float(kept.std(ddof=1))
    return Mean(float(kept.mean()), sd, float(stats.t.ppf(0.975, len(kept) - 1) * sd / np.sqrt(len(kept))))


def switching_voltage(voltages: Floats, currents: Floats) -> float:
    """Return the voltage at which half of the change of conductance of one sweep is done, NaN where it did not switch.

    Args:
        voltages: (n,) from 0 to the end and back, in V.
        currents: (n,) in A.
    """
    end = int(np.argmax(np.abs(voltages)))
    before, after = state(voltages[:end], currents[:end]), state(voltages[end:], currents[end:])
    if not np.isfinite([before, after]).all() or max(before, after) < 2.0 * min(before, after):
        return float("nan")
    usable = np.abs(voltages[: end + 1]) >= LEAST_VOLTAGE
    swept = voltages[: end + 1][usable]
    conductances = currents[: end + 1][usable] / swept
    done = (conductances - before) / (after - before) - 0.5
    crossed = np.flatnonzero((done[:-1] < 0.0) & (done[1:] >= 0.0))
    if not len(crossed):
        return float("nan")
    place = int(crossed[0])
    share = -done[place] / (done[place + 1] - done[place])
    return float(swept[place] + share * (swept[place + 1] - swept[place]))


def state(voltages: Floats, currents: Floats) -> float:
    """Return the conductance, in S, of the points within `STATE_WINDOW`; NaN where there is none."""
    low, high = STATE_WINDOW
    chosen = (np.abs(voltages) >= low) & (np.abs(voltages) <= high)
    if not chosen.any():
        return float("nan")
    return float(currents[chosen] @ voltages[chosen] / (voltages[chosen] @ voltages[chosen]))


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``point``.

    Each is a mean over cycles, with ``_sd`` from cycle to cycle and, for the voltages, ``_ci95`` (half of the 95 %
    interval of the mean): ``set_voltage`` and ``reset_voltage`` (half of the change of conductance is done),
    ``reset_peak_voltage`` (of the largest current), in V; ``set_current_uA`` (at 1.5 V, or at the end where that is
    lower) and ``reset_current_uA`` (the largest); ``low_uS`` and ``high_uS``, the states. ``cycles`` counts the
    complete ones, ``switched_share`` the sweeps that at least doubled or halved the conductance.
    """
    table = by_cycle(run)
    columns = table.columns
    summary: dict[str, float | int] = {"cycles": len(columns["cycle"])}
    for name, factor in (("set_voltage", 1.0), ("reset_voltage", 1.0), ("reset_peak_voltage", 1.0)):
        mean = mean_of(columns[name] * factor)
        summary |= {name: mean.value, f"{name}_sd": mean.sd, f"{name}_ci95": mean.half_width}
    for name, column, factor in (
        ("set_current_uA", "set_current", 1e6),
        ("reset_current_uA", "reset_current", 1e6),
        ("low_uS", "low", 1e6),
        ("high_uS", "high", 1e6),
    ):
        mean = mean_of(columns[column] * factor)
        summary |= {name: mean.value, f"{name.replace('_u', '_sd_u')}": mean.sd}
    voltages = np.concatenate([columns["set_voltage"], columns["reset_voltage"]])
    summary["switched_share"] = float(np.isfinite(voltages).mean())
    return Results(summary, {"by_cycle": table}, "by_cycle", "by_cycle")


def by_cycle(run: RunData) -> Table:
    """Return a row for each complete cycle."""
    point = run.arrays("point")
    rows = []
    for cycle in np.unique(point["cycle"]):
        sweeps = [_sweep(point, cycle, kind) for kind in (SET, RESET)]
        if all(len(voltages) for voltages, _ in sweeps):
            rows.append((float(cycle), *_figures(*sweeps)))
    names = (
        "cycle",
        "set_voltage",
        "reset_voltage",
        "reset_peak_voltage",
        "set_current",
        "reset_current",
        "low",
        "high",
    )
    values = np.array(rows).reshape(-1, len(names)).T
    volts = dict.fromkeys(("set_voltage", "reset_voltage", "reset_peak_voltage"), "V")
    units = {**volts, "set_current": "A", "reset_current": "A", "low": "S", "high": "S"}
    return Table(dict(zip(names, values, strict=True)), units, signal="set_voltage", axes="cycle")


def _sweep(point: dict[str, NDArray[np.generic]], cycle: int, kind: int) -> tuple[Floats, Floats]:
    mine = (point["cycle"] == cycle) & (point["kind"] == kind)
    return point["voltage"][mine].astype(float), point["current"][mine].astype(float)


def _figures(set_sweep: tuple[Floats, Floats], reset_sweep: tuple[Floats, Floats]) -> tuple[float, ...]:
    volts, amps = set_sweep
    end = int(np.argmax(volts))
    peak = int(np.argmax(np.abs(reset_sweep[1])))
    return (
        switching_voltage(*set_sweep),
        switching_voltage(*reset_sweep),
        float(reset_sweep[0][peak]),
        float(np.interp(min(SET_CURRENT_AT, volts[end]), volts[: end + 1], amps[: end + 1])),
        float(np.abs(reset_sweep[1][peak])),
        state(volts[:end], amps[:end]),
        state(volts[end:], amps[end:]),
    )
