"""``labctl reproduce``."""

import json as json_module
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from labctl.cli.errors import FAILED
from labctl.reproduction import report
from labctl.reproduction.runs import Outcome, Row, cases_of, reproduce, rows_of


def run(papers: Sequence[str], folder: Path, *, data: str, workers: int | None, json: bool) -> None:
    """Run the papers' protocols on the simulated lab; print the table and write the report.

    Raises:
        typer.Exit: A run failed; the table and the report are there nevertheless.
    """
    cases = cases_of(papers, data)
    outcomes = reproduce(cases, folder, workers=workers, done=_tell if not json else _say_nothing)
    rows = rows_of(cases, outcomes)
    folder.mkdir(parents=True, exist_ok=True)
    page, table = folder / "report.html", folder / "report.json"
    report.write_report(rows, outcomes, page)
    failed = [outcome for outcome in outcomes if outcome.error]
    plain = {"status": "failed" if failed else "done", "rows": [row.plain() for row in rows], "report": str(page)}
    table.write_text(json_module.dumps(plain, indent=1) + "\n", encoding="utf-8")
    if json:
        print(json_module.dumps(plain))
    else:
        _print_table(rows)
        print(f"report   {page}")
    for outcome in failed:
        job = outcome.job
        print(f"labctl: {job.case.letters} ({job.case.protocol}, seed {job.seed}): {outcome.error}", file=sys.stderr)
    if failed:
        raise typer.Exit(FAILED)


def _tell(outcome: Outcome, number: int, total: int) -> None:
    if not sys.stderr.isatty():
        return
    job = outcome.job
    state = "failed" if outcome.error else "done"
    what = f"{job.case.letters} {job.case.protocol}, seed {job.seed}"
    print(f"[{number}/{total}] {what}: {state} in {outcome.seconds:.1f} s", file=sys.stderr)


def _say_nothing(outcome: Outcome, number: int, total: int) -> None:
    pass


def _print_table(rows: Sequence[Row]) -> None:
    for row in rows:
        measured = f"{report.number(row.measured)} \u00b1 {report.number(row.spread)}"
        print(f"{row.letters:<12} {row.headline.figure}")
        print(f"{'':<12}   published {report.bound_words(row)}, measured {measured}: {report.verdict(row)}")
        if row.note:
            print(f"{'':<12}   {row.note}")
    own = [row for row in rows if not row.headline.put_in]
    print(f"{sum(row.holds for row in own)} of {len(own)} figures that came out on their own hold")
