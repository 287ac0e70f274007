"""Analysis of feature maps: the maps, alpha and beta of each utterance, and how far sounds are apart."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labctl.analysis import recursion
from labctl.analysis.kinetics import trf_check
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]


class Maps(NamedTuple):
    """The maps of a run.

    Attributes:
        names: Of the sounds.
        inputs: (sounds, utterances, pulses) x.
        states: (sounds, utterances, cells, pulses + 1) normalised conductance; NaN where a cell was not ready.
        conductances: The same in S.
    """

    names: list[str]
    inputs: Floats
    states: Floats
    conductances: Floats


def maps_of(run: RunData) -> Maps:
    """Return the maps of whole sounds; y = (G - lowest)/(G_1 - lowest)."""
    rows, of = run.arrays("point"), run.parameters
    points, cells, utterances = of["samples"] // of["pooling"] + 1, of["cells"], of["utterances"]
    whole = len(rows["sound"]) // (points * cells * utterances)
    shape = (whole, utterances, cells, points)
    columns = {name: values[: whole * utterances * cells * points].reshape(shape) for name, values in rows.items()}
    conductance = columns["conductance"].astype(np.float64)
    above = conductance - of["lowest"]
    good = columns["ready"][..., :1].astype(bool) & (above[..., :1] > 0.0)
    states = np.where(good, above / np.where(good, above[..., :1], 1.0), np.nan)
    names = [_text(columns["name"][number, 0, 0, 0]) for number in range(whole)]
    return Maps(names, columns["input"][:, :, 0, :-1].astype(np.float64), states, conductance)


class Evaluation(NamedTuple):
    """What the batched solver finds in a run: of each utterance the trace, x and the fit; no fits without any."""

    summary: dict[str, float | int]
    tables: dict[str, Table]
    states: Floats
    inputs: Floats
    fits: recursion.Fits | None
    told: NDArray[np.bool_]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the stream ``point``.

    The summary has ``sounds``, ``utterances`` (fitted, over sounds and cells), ``left_out`` (cell not ready),
    ``undetermined`` (the sound hardly moves the cell), ``alpha``, ``beta`` (means over the others),
    ``squared_residuals`` (mean sum of squares of an utterance's fit), ``residual_rms``, ``trf_difference`` and
    ``trf_misses`` as of a kinetics run and, with two sounds and three cells or more, ``identified``: the share of maps
    of a single cell that are nearest, of all sounds' mean maps of the other cells, to that of their own sound, each
    cell's own mean taken off.
    """
    found = evaluate(run)
    checked = trf_check(found.states, found.inputs, found.fits, np.flatnonzero(found.told)) if found.fits else {}
    return Results({**found.summary, **checked}, found.tables, "by_sound" if found.tables else "", "by_sound")


def evaluate(run: RunData) -> Evaluation:
    """Return all that `analyse` does but the check against scipy."""
    maps = maps_of(run)
    good = np.isfinite(maps.states).all(axis=-1)
    states = maps.states[good]
    inputs = np.broadcast_to(maps.inputs[:, :, None, :], (*good.shape, maps.inputs.shape[-1]))[good]
    inputs = np.concatenate((inputs, np.zeros((len(inputs), 1))), axis=1)
    counts = {"sounds": len(maps.names), "utterances": len(states), "left_out": int(np.count_nonzero(~good))}
    if not good.any():
        return Evaluation({**counts}, {}, states, inputs, None, np.zeros(0, bool))
    fits = recursion.fit_many(states, inputs)
    half = recursion.intervals(states, inputs, fits)
    told = (half.alpha < fits.alpha) & (half.beta < fits.beta)
    sound, utterance, _ = np.nonzero(good)
    summary: dict[str, float | int] = {
        **counts,
        "undetermined": int(np.count_nonzero(~told)),
        "alpha": float(fits.alpha[told].mean()) if told.any() else float("nan"),
        "beta": float(fits.beta[told].mean()) if told.any() else float("nan"),
        "squared_residuals": float(fits.residual.mean()),
        "residual_rms": float(np.sqrt(fits.residual.mean() / maps.inputs.shape[-1])),
    }
    if len(maps.names) > 1 and maps.states.shape[2] > 2:
        summary["identified"] = identified(maps.states)
    table = Table(
        {
            "sound": sound, "utterance": utterance, "alpha": fits.alpha, "alpha_half_width": half.alpha,
            "beta": fits.beta, "beta_half_width": half.beta, "residual": fits.residual, "determined": told,
        },
        {},
        signal="residual",
        axes="utterance",
    )  # fmt: skip
    tables = {"by_sound": _by_sound(len(maps.names), sound, fits, told), "fits": table}
    return Evaluation(summary, tables, states, inputs, fits, told)


def identified(states: Floats) -> float:
    """Return the share of maps that are nearest to the others' mean map of their own sound; ``states`` as in `Maps`.

    What a cell does with every sound alike is taken off first, as cells differ more than sounds do.
    """
    sounds, _, cells, _ = states.shape
    states = states - states.mean(axis=0)
    right = total = 0
    for cell in range(cells):
        if not np.isfinite(states[:, :, cell]).all():
            continue
        others = np.nanmean(np.delete(states, cell, axis=2), axis=2)
        distances = [[np.sum((states[own, :, cell] - other) ** 2) for other in others] for own in range(sounds)]
        right += int(np.count_nonzero(np.argmin(distances, axis=1) == np.arange(sounds)))
        total += sounds
    return right / total if total else float("nan")


def _by_sound(sounds: int, sound: NDArray[np.int64], fits: recursion.Fits, told: NDArray[np.bool_]) -> Table:
    each = [sound == number for number in range(sounds)]

    def mean(values: Floats, of: NDArray[np.bool_]) -> Floats:
        return np.array([values[mine & of].mean() if (mine & of).any() else np.nan for mine in each])

    return Table(
        {
            "sound": np.arange(sounds), "alpha": mean(fits.alpha, told), "beta": mean(fits.beta, told),
            "squared_residuals": mean(fits.residual, np.ones_like(told)),
        },
        {},
        signal="beta",
        axes="sound",
        auxiliary=("alpha",),
    )  # fmt: skip


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace").rstrip("\x00") if isinstance(value, bytes) else str(value)
