"""Analysis of a convolution read in one go: the sums against those of the cells as read one by one."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

Floats = NDArray[np.float64]


def analyse(run: RunData) -> Results:
    """Return headline figures and tables of a run with the streams ``kernel`` and ``sum``.

    The summary has ``kernels`` (read in parallel), ``patches``, ``sums``, ``correlation`` (with the sums of single
    reads), ``gain`` and its standard error (slope through the origin), ``error_std_nA``, ``error_share`` (its sd
    over the range of the sums) and ``saturated`` (sums with a conversion over range).
    """
    sums = run.arrays("sum")
    good = np.isfinite(sums["difference"])
    measured, expected = sums["difference"][good], sums["expected"][good]
    gain = float(measured @ expected / (expected @ expected))
    rest = measured - gain * expected
    error = measured - expected
    summary: dict[str, float | int] = {
        "kernels": len(np.unique(sums["kernel"])),
        "patches": len(np.unique(sums["patch"])),
        "sums": len(sums["patch"]),
        "correlation": float(stats.pearsonr(measured, expected).statistic),
        "gain": gain,
        "gain_se": float(np.sqrt(rest @ rest / (len(rest) - 1) / (expected @ expected))),
        "error_std_nA": float(error.std() * 1e9),
        "error_share": float(error.std() / np.ptp(expected)),
        "saturated": int(np.count_nonzero(~good)),
    }
    present = np.unique(sums["kernel"])
    table = Table(
        {
            "kernel": present,
            "lowest": np.array([sums["difference"][sums["kernel"] == k].min() for k in present]),
            "highest": np.array([sums["difference"][sums["kernel"] == k].max() for k in present]),
            "error_sd": np.array(
                [np.std((sums["difference"] - sums["expected"])[sums["kernel"] == k]) for k in present]
            ),
        },
        dict.fromkeys(("lowest", "highest", "error_sd"), "A"),
        signal="error_sd",
        axes="kernel",
    )
    return Results(summary, {"by_kernel": table}, "by_kernel", "by_kernel")


def feature_maps(run: RunData) -> Floats:
    """Return the (kernels, side, side) sums in A; NaN where a run was cut short."""
    sums = run.arrays("sum")
    kernels = int(sums["kernel"].max()) + 1
    side = int(np.ceil(np.sqrt(sums["patch"].max() + 1)))
    maps = np.full((kernels, side * side), np.nan)
    maps[sums["kernel"], sums["patch"]] = sums["difference"]
    return maps.reshape(kernels, side, side)
