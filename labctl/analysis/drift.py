"""Drift of a phase-change cell: the power law of each capture, and the flat control."""

import numpy as np

from labctl.analysis.power_law import FEWEST, PowerLaw, fit_power_law
from labctl.analysis.switching import NAMES, RESET, SET, Columns, usable
from labctl.results import Results, Table
from labctl.runfile.reader import RunData

START = 1.0
"""t0 in s. Source: Nat. Commun. 12, 319 (2021): one read a second."""


def captures(reads: Columns, *, earliest: float = 0.0) -> dict[int, tuple[int, PowerLaw]]:
    """Return state and power law of each capture that is long enough, by its number.

    Args:
        reads: Columns of the stream ``read``, of one cell.
        earliest: Age in s from which on reads are used.

    The first read of a capture, right after the pulse, is left out: its age is known to half a reading only.
    """
    found = {}
    good = usable(reads) & (reads["read"] > 0) & (reads["age"] >= earliest)
    for number in np.unique(reads["capture"][reads["capture"] > 0]):
        mine = good & (reads["capture"] == number)
        if np.count_nonzero(mine) >= FEWEST:
            law = fit_power_law(reads["age"][mine], reads["resistance"][mine], start=START)
            found[int(number)] = (int(reads["state"][mine][0]), law)
    return found


def last_of(found: dict[int, tuple[int, PowerLaw]], state: int) -> int | None:
    """Return the number of the last capture in ``state``: one that was broken off was begun again."""
    return max((number for number, (its, _) in found.items() if its == state), default=None)


def analyse(run: RunData) -> Results:
    """Return headline figures and the table of captures of a run with the stream ``read`` of one cell.

    For each of ``reset`` and ``set`` the summary has the exponent d (``reset_d``), its standard error
    (``reset_d_error``) and 95 % interval (``reset_d_low``, ``reset_d_high``), R at 1 s (``reset_1s_ohm``), the scatter
    around the line (``reset_scatter_percent``) and the correlation of successive residuals (``reset_correlation``).
    """
    reads = run.arrays("read")
    earliest = float(run.parameters.get("fit_from", 0.0))
    found = captures(reads, earliest=earliest)
    summary: dict[str, float | int] = {"reads": len(reads["read"]), "left_out": int(np.count_nonzero(~usable(reads)))}
    for state in (RESET, SET):
        number = last_of(found, state)
        if number is not None:
            summary |= _figures(NAMES[state], found[number][1])
    return Results(summary, {"captures": table(found)}, "captures", printed="captures")


def table(found: dict[int, tuple[int, PowerLaw]]) -> Table:
    """Return the captures as a table."""
    laws = [law for _, law in found.values()]
    return Table(
        {
            "capture": np.array(list(found), dtype=np.int64),
            "state": np.array([state for state, _ in found.values()], dtype=np.int64),
            "exponent": np.array([law.exponent for law in laws]),
            "exponent_error": np.array([law.exponent_error for law in laws]),
            "resistance_1s": 10.0 ** np.array([law.level for law in laws]),
            "scatter": np.array([law.scatter for law in laws]),
        },
        {"resistance_1s": "ohm"},
        signal="exponent",
        axes="capture",
    )


def _figures(name: str, law: PowerLaw) -> dict[str, float | int]:
    return {
        f"{name}_d": law.exponent,
        f"{name}_d_error": law.exponent_error,
        f"{name}_d_low": law.exponent_low,
        f"{name}_d_high": law.exponent_high,
        f"{name}_1s_ohm": 10.0**law.level,
        f"{name}_scatter_percent": 100.0 * (10.0**law.scatter - 1.0),
        f"{name}_correlation": law.correlation,
    }
