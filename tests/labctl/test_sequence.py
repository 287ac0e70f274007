"""Sequences: conditions, grids, what is skipped, failures, and going on with one that was cut short."""

import itertools
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from labctl import api
from labctl.cli.app import app
from labctl.errors import ConfigError, DataFileError, InstrumentError, LabctlError, RunStoppedError
from labctl.events import Event, Progress
from labctl.runfile.reader import RunData
from labctl.runner import Listener, Run
from labctl.sequence.model import Condition, Sequence, read_sequence
from labctl.sequence.running import Entry, plan_sequence, run_sequence
from labctl.stations.station import Station, open_station

SMALL = {"cells": 6, "levels": 2, "wait": "1 s", "traced": 0}


def stage(name: str, **fields: object) -> dict[str, object]:
    return {"protocol": "write-verify", "name": name, "parameters": SMALL, **fields}


def sequence(*stages: dict[str, object], **each: list[object]) -> Sequence:
    return Sequence.model_validate({"stage": stages, "each": each})


def outcomes(entries: list[Entry]) -> list[tuple[object, str, str]]:
    return [(next(iter(entry.point.values()), None), entry.stage, entry.outcome) for entry in entries]


@pytest.fixture
def lab() -> Station:
    return open_station("pe-board", simulate=True, seed=5)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [("a.x > 2", 3, True), ("a.x > 2", 2, False), ("a.x>=2", 2, True), ("a.x < -1e3", -2e3, True),
     ("a.x <= 2", 2.1, False), ("a.x == 0", 0, True), ("a.x != 0", 0, False)],
)  # fmt: skip
def test_a_condition_compares_a_figure_with_a_number(text: str, value: float, holds: bool) -> None:
    assert Condition.parse(text).holds({"a": {"x": value}}) is holds


@pytest.mark.parametrize("text", ["", "a > 2", "a.x = 2", "a.x > b", "a.x > 2 or 1", "__import__('os').system('x')"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no condition"):
        Condition.parse(text)


def test_a_condition_on_a_figure_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ConfigError, match="'a' has no figure 'y'; it has x"):
        Condition.parse("a.y > 2").holds({"a": {"x": 1.0}})


def test_stages_run_in_turn_at_each_point_and_what_is_not_asked_for_is_skipped(lab: Station, tmp_path: Path) -> None:
    good, bad = stage("good", when=("first.yield >= 0.5",)), stage("bad", when=("first.yield < 0",))
    chain = sequence(stage("first"), good, bad, stage("after", when=("bad.yield >= 0",)), array=[1, 3])
    with lab:
        entries = run_sequence(chain, lab, tmp_path, seed=1)
    expected = [("first", "done"), ("good", "done"), ("bad", "skipped"), ("after", "skipped")]
    assert outcomes(entries) == [(array, *what) for array in (1, 3) for what in expected]
    assert [RunData(e.file).parameters["array"] for e in entries if e.file] == [1, 1, 3, 3]
    assert entries[2].reason == "not first.yield < 0"
    seeds = [RunData(e.file).header.seed for e in entries if e.file]
    assert len(set(seeds)) == 4


def test_a_condition_that_fails_can_end_the_point_or_the_sequence(lab: Station, tmp_path: Path) -> None:
    def chain(otherwise: str) -> Sequence:
        picky = stage("picky", when=("first.yield < 0",), otherwise=otherwise)
        return sequence(stage("first"), picky, stage("last"), array=[0, 1])

    with lab:
        ended = run_sequence(chain("next"), lab, tmp_path / "next", seed=1)
        assert [e.stage for e in ended] == ["first", "picky", "first", "picky"]
        stopped = run_sequence(chain("stop"), lab, tmp_path / "stop", seed=1)
        assert [e.stage for e in stopped] == ["first", "picky"]


def test_everything_is_checked_before_anything_runs(lab: Station, tmp_path: Path) -> None:
    chain = sequence(stage("first"), stage("late", parameters={**SMALL, "cells": 3000}))
    with lab, pytest.raises(ConfigError, match="cells is 3000"):
        run_sequence(chain, lab, tmp_path)
    assert not list(tmp_path.glob("*.h5"))
    assert len(plan_sequence(sequence(stage("first"), array=[0, 1, 2]), lab)) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[stage]]\nprotocol='write-verify'\nname='a'\n[[stage]]\nprotocol='write-verify'\nname='a'", "two stages"),
        ("[[stage]]\nprotocol='write-verify'\nwhen=['later.x > 1']", "no stage before it"),
        ("[[stage]]\nprotocol='write-verify'\nwhen=['x']", "is no condition"),
        ("[each]\nvolume=[1]\n[[stage]]\nprotocol='write-verify'", "no stage has a parameter 'volume'"),
        ("[each]\narray=[]\n[[stage]]\nprotocol='write-verify'", "each.array has no value"),
        ("[each]\narray=[0, -1]\n[[stage]]\nprotocol='write-verify'", "stage 'write-verify': array is -1"),
        ("[[stage]]\nprotocol='write-verify'\nparameters={cells=0}", "stage 'write-verify': cells is 0"),
        ("[[stage]]\nprotocol='write'", "none of the protocols"),
        ("stage=[]", "at least 1 item"),
        ("[[stage]]\nprotocol=", "cannot be read as a sequence"),
    ],
)
def test_a_wrong_file_is_refused_in_words(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_sequence(file)


def test_a_run_that_fails_ends_the_sequence_unless_its_stage_says_otherwise(
    lab: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = stage("first"), stage("last")
    with lab:
        with monkeypatch.context() as patch:
            breaks_on(patch, 1)
            with pytest.raises(LabctlError, match=r"stage 'first' at array = 1 failed.*it broke"):
                run_sequence(sequence(first, array=[0, 1, 2]), lab, tmp_path / "stop", seed=1)
        with monkeypatch.context() as patch:
            breaks_on(patch, 0)
            going_on = sequence({**first, "if_failed": "next"}, last, array=[0, 1])
            entries = run_sequence(going_on, lab, tmp_path / "next", seed=1)
    assert outcomes(entries) == [(0, "first", "failed"), (1, "first", "done"), (1, "last", "done")]
    assert "it broke" in entries[0].reason


def test_a_sequence_that_was_cut_short_goes_on_where_it_was(
    lab: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = sequence(stage("first"), stage("second", when=("first.yield > 0",)), array=[0, 1])
    with lab:
        with monkeypatch.context() as patch:
            breaks_on(patch, 2, RunStoppedError("cut"))
            with pytest.raises(RunStoppedError):
                run_sequence(chain, lab, tmp_path, seed=1)
        kept = json.loads((tmp_path / "sequence.progress.json").read_text())["entries"]
        assert [entry["outcome"] for entry in kept] == ["done", "done", "running"]
        with pytest.raises(ConfigError, match="is there already"):
            run_sequence(chain, lab, tmp_path, seed=1)
        with pytest.raises(DataFileError, match="another sequence"):
            run_sequence(sequence(stage("first")), lab, tmp_path, resume=True)
        entries = run_sequence(chain, lab, tmp_path, resume=True)
    assert [entry.outcome for entry in entries] == ["done"] * 4
    assert [entry.file for entry in entries[:2]] == [entry["file"] for entry in kept[:2]]
    assert len({entry.file for entry in entries}) == 4


def test_a_run_that_was_cut_short_is_resumed_in_its_file(
    lab: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = sequence(stage("only"))
    original, runs = api.prepare, []

    def prepare(*arguments: Any, **options: Any) -> Run:
        runs.append(original(*arguments, **options))
        return runs[-1]

    def stop_after_a_step(event: Event) -> None:
        if isinstance(event, Progress) and event.done == 1:
            runs[-1].stop()

    monkeypatch.setattr(api, "prepare", prepare)
    with lab:
        with pytest.raises(RunStoppedError, match="was stopped"):
            run_sequence(chain, lab, tmp_path, seed=1, listener=stop_after_a_step)
        (file,) = tmp_path.glob("*.h5")
        before = RunData(file).lengths["write"]
        assert 0 < before < 12
        (entry,) = run_sequence(chain, lab, tmp_path, resume=True)
    assert entry.outcome == "done"
    assert Path(entry.file) == file
    assert RunData(file).lengths["write"] == 12


def breaks_on(patch: pytest.MonkeyPatch, number: int, error: Exception | None = None) -> None:
    """Let the run with this number, from 0, break."""
    original, count = api.drive, itertools.count()

    def drive(prepared: Run, listener: Listener | None = None) -> Run:
        if next(count) == number:
            raise error or InstrumentError("pe-board", "PULSE", 5, "it broke")
        return original(prepared, listener)

    patch.setattr(api, "drive", drive)


def test_the_command_line_plans_and_runs_a_sequence(tmp_path: Path) -> None:
    file = tmp_path / "night.toml"
    file.write_text(
        textwrap.dedent("""
        [each]
        array = [0, 1]
        [[stage]]
        protocol = "write-verify"
        parameters = { cells = 4, levels = 2, wait = "1 s" }
        """)
    )
    planned = CliRunner().invoke(app, ["sequence", str(file), "--simulate", "--dry-run"])
    assert planned.exit_code == 0, planned.output
    assert planned.stdout.count("write-verify") == 2
    ran = CliRunner().invoke(
        app, ["sequence", str(file), "--simulate", "--seed", "3", "--output", str(tmp_path / "runs"), "--json"]
    )
    assert ran.exit_code == 0, ran.output
    stages = json.loads(ran.stdout)["stages"]
    assert [entry["outcome"] for entry in stages] == ["done", "done"]
    assert (tmp_path / "runs" / "night.progress.json").is_file()


def test_labels_of_the_file_and_of_the_command_line_are_in_every_run_file(tmp_path: Path) -> None:
    file = tmp_path / "short.toml"
    file.write_text(
        textwrap.dedent("""
            labels = { sample = "wafer 3", die = "C4", operator = "Ada" }
            [each]
            array = [0, 1]
            [[stage]]
            protocol = "write-verify"
            parameters = { cells = 2, levels = 2, wait = "1 s", traced = 0 }
        """)
    )
    options = ["--operator", "Bob", "--device", "D17", "--note", "after the anneal", "--output", str(tmp_path)]
    done = CliRunner().invoke(app, ["sequence", str(file), "--simulate", "--seed", "1", *options])
    assert done.exit_code == 0, done.output
    headers = [RunData(path).header for path in tmp_path.glob("*.h5")]
    expected = ("wafer 3", "C4", "D17", "Bob", "after the anneal")
    assert [(h.sample, h.die, h.device, h.operator, h.note) for h in headers] == [expected] * 2


def test_a_sequence_that_goes_on_keeps_the_labels_that_it_was_begun_with(
    lab: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = sequence(stage("first"), stage("second"))
    with lab:
        with monkeypatch.context() as patch:
            breaks_on(patch, 1, RunStoppedError("gone"))
            with pytest.raises(RunStoppedError):
                run_sequence(chain.labelled({"die": "C4", "operator": "Ada", "note": ""}), lab, tmp_path, seed=1)
        entries = run_sequence(chain.labelled({"operator": "Bob"}), lab, tmp_path, resume=True)
    headers = [RunData(entry.file).header for entry in entries]
    assert [(h.die, h.operator, h.note) for h in headers] == [("C4", "Ada", ""), ("C4", "Bob", "")]


def test_a_label_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="waver"):
        Sequence.model_validate({"stage": [stage("first")], "labels": {"waver": "3"}})
