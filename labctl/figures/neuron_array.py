"""Figures of arrays of synapses and neurons, as in Nat. Electron. 1, 137 (2018), Figs 3 to 6."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labctl.analysis import neuron_array as analysis
from labctl.runfile.reader import RunData

NEURONS = ("#3b6ea5", "#c0504d", "#4f8f4f")
_INPUT = "#8a8a8a"


def draw_synapse(run: RunData) -> Figure:
    """Return input and neuron current over time, for the small weight and the large one."""
    rows, outcomes = run.arrays("course"), run.arrays("outcome")
    figure = Figure(figsize=(8.5, 6.0), layout="constrained")
    axes = figure.subplots(2, 1, sharex=True)
    for case, (panel, name) in enumerate(zip(axes, ("small", "large"), strict=True)):
        mine, done = rows["case"] == case, outcomes["case"] == case
        first = mine & (rows["repeat"] == 0)
        _input(panel, rows["time"][first], rows["input"][first], rows["input"].max())
        for repeat in np.unique(rows["repeat"][mine]).tolist():
            each = mine & (rows["repeat"] == repeat)
            panel.plot(rows["time"][each] * 1e6, rows["current"][each] * 1e3, color=NEURONS[case], lw=1.1)
        panel.set_ylim(-0.05, 1.15 * max(float(rows["current"].max()) * 1e3, 0.1))
        panel.set_ylabel("neuron current (mA)")
        panel.set_title(
            f"{name} weight, {outcomes['before'][done].mean() * 1e6:.0f} uS: "
            f"{int(outcomes['fired'][done].sum())} of {int(done.sum())} inputs fire the neuron",
            fontsize=10,
        )
    axes[1].set_xlabel("time (us)")
    _title(figure, run)
    return figure


def draw_2x2(run: RunData) -> Figure:
    """Return the neurons' currents at each input, and the synapses before and after it."""
    rows, weights = run.arrays("course"), run.arrays("weight")
    cycles = np.unique(rows["cycle"]).tolist()
    figure = Figure(figsize=(9.0, 2.6 + 2.4 * len(cycles)), layout="constrained")
    grid = figure.add_gridspec(len(cycles) + 1, 2, width_ratios=(3.0, 1.0))
    top = float(weights["conductance"].max()) * 1e6
    _map(figure.add_subplot(grid[0, 1]), weights, 0, top, "before")
    heading = figure.add_subplot(grid[0, 0])
    for row in (1, 2):
        for line in (1, 2):
            mine = (weights["row"] == row) & (weights["line"] == line)
            heading.plot(weights["cycle"][mine], weights["conductance"][mine] * 1e6, "o-", label=f"S{row}{line}")
    heading.set_xlabel("inputs so far")
    heading.set_ylabel("conductance (uS)")
    heading.set_xticks(range(len(cycles) + 1))
    heading.legend(fontsize=8)
    for index, cycle in enumerate(cycles, 1):
        panel, mine = figure.add_subplot(grid[index, 0]), rows["cycle"] == cycle
        first = mine & (rows["neuron"] == 1)
        _input(panel, rows["time"][first], rows["input"][first], rows["input"].max())
        for neuron in (1, 2):
            own = mine & (rows["neuron"] == neuron)
            panel.plot(
                rows["time"][own] * 1e6, rows["current"][own] * 1e3, color=NEURONS[neuron - 1], label=f"N{neuron}"
            )
        panel.set_xlabel("time (us)")
        panel.set_ylabel("neuron current (mA)")
        panel.legend(fontsize=8, loc="upper right")
        name = rows["pattern"][mine][0]
        panel.set_title(f"input {name.decode() if isinstance(name, bytes) else name}", fontsize=10)
        _map(figure.add_subplot(grid[index, 1]), weights, cycle + 1, top, "after")
    _title(figure, run)
    return figure


def draw_inference(run: RunData) -> Figure:
    """Return the letters, which neurons they fire and how strongly, and the integration times."""
    rows = run.arrays("response")
    figure = Figure(figsize=(10.0, 7.5), layout="constrained")
    grid = figure.add_gridspec(3, 4, height_ratios=(1.0, 1.4, 1.3))
    highest = float(rows["peak"].max()) * 1e3
    for index, letter in enumerate(analysis.LETTERS):
        above, below = figure.add_subplot(grid[0, index]), figure.add_subplot(grid[1, index])
        pixels = np.array([[int(bit) for bit in line] for line in analysis.LETTERS[letter]])
        above.imshow(pixels, cmap="RdBu_r", vmin=-0.3, vmax=1.3)
        above.set_xticks([]), above.set_yticks([])
        above.axhline(1.5, color="k", lw=0.8), above.axvline(1.5, color="k", lw=0.8)
        above.set_title(letter, fontsize=12)
        mine = (rows["image"] == index) & ~rows["noisy"].astype(bool)
        peaks = np.zeros((4, len(analysis.FILTERS)))
        peaks[rows["position"][mine], rows["filter"][mine] - 1] = np.maximum(rows["peak"][mine], 0.0) * 1e3
        image = below.imshow(peaks, cmap="viridis", vmin=0.0, vmax=highest, aspect="auto")
        below.set_xticks(range(8), [str(number) for number in range(1, 9)])
        below.set_yticks(range(4), ["upper left", "upper right", "lower left", "lower right"] if index == 0 else [])
        below.set_xlabel("neuron")
        if index == 3:
            figure.colorbar(image, ax=below, label="largest current (mA)")
    _times(figure.add_subplot(grid[2, :]), run)
    _title(figure, run)
    return figure


def _times(panel: Axes, run: RunData) -> None:
    rows = run.arrays("response")
    fired = rows["fired"].astype(bool)
    for noisy, colour, name in ((False, NEURONS[0], "without noise"), (True, NEURONS[1], "with noise")):
        mine = fired & (rows["noisy"].astype(bool) == noisy)
        if mine.any():
            label = f"{name}, mean {rows['integration'][mine].mean() * 1e6:.0f} us"
            panel.plot(rows["depth"][mine], rows["integration"][mine] * 1e6, "o", ms=4, color=colour, label=label)
    panel.set_xlabel("mean depth of the sub-image's pixels")
    panel.set_ylabel("integration time (us)")
    panel.legend(fontsize=8)
    panel.grid(alpha=0.25)


def draw_8x3(run: RunData) -> Figure:
    """Return each neuron's synapses over the patterns, the winners and the amplitude."""
    cycles, weights = run.arrays("cycle"), analysis.learned(run)
    figure = Figure(figsize=(10.0, 7.5), layout="constrained")
    grid = figure.add_gridspec(2, 3)
    for index, bits in enumerate(analysis.prototypes(weights[-1])):
        panel = figure.add_subplot(grid[0, index])
        image = panel.imshow(
            np.repeat(weights[:, index].T, 2, axis=0) * 1e6, aspect="auto", cmap="viridis", vmin=0.0,
            vmax=float(weights.max()) * 1e6, extent=(-0.5, len(weights) - 0.5, 8.5, 0.5),
        )  # fmt: skip
        panel.set_title(f"N{index + 1}: {bits} ({analysis.PROTOTYPES.get(bits, 'none')})", fontsize=10)
        panel.set_xlabel("patterns so far")
        panel.set_ylabel("row")
    figure.colorbar(image, ax=figure.axes, label="conductance (uS)", shrink=0.6)
    panel = figure.add_subplot(grid[1, :])
    letters = [name.decode() if isinstance(name, bytes) else str(name) for name in cycles["letter"].tolist()]
    panel.plot(cycles["cycle"] + 1, cycles["amplitude"], "-", color=_INPUT, lw=1.0)
    for number in np.unique(cycles["winner"]).tolist():
        mine = cycles["winner"] == number
        colour = NEURONS[(number - 1) % 3] if number else "k"
        label = f"N{number} wins" if number else "none fires"
        panel.plot(cycles["cycle"][mine] + 1, cycles["amplitude"][mine], "o", color=colour, label=label)
    for x, y, letter in zip(cycles["cycle"] + 1, cycles["amplitude"], letters, strict=True):
        panel.annotate(letter, (x, y), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=8)
    panel.set_xlabel("pattern")
    panel.set_ylabel("amplitude at the first firing (V)")
    panel.margins(y=0.12)
    panel.legend(fontsize=8)
    panel.grid(alpha=0.25)
    _title(figure, run)
    return figure


def _input(panel: Axes, times: analysis.Floats, volts: analysis.Floats, highest: float) -> None:
    twin = panel.twinx()
    twin.fill_between(times * 1e6, volts, color=_INPUT, alpha=0.2, lw=0.0)
    twin.set_ylim(0.0, 1.5 * highest)
    twin.set_ylabel("input (V)", color=_INPUT)


def _map(panel: Axes, weights: dict[str, np.ndarray], cycle: int, top: float, when: str) -> None:
    mine = weights["cycle"] == cycle
    values = np.zeros((2, 2))
    values[weights["row"][mine] - 1, weights["line"][mine] - 1] = weights["conductance"][mine] * 1e6
    panel.imshow(values, cmap=colormaps["viridis"], vmin=0.0, vmax=top)
    for (row, line), value in np.ndenumerate(values):
        panel.text(line, row, f"{value:.0f}", ha="center", va="center", color="w" if value < 0.6 * top else "k")
    panel.set_xticks((0, 1), ("N1", "N2"))
    panel.set_yticks((0, 1), ("row 1", "row 2"))
    panel.set_title(f"uS, {when}", fontsize=9)


def _title(figure: Figure, run: RunData) -> None:
    simulated = ", simulated" if run.header.simulated else ""
    figure.suptitle(f"{run.header.title}{simulated}, {run.header.started[:10]}", fontsize=11)
