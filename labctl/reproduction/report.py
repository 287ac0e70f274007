"""The report: the table of published and measured figures, with the figures and run files behind them, as one page."""

import base64
import html
import io
import os
from collections.abc import Sequence
from pathlib import Path

import labctl
from labctl import plugins
from labctl.protocol import Protocol
from labctl.reproduction.runs import Outcome, Row
from labctl.runfile.reader import RunData

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 75em; margin: 2em auto; padding: 0 1em; color: #1c2430; }
table { border-collapse: collapse; width: 100%; } th, td { padding: .35em .6em; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid #8a94a3; } td { border-bottom: 1px solid #d9dee5; } td.n { text-align: right;
white-space: nowrap; font-variant-numeric: tabular-nums; } .no { color: #a3161d; font-weight: 600; }
.put { color: #5a6472; font-style: italic; } img { max-width: 100%; border: 1px solid #d9dee5; }
code { background: #f1f3f6; padding: .1em .3em; } small { color: #5a6472; }
"""


def number(value: float) -> str:
    """Return a figure with four digits; ``none`` where it could not be measured."""
    return f"{value:.4g}" if value == value else "none"


def bound_words(row: Row) -> str:
    """Return what is asked of the figure: ``0.1 +- 0.02``, ``at least 15 - 1``."""
    line = row.headline
    sign = {"about": "\u00b1", "at least": "\u2212", "at most": "+"}[line.bound]
    prefix = "" if line.bound == "about" else f"{line.bound} "
    return f"{prefix}{number(line.published)} {sign} {number(line.tolerance)}"


def verdict(row: Row) -> str:
    """Return ``holds`` or ``does not hold``, and whether the figure was put into the model."""
    return ("holds" if row.holds else "does not hold") + (", put in" if row.headline.put_in else "")


def write_report(rows: Sequence[Row], outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the page; figures are in it, run files are linked.

    Args:
        rows: The table.
        outcomes: The runs behind it.
        path: The HTML file.
    """
    own = [row for row in rows if not row.headline.put_in]
    put = [row for row in rows if row.headline.put_in]
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>labctl reproduce</title><style>{_STYLE}</style>",
        "<h1>Published and measured</h1>",
        f"<p>labctl {labctl.__version__}, simulated lab. {sum(row.holds for row in own)} of {len(own)} figures that "
        f"came out on their own hold; {sum(row.holds for row in put)} of {len(put)} that the models were "
        "calibrated to hold, and are no evidence. Measured: mean and standard deviation over the seeds.</p>",
        "<h2>Came out on their own</h2>", _table(own), "<h2>Put in</h2>", _table(put), "<h2>Runs</h2>",
    ]  # fmt: skip
    drawn: set[int] = set()
    for outcome in outcomes:
        first = id(outcome.job.case) not in drawn
        drawn.add(id(outcome.job.case))
        parts.append(_run(outcome, path.parent, first=first))
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return "<p>None.</p>"
    head = "<tr><th>Protocol<th>Figure<th>Published<th>Measured<th>Holds<th>Tolerance, and what is to be said</tr>"
    return f"<table>{head}{''.join(_line(row) for row in rows)}</table>"


def _line(row: Row) -> str:
    line, text = row.headline, html.escape
    remark = f"<br><b>{text(row.note)}</b>" if row.note else ""
    style = "" if row.holds else ' class="no"'
    return (
        f"<tr><td>{text(row.letters)}<br><small>{text(row.case.protocol)}</small><td>{text(line.figure)}"
        f"<td class=n>{bound_words(row)}<td class=n>{number(row.measured)} \u00b1 {number(row.spread)}"
        f"<td{style}>{'yes' if row.holds else 'no'}<td>{text(line.reason)}{remark}</tr>"
    )


def _run(outcome: Outcome, folder: Path, *, first: bool) -> str:
    job, text = outcome.job, html.escape
    parts = []
    if first:
        given = ", ".join(f"{name} = {value}" for name, value in job.case.parameters.items()) or "defaults"
        parts.append(f"<h3>{text(job.case.letters)}: {text(job.case.protocol)}</h3><p><small>{text(given)}</small></p>")
    if outcome.error:
        return "".join([*parts, f"<p class=no>seed {job.seed}: {text(outcome.error)}</p>"])
    if first:
        parts.append(_figure(outcome))
    link = Path(os.path.relpath(outcome.file, folder)).as_posix()
    name = text(Path(outcome.file).name)
    parts.append(f'<p>seed {job.seed}: <a href="{text(link)}">{name}</a>, {outcome.seconds:.1f} s</p>')
    return "".join(parts)


def _figure(outcome: Outcome) -> str:
    run = RunData(outcome.file)
    protocol: type[Protocol] = plugins.load("protocols", run.protocol)
    if protocol.figure.__func__ is Protocol.figure.__func__:  # type: ignore[attr-defined]
        return ""
    picture = io.BytesIO()
    protocol.figure(run).savefig(picture, dpi=90, format="png")
    encoded = base64.b64encode(picture.getvalue()).decode()
    return f'<img alt="{html.escape(run.header.title)}" src="data:image/png;base64,{encoded}">'
