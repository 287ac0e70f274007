"""What a training of the drift-diffusion network gives: accuracy of each scheme, writes, updates and sweeps."""

import numpy as np

from labctl.confusion import by_class, last_of
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

SCHEMES = ("software", "imprecise", "noise_software", "noise_trained", "hybrid")
"""Names of the schemes, in the order of their numbers."""
SWEPT = {0: "software", 2: "noise_trained"}


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run of ``train-ddk``.

    The summary has for each scheme (``software``: exact; ``imprecise``: the same network on hardware;
    ``noise_software``: trained with the hardware's noise, exact; ``noise_trained``: that network on hardware;
    ``hybrid``: trained on, on the board) ``SCHEME_accuracy`` in % on the test inputs, and
    ``SCHEME_train_accuracy``; ``recovered`` (share of what hardware lost that hybrid training is above the imprecise
    network); ``alpha`` and ``beta`` of the plain training; ``cells``, ``yield`` and ``write_error_uS`` (standard
    deviation, of the last transfer), ``updated_share`` (weights written in an iteration) and ``pulses`` of the training
    on the board; and of the sweeps ``loss_6bit``, ``loss_4bit`` and the accuracies at the largest deviations.
    """
    accuracy, written, kinetics = run.arrays("accuracy"), run.arrays("written"), run.arrays("kinetics")
    iteration = run.arrays("iteration")
    summary: dict[str, float | int] = {}
    for scheme, name in enumerate(SCHEMES):
        mine = np.flatnonzero(accuracy["scheme"] == scheme)
        if len(mine):
            summary[f"{name}_accuracy"] = float(accuracy["test_accuracy"][mine[-1]])
            summary[f"{name}_train_accuracy"] = float(accuracy["train_accuracy"][mine[-1]])
    if {"imprecise_accuracy", "hybrid_accuracy"} <= summary.keys():
        lost = summary["software_accuracy"] - summary["imprecise_accuracy"]
        if lost > 0.0:
            summary["recovered"] = (summary["hybrid_accuracy"] - summary["imprecise_accuracy"]) / lost
        summary["hybrid_gain"] = summary["hybrid_accuracy"] - summary["imprecise_accuracy"]
    trained = (kinetics["training"] == 0) & (kinetics["device"] < 0)
    if trained.any():
        summary |= {name: float(kinetics[name][trained][0]) for name in ("alpha", "beta")}
    if len(written["cell"]):
        last = written["training"] == written["training"].max()
        error = (written["current"] - written["target"])[last] / float(run.parameters["read_voltage"])
        summary |= {
            "cells": int(last.sum()),
            "yield": float(written["converged"][last].mean()),
            "write_error_uS": float(error.std() * 1e6),
        }
        if len(iteration["iteration"]):
            summary["updated_share"] = float(iteration["updated"].mean() / last.sum())
    summary["iterations"] = len(iteration["iteration"])
    summary["pulses"] = int(iteration["pulses"].sum())
    return Results(summary | _of_sweeps(run, summary), _tables(run), "schemes", printed="schemes")


def _of_sweeps(run: RunData, summary: dict[str, float | int]) -> dict[str, float | int]:
    varied, quantised = run.arrays("varied"), run.arrays("quantised")
    found: dict[str, float | int] = {}
    for bits, value in zip(quantised["bits"], quantised["test_accuracy"], strict=True):
        found[f"loss_{bits}bit"] = summary["software_accuracy"] - float(value)
    for scheme, name in SWEPT.items():
        for which in ("kinetics", "synapses"):
            mine = np.flatnonzero((varied["scheme"] == scheme) & (varied[which] > 0.0))
            if len(mine):
                most = mine[np.argmax(varied[which][mine])]
                found[f"{name}_accuracy_worst_{which}"] = float(varied["test_accuracy"][most])
    return found


def _tables(run: RunData) -> dict[str, Table]:
    accuracy = run.arrays("accuracy")
    last = [np.flatnonzero(accuracy["scheme"] == scheme) for scheme in range(len(SCHEMES))]
    kept = np.array([indices[-1] for indices in last if len(indices)], dtype=np.int64)
    hybrid = accuracy["scheme"] == len(SCHEMES) - 1
    names, units = ("test_accuracy", "train_accuracy"), {"test_accuracy": "%", "train_accuracy": "%"}
    varied, quantised = run.arrays("varied"), run.arrays("quantised")
    label = "speaker" if run.parameters["task"] == "voices" else "digit"
    return {
        f"by_{label}": by_class(last_of(run), label),
        "schemes": Table({n: accuracy[n][kept] for n in ("scheme", *names)}, units, "test_accuracy", "scheme"),
        "trace": Table(
            {n: accuracy[n][hybrid] for n in ("iteration", *names)}, units, "test_accuracy", "iteration",
            ("train_accuracy",),
        ),
        "varied": Table(dict(varied), {"synapses": "S", "test_accuracy": "%"}, "test_accuracy", "kinetics"),
        "quantised": Table(dict(quantised), {"test_accuracy": "%"}, "test_accuracy", "bits"),
    }  # fmt: skip
