"""What arrays of synapses and neurons have done: who fired, what grew, which letters were told apart or learned.

Letters and filters: 4 x 4 pixels, 2 x 2 sub-images. Source: Nat. Electron. 1, 137 (2018) for the prototypes 11110000 (U
and M), 11000011 (S) and 00001100 (A). The letters' pixels stand in its figures alone; these here are reconstructed:
they are made of exactly eight sub-images and give exactly those prototypes.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]
LETTERS: Mapping[str, tuple[str, str, str, str]] = {
    "U": ("1001", "1001", "1001", "1111"),
    "M": ("1001", "1111", "1001", "1001"),
    "A": ("1111", "1001", "1111", "1001"),
    "S": ("1011", "1100", "0001", "1111"),
}
FILTERS = ("1011", "0111", "1010", "0101", "1110", "1101", "1100", "0011")
"""Pixels of the eight filters: upper left, upper right, lower left, lower right."""
PAIRS: Mapping[str, str] = {"U": "1100", "M": "1100", "S": "1001", "A": "0010"}
"""Which of the four pairs of filters each letter fires."""
PROTOTYPES: Mapping[str, str] = {"11110000": "U/M", "11000011": "S", "00001100": "A"}
ACTIVE = 0.5
"""A synapse counts as active above this part of its neuron's largest one."""


def sub_images(letter: str) -> Floats:
    """Return the four sub-images (4, 4 pixels) of a letter, 0 or 1, row by row."""
    pixels = np.array([[int(bit) for bit in line] for line in LETTERS[letter]], dtype=np.float64)
    return np.array([pixels[y : y + 2, x : x + 2].ravel() for y in (0, 2) for x in (0, 2)])


def filter_of(pixels: Floats) -> int:
    """Return the number of the filter of a sub-image, from 1."""
    return FILTERS.index("".join(str(int(pixel)) for pixel in pixels)) + 1


def _text(values: NDArray[Any]) -> list[str]:
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values.tolist()]


def synapse(run: RunData) -> Results:
    """Return how often a small and a large weight fired the neuron."""
    rows = run.arrays("outcome")
    summary: dict[str, float | int] = {}
    for case, name in enumerate(("small", "large")):
        mine = rows["case"] == case
        if mine.any():
            summary[f"{name}_weight_uS"] = float(rows["before"][mine].mean() * 1e6)
            summary[f"{name}_fired"] = float(rows["fired"][mine].mean())
            summary[f"{name}_peak_uA"] = float(rows["peak"][mine].mean() * 1e6)
    fired = rows["fired"].astype(bool)
    summary["delay_us"] = float(rows["delay"][fired].mean() * 1e6) if fired.any() else float("nan")
    columns = {name: rows[name] for name in ("case", "repeat", "before", "after", "fired", "delay", "peak")}
    units = {"before": "S", "after": "S", "delay": "s", "peak": "A"}
    return Results(summary, {"outcomes": Table(columns, units, "peak", "before")}, "outcomes", "outcomes")


def unsupervised_2x2(run: RunData) -> Results:
    """Return who fired at each pattern, and by which factor each synapse grew during it."""
    firing, weights = run.arrays("firing"), run.arrays("weight")
    summary: dict[str, float | int] = {}
    patterns = np.array(_text(firing["pattern"]))
    for pattern in dict.fromkeys(patterns.tolist()):
        mine = patterns == pattern
        first, last = int(firing["cycle"][mine].min()), int(firing["cycle"][mine].max()) + 1
        for neuron in (1, 2):
            own = mine & (firing["neuron"] == neuron)
            summary[f"fired_{pattern}_N{neuron}"] = int(firing["fired"][own].any())
        for row in (1, 2):
            for column in (1, 2):
                before, after = (_weight(weights, cycle, row, column) for cycle in (first, last))
                summary[f"growth_{pattern}_S{row}{column}"] = after / before
    columns = {name: weights[name] for name in ("cycle", "row", "line", "conductance")}
    return Results(summary, {"weights": Table(columns, {"conductance": "S"}, "conductance", "cycle")}, "weights")


def _weight(weights: Mapping[str, NDArray[Any]], cycle: int, row: int, column: int) -> float:
    mine = (weights["cycle"] == cycle) & (weights["row"] == row) & (weights["line"] == column)
    return float(weights["conductance"][mine][-1]) if mine.any() else float("nan")


def inference(run: RunData) -> Results:
    """Return whether each sub-image fires its filter alone, and the integration times with and without noise."""
    rows = run.arrays("response")
    letters = np.array(_text(rows["letter"]))
    clean, right = ~rows["noisy"].astype(bool), np.zeros(len(letters), dtype=bool)
    for letter in LETTERS:
        for position, pixels in enumerate(sub_images(letter)):
            right |= (letters == letter) & (rows["position"] == position) & (rows["filter"] == filter_of(pixels))
    fired = rows["fired"].astype(bool)
    summary: dict[str, float | int] = {"distinct_letters": _distinct(rows, letters, clean, fired)}
    for name, mine in (("clean", clean), ("noisy", ~clean)):
        if mine.any():
            hits = mine & right & fired
            summary[f"{name}_right"] = float(fired[mine & right].mean())
            summary[f"{name}_wrong"] = float(fired[mine & ~right].mean())
            summary[f"{name}_integration_us"] = _mean(rows["integration"][hits]) * 1e6
            summary[f"{name}_integration_error_us"] = _error(rows["integration"][hits]) * 1e6
            summary[f"{name}_peak_uA"] = _mean(rows["peak"][hits]) * 1e6
    if {"clean_integration_us", "noisy_integration_us"} <= summary.keys():
        summary["noise_delay_us"] = summary["noisy_integration_us"] - summary["clean_integration_us"]
    columns = {name: rows[name] for name in ("image", "position", "filter", "depth", "integration", "peak")}
    units = {"integration": "s", "peak": "A"}
    return Results(summary, {"responses": Table(columns, units, "peak", "filter")}, "responses")


def _distinct(rows: Mapping[str, NDArray[Any]], letters: NDArray[Any], clean: NDArray[Any], fired: NDArray[Any]) -> int:
    """Return how many letters without noise fire a pattern of neurons that no other one fires."""
    seen: list[frozenset[tuple[int, int]]] = []
    for letter in LETTERS:
        mine = clean & (letters == letter) & fired
        seen.append(frozenset(zip(rows["position"][mine].tolist(), rows["filter"][mine].tolist(), strict=True)))
    return sum(bool(one) and seen.count(one) == 1 for one in seen)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _error(values: Floats) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")


def learned(run: RunData) -> Floats:
    """Return the synapses (readings, neurons, pairs) in S, the first reading before the first pattern."""
    rows = run.arrays("weight")
    shape = (int(rows["cycle"].max()) + 1, int(rows["neuron"].max()), int(rows["pair"].max()))
    found = np.full(shape, np.nan)
    found[rows["cycle"], rows["neuron"] - 1, rows["pair"] - 1] = rows["conductance"]
    return found


def prototypes(siemens: Floats) -> list[str]:
    """Return the active rows of each neuron as eight bits, from (neurons, pairs) in S."""
    active = siemens > ACTIVE * siemens.max(axis=1, keepdims=True)
    return ["".join("11" if bit else "00" for bit in row) for row in active.tolist()]


def _wins_until_kept(winners: NDArray[Any], history: list[list[str]], number: int) -> int:
    """Return after how many wins of a neuron its active rows, as they are after its wins, are what they stay."""
    after = [history[cycle + 1][number - 1] for cycle in np.flatnonzero(winners == number).tolist()]
    return next((n + 1 for n in range(len(after)) if set(after[n:]) == {after[-1]}), 0)


def unsupervised_8x3(run: RunData) -> Results:
    """Return which prototypes were learned, after how many patterns, and how the amplitude fell."""
    cycles, weights = run.arrays("cycle"), learned(run)
    history = [prototypes(reading) for reading in weights]
    final = history[-1]
    kept = next((n for n in range(len(history)) if all(later == final for later in history[n:])), len(history) - 1)
    won = [_wins_until_kept(cycles["winner"], history, number) for number in range(1, len(final) + 1)]
    owner = {PROTOTYPES.get(bits, ""): number for number, bits in enumerate(final, 1)}
    letters = ["U/M" if letter in {"U", "M"} else letter for letter in _text(cycles["letter"])]
    after = np.array([owner.get(letter) == won for letter, won in zip(letters, cycles["winner"], strict=True)])
    ends = min(10, max(len(after) // 3, 1))
    active = weights[-1] > ACTIVE * weights[-1].max(axis=1, keepdims=True)
    first = [float(np.mean([a for a, k in zip(cycles["amplitude"], letters, strict=True) if k == kind][:1] or [np.nan]))
             for kind in ("U/M", "S", "A")]  # fmt: skip
    summary: dict[str, float | int] = {
        "start_uS": float(weights[0].mean() * 1e6),
        "prototypes_found": len(set(final) & PROTOTYPES.keys()),
        "patterns_until_kept": kept,
        "wins_until_kept": max(won),
        "winners_right_after": float(after[kept:].mean()) if kept < len(after) else float("nan"),
        "first_amplitude_V": float(np.nanmean(first)),
        "last_amplitude_V": float(cycles["amplitude"][-ends:].mean()),
        "active_uS": float(weights[-1][active].mean() * 1e6),
        "inactive_uS": float(weights[-1][~active].mean() * 1e6) if not active.all() else float("nan"),
    }
    summary["amplitude_ratio"] = summary["last_amplitude_V"] / summary["first_amplitude_V"]
    columns = {name: cycles[name] for name in ("cycle", "amplitude", "winner", "fired")}
    return Results(summary, {"cycles": Table(columns, {"amplitude": "V"}, "amplitude", "cycle")}, "cycles")
