"""The figure of integrate-and-fire trains: V_in, V_mem and I over time as in NEURON's Fig. 2, and pulses to fire."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import firing
from labctl.results import Results
from labctl.runfile.reader import RunData

_COLOURS = colormaps["viridis"]
_SCALES = {
    "width": (1e6, "pulse width (us)"),
    "amplitude": (1.0, "pulse amplitude (V)"),
    "interval": (1e6, "interval (us)"),
}
SHOWN = 3
"""Traced trains that are drawn, spread over the levels."""


def draw(run: RunData) -> Figure:
    """Return the figure of a run with the streams ``train``, ``voltage`` and ``current``."""
    results, train = firing.analyse(run), run.arrays("train")
    traced = np.unique(run.arrays("voltage")["train"])
    shown = traced[np.unique(np.linspace(0, len(traced) - 1, SHOWN).astype(int))] if len(traced) else traced
    figure = Figure(figsize=(11.0, 8.5), layout="constrained")
    traces, counts = figure.subfigures(1, 2, width_ratios=(1.35, 1.0), squeeze=False).flat
    _traces(traces.subplots(2 * max(len(shown), 1), 1, squeeze=False)[:, 0], run, shown)
    upper, lower = counts.subplots(2, 1)
    _counts(upper, results, firing.swept(train)[0])
    _voltages(lower, train["voltage"][train["pulses"] > 0], results)
    parts = f"{train['resistance'][0] / 1e3:g} kOhm, {train['capacitance'][0] * 1e9:g} nF"
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(
        f"{run.header.title}: {parts}{simulated}, {run.header.sample}, {run.header.started[:10]}", fontsize=11
    )
    return figure


def _traces(
    axes: "np.ndarray[tuple[int, ...], np.dtype[np.object_]]",
    run: RunData,
    shown: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]",
) -> None:
    voltage, current, train = run.arrays("voltage"), run.arrays("current"), run.arrays("train")
    for index, number in enumerate(shown):
        volts, amps = axes[2 * index], axes[2 * index + 1]
        mine, its = voltage["train"] == number, current["train"] == number
        volts.plot(voltage["time"][mine] * 1e3, voltage["source"][mine], color="#9aa7b5", lw=0.8, label="V_in")
        volts.plot(voltage["time"][mine] * 1e3, voltage["membrane"][mine], color="#3b6ea5", lw=1.1, label="V_mem")
        amps.plot(current["time"][its] * 1e3, current["current"][its] * 1e6, color="#c0392b", lw=0.9)
        row = int(np.flatnonzero(train["train"] == number)[0])
        fired = f"fires at pulse {train['pulses'][row]}" if train["pulses"][row] else "does not fire"
        volts.set_title(
            f"{train['amplitude'][row]:.3g} V, {train['width'][row] * 1e6:.4g} us on, "
            f"{train['interval'][row] * 1e6:.4g} us off: {fired}", fontsize=9,
        )  # fmt: skip
        volts.set_ylabel("V")
        amps.set_ylabel("I (uA)")
        volts.tick_params(labelbottom=False)
        amps.sharex(volts)
    if len(shown):
        axes[0].legend(fontsize=8, loc="upper right", ncols=2)
    axes[-1].set_xlabel("time since the first edge (ms)")


def _counts(axes: Axes, results: Results, name: str) -> None:
    table, (scale, label) = results.tables["levels"].columns, _SCALES[name]
    errors = np.nan_to_num(table["pulses_sd"])
    axes.errorbar(
        table["swept"] * scale, table["pulses"], errors, fmt="o", color="#3b6ea5", capsize=3, label="measured"
    )
    axes.plot(
        table["swept"] * scale, table["formula"], "--", color="#7a2048", label="closed form for the firing voltages"
    )
    axes.set_xlabel(label)
    axes.set_ylabel("pulses to fire")
    axes.set_ylim(bottom=0.0)
    axes.grid(alpha=0.25)
    axes.legend(fontsize=8)
    axes.set_title(f"pulses to fire; RC = {results.summary['rc'] * 1e6:.0f} us", fontsize=10)


def _voltages(axes: Axes, volts: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", results: Results) -> None:
    axes.set_xlabel("voltage across the memristor when it fires (V)")
    axes.set_ylabel("trains")
    if not len(volts):
        return
    _, edges, _ = axes.hist(volts, bins="auto", color="#c98b2b", alpha=0.75)
    if len(volts) > 1 and volts.std() > 0.0:
        mean, spread = volts.mean(), volts.std(ddof=1)
        x = np.linspace(mean - 3.5 * spread, mean + 3.5 * spread, 200)
        density = np.exp(-0.5 * ((x - mean) / spread) ** 2) / (spread * np.sqrt(2.0 * np.pi))
        axes.plot(x, density * len(volts) * (edges[1] - edges[0]), color="#7a2048")
    axes.set_title(
        f"{results.summary['firing_voltage']:.3f} V, sd {results.summary['firing_voltage_sd_percent']:.1f} %",
        fontsize=10,
    )
