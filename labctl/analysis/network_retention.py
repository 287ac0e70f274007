"""Analysis of a network on an array over time: accuracy, mean shift, and what an offset gives back."""

import numpy as np
from numpy.typing import NDArray

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

MICRO = 1e6

Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``written``, ``reading`` and ``accuracy``.

    The summary has ``weights``, ``yield``, ``span_h``; the accuracies ``software_accuracy``, ``accuracy_first``,
    ``accuracy_last`` and, with the mean shift of all cells taken off, ``accuracy_last_offset``; what was lost from the
    first read to the last in percentage points, ``accuracy_loss_points``, with the standard error of one accuracy
    (``accuracy_se_points``, binomial); the shift of the conductances from the first read to the last,
    ``mean_shift_uS`` with its standard error, its sd ``shift_sd_uS``, and the sd of read minus target at both ends
    (``error_sd_first_uS``, ``error_sd_last_uS``).
    """
    written, accuracy = run.arrays("written"), run.arrays("accuracy")
    over_time = _over_time(run)
    values = run.arrays("reading")["conductance"]
    weights = len(written["weight"])
    first, last = values[:weights], values[-weights:]
    shift = (last - first) * MICRO
    rates = [float(accuracy["accuracy"][place]) for place in (0, -1)]
    images = int(accuracy["images"][0])
    summary: dict[str, float | int] = {
        "weights": weights,
        "yield": float(written["converged"].mean()),
        "span_h": float(accuracy["elapsed"][-1]) / 3600.0,
        "software_accuracy": float(accuracy["software"][0]),
        "accuracy_first": rates[0],
        "accuracy_last": rates[1],
        "accuracy_last_offset": float(accuracy["offset"][-1]),
        "accuracy_loss_points": 100.0 * (rates[0] - rates[1]),
        "accuracy_se_points": 100.0 * float(np.sqrt(rates[0] * (1.0 - rates[0]) / images)),
        "mean_shift_uS": float(shift.mean()),
        "mean_shift_se_uS": float(shift.std(ddof=1) / np.sqrt(weights)),
        "shift_sd_uS": float(shift.std()),
        "error_sd_first_uS": float(over_time.columns["error_sd"][0]),
        "error_sd_last_uS": float(over_time.columns["error_sd"][-1]),
    }
    return Results(summary, {"over_time": over_time}, "over_time", printed="over_time")


def errors(run: RunData) -> tuple[Floats, Floats]:
    """Return read minus target of every weight, in uS: (points, weights), and the (points,) times in s."""
    reading = run.arrays("reading")
    weights = int(reading["weight"].max()) + 1
    error = (reading["conductance"] - reading["target"]).reshape(-1, weights) * MICRO
    return error, reading["elapsed"].reshape(-1, weights)[:, 0].astype(np.float64)


def _over_time(run: RunData) -> Table:
    accuracy = run.arrays("accuracy")
    error, elapsed = errors(run)
    columns = {
        "elapsed": elapsed,
        "accuracy": accuracy["accuracy"],
        "offset": accuracy["offset"],
        "error_mean": error.mean(axis=1),
        "error_sd": error.std(axis=1),
    }
    units = {"elapsed": "s", "error_mean": "uS", "error_sd": "uS"}
    return Table(columns, units, "accuracy", "elapsed", ("offset",))
