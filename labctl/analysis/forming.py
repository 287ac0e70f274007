"""Analysis of a forming: whether the cell needed it, at which voltage its current jumped, and what it became."""

import numpy as np

from labctl.results import Results, Table
from labctl.runfile.reader import RunData

BEFORE, DURING, AFTER = 0, 1, 2


def analyse(run: RunData) -> Results:
    """Return headline figures and the curve of a run with the stream ``point``.

    The summary has ``formed`` (1 or 0, by the read after), ``needed`` (1 or 0), ``forming_voltage`` (V, the last that
    was forced; NaN where nothing was done or nothing happened), ``fresh_nS`` and ``formed_uS`` (conductances before and
    after).
    """
    point = run.arrays("point")
    conductance = point["current"] / point["voltage"]
    before, after = conductance[point["phase"] == BEFORE], conductance[point["phase"] == AFTER]
    during = point["phase"] == DURING
    formed = bool(len(after)) and bool(after[-1] >= run.parameters["formed_from"])
    summary: dict[str, float | int] = {
        "formed": int(formed),
        "needed": int(during.any()),
        "forming_voltage": float(point["voltage"][during][-1]) if formed and during.any() else float("nan"),
        "fresh_nS": float(before[0] * 1e9) if len(before) else float("nan"),
        "formed_uS": float(after[-1] * 1e6) if len(after) else float("nan"),
    }
    curve = Table(
        {"voltage": point["voltage"][during], "current": np.abs(point["current"][during])},
        {"voltage": "V", "current": "A"},
        signal="current",
        axes="voltage",
    )
    return Results(summary, {"curve": curve} if during.any() else {}, "curve" if during.any() else "")
