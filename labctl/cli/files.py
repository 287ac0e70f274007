"""Showing, analysing, drawing and exporting run files."""

import json as json_module
from pathlib import Path
from typing import Any

import numpy as np

from labctl.errors import DataFileError
from labctl.export import protocol_of
from labctl.results import Table
from labctl.runfile.finish import replace_results
from labctl.runfile.journal import journal_path
from labctl.runfile.reader import RunData
from labctl.units import si_prefix


def print_run(file: Path, *, json: bool, brief: bool = False) -> None:
    """Print a run: one JSON object, or its facts and its table."""
    run = RunData(file)
    if json:
        facts: dict[str, Any] = {"status": run.status, "file": str(file), "summary": run.summary}
        if run.reason:
            facts["error"] = run.reason
        if not brief:
            facts |= {"protocol": run.protocol, "parameters": run.parameters, "seed": run.header.seed}
            facts |= {name: getattr(run.header, name) for name in ("sample", "die", "device", "operator", "note")}
            facts |= {"rows": {name: run.lengths[name] for name in run.streams}, "gaps": run.gaps}
            facts |= {"safe_state": run.safe_state, "link_counters": run.link_counters}
        print(json_module.dumps(facts))
        return
    if run.printed_table:
        print_table(run.table(run.printed_table))
    print(f"protocol {run.protocol}, {run.header.source}")
    print(f"station  {run.header.station}{', simulated' if run.header.simulated else ''}, seed {run.header.seed}")
    for name in ("sample", "die", "device", "operator", "note"):
        if value := getattr(run.header, name):
            print(f"{name:<8} {value}")
    print(f"status   {run.status}{': ' + run.reason if run.reason else ''}")
    if not brief:
        print(f"started  {run.header.started}")
        for name in run.streams:
            print(f"stream   {name}: {run.lengths[name]:,} rows")
        for gap in run.gaps:
            print(f"gap      resumed {gap['resumed']} after step {gap['after_step']}")
    for name, value in run.summary.items():
        print(f"{name:>24}  {value:.6g}" if isinstance(value, float) else f"{name:>24}  {value}")
    print(f"file     {file}")


def print_table(table: Table) -> None:
    """Print a table, each column with its unit and the SI prefix that suits it."""
    import pandas as pd

    shown = {}
    for name, values in table.columns.items():
        unit = table.units.get(name, "")
        prefix, scale = si_prefix(float(np.nanmax(np.abs(values)))) if unit and np.isfinite(values).any() else ("", 1.0)
        heading = f"{name} ({prefix}{unit})" if unit else name
        shown[heading] = [f"{v / scale:.3g}" if values.dtype.kind == "f" else str(v) for v in values]
    print(pd.DataFrame(shown).to_string(index=False))


def analyse(file: Path) -> None:
    """Analyse a run again; its rows stay as they are.

    Raises:
        DataFileError: It has no rows, or is still being written.
    """
    run = RunData(file)
    if journal_path(file).exists():
        raise DataFileError(f"{file}: this run has not ended properly; run: labctl recover {file}")
    replace_results(file, protocol_of(run).analyse(run))
