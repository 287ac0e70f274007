"""The papers' figures beside ours: rows, verdicts, the report, and runs that fail."""

import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from labctl import plugins
from labctl.cli.app import app
from labctl.errors import ConfigError
from labctl.reproduction.cases import Case, Headline
from labctl.reproduction.report import write_report
from labctl.reproduction.runs import Row, cases_of, reproduce, rows_of

SMALL = {"cells": 20, "levels": 3, "wait": "1 s", "traced": 0}


def headline(**changes: object) -> Headline:
    values = {"figure": "writes", "measured": "writes", "published": 60.0, "tolerance": 0.0, "reason": "counted"}
    return Headline(**{**values, **changes})  # type: ignore[arg-type]


def small(*headlines: Headline, **changes: object) -> Case:
    values = {"letters": "CNN-B", "protocol": "write-verify", "parameters": SMALL, "seeds": (1, 2)}
    return Case(headlines=headlines, **{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bound", "value", "holds"),
    [
        ("about", 8.9, False), ("about", 9.0, True), ("about", 11.0, True), ("about", 11.1, False),
        ("at least", 8.9, False), ("at least", 9.0, True), ("at least", 1e9, True),
        ("at most", 11.1, False), ("at most", 11.0, True), ("at most", -1e9, True),
        ("about", math.nan, False), ("at least", math.nan, False), ("at most", math.nan, False),
    ],
)  # fmt: skip
def test_a_figure_holds_within_its_tolerance_on_the_side_that_counts(bound: str, value: float, holds: bool) -> None:
    assert headline(published=10.0, tolerance=1.0, bound=bound).holds(value) is holds


def test_each_seed_is_a_run_and_each_headline_a_row_with_mean_and_spread(tmp_path: Path) -> None:
    cases = [("cnn", small(headline(), headline(figure="pulses", measured="mean_pulses", published=0.0)))]
    told = []
    outcomes = reproduce(cases, tmp_path, workers=2, done=lambda *facts: told.append(facts[1:]))
    assert [outcome.job.seed for outcome in outcomes] == [1, 2]
    assert told == [(1, 2), (2, 2)]
    assert all(Path(outcome.file).parent == tmp_path / "cnn" for outcome in outcomes)
    writes, pulses = rows_of(cases, outcomes)
    assert writes.values == (60.0, 60.0)
    assert writes.holds
    assert writes.spread == 0.0
    one, two = (float(outcome.summary["mean_pulses"]) for outcome in outcomes)
    assert one != two
    assert pulses.measured == pytest.approx((one + two) / 2)
    assert pulses.spread == pytest.approx(abs(one - two) / math.sqrt(2))
    assert not pulses.holds
    assert (writes.note, pulses.note) == ("", "no reason is known yet")
    page = tmp_path / "report.html"
    write_report([writes, pulses], outcomes, page)
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 1
    assert all(f'href="cnn/{Path(outcome.file).name}"' in text for outcome in outcomes)


def test_a_run_that_fails_and_a_figure_that_is_not_there_stay_in_the_table(tmp_path: Path) -> None:
    refused = small(headline(), parameters={**SMALL, "array": 9}, seeds=(1,))
    unknown = small(headline(measured="beauty"), seeds=(1,))
    cases = [("cnn", refused), ("cnn", unknown)]
    outcomes = reproduce(cases, tmp_path, workers=1)
    first, second = rows_of(cases, outcomes)
    assert "array is 9" in first.plain()["note"]
    assert "'beauty'" in second.plain()["note"]
    for row in (first, second):
        assert row.plain()["measured"] is None
        assert not row.holds
    page = tmp_path / "report.html"
    write_report([first, second], outcomes, page)
    assert "array is 9" in page.read_text()


def test_what_was_put_in_is_told_apart(tmp_path: Path) -> None:
    case = small(headline())
    own = Row("cnn", "CNN-B", case, headline(figure="came out"), (60.0,), "")
    put = Row("cnn", "CNN-B", case, headline(figure="was calibrated", put_in=True), (60.0,), "")
    page = tmp_path / "report.html"
    write_report([own, put], [], page)
    text = page.read_text()
    assert "1 of 1 figures that came out on their own hold; 1 of 1" in text
    assert text.index("came out<") < text.index("<h2>Put in</h2>") < text.index("was calibrated")
    assert put.plain()["put_in"] is True


def test_a_case_that_does_not_fit_its_protocol_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(monkeypatch, (small(headline(), parameters={"colour": "blue"}),))
    with pytest.raises(ConfigError, match="colour"):
        cases_of(["cnn"])
    with pytest.raises(ConfigError, match="'cnm' is none of the reproductions"):
        cases_of(["cnm"])


def test_the_command_line_prints_one_object_with_the_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    serve(monkeypatch, (small(headline(), seeds=(1,)),))
    result = CliRunner().invoke(app, ["reproduce", "CNN", "--output", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert printed == json.loads((tmp_path / "report.json").read_text())
    (row,) = printed["rows"]
    expected = {"paper": "cnn", "protocol": "write-verify", "figure": "writes", "published": 60.0, "measured": 60.0}
    assert row.items() >= {**expected, "spread": 0.0, "tolerance": 0.0, "holds": True, "put_in": False}.items()
    assert (tmp_path / "report.html").is_file()


def test_the_command_line_fails_when_a_run_fails_and_still_prints_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    serve(monkeypatch, (small(headline(), parameters={**SMALL, "array": 9}, seeds=(1,)),))
    result = CliRunner().invoke(app, ["reproduce", "cnn", "--output", str(tmp_path), "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "failed"
    assert "array is 9" in result.stderr


@pytest.mark.parametrize("paper", sorted(plugins.table("reproductions")))
def test_each_paper_s_cases_fit_their_protocols_and_say_why_their_tolerances_are_what_they_are(paper: str) -> None:
    found = cases_of([paper])
    assert found
    for _, case in found:
        assert case.letters.startswith(paper.upper())
        assert case.seeds
        for line in case.headlines:
            assert line.reason.strip()
            assert line.tolerance >= 0.0


def serve(monkeypatch: pytest.MonkeyPatch, cases: tuple[Case, ...]) -> None:
    """Let ``cnn`` be the only paper, with these cases."""
    original = plugins.load

    def load(kind: plugins.Kind, name: str) -> object:
        return cases if (kind, name) == ("reproductions", "cnn") else original(kind, name)

    table = {"cnn": "here:CASES"}
    monkeypatch.setattr(plugins, "load", load)
    originals = plugins.table
    monkeypatch.setattr(plugins, "table", lambda kind: table if kind == "reproductions" else originals(kind))
