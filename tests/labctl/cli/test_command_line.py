"""The contract of the command line: exit statuses, one clear message, no traceback, nothing touched."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import pandas as pd
import pytest


def labctl_command(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from labctl.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


SMALL = ("run", "write-verify", "--simulate", "--seed", "1", "--set", "cells=12", "--set", "levels=3")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    done = labctl_command(*SMALL, "--output", ".", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / json.loads(done.stdout)["file"]


def test_a_run_prints_one_object_with_its_headline_figures(tmp_path: Path) -> None:
    outputs = []
    for _ in range(2):
        done = labctl_command(*SMALL, "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        outputs.append(json.loads(done.stdout))
    assert outputs[0]["status"] == "done"
    assert (tmp_path / outputs[0]["file"]).is_file()
    wanted = {"cells", "levels", "yield", "overlapping_levels", "mean_pulses", "error_std_nA", "relaxed_error_std_nA"}
    assert wanted <= outputs[0]["summary"].keys()
    assert outputs[0]["summary"] == outputs[1]["summary"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "write-verif", "--simulate"), "'write-verif' is none of the protocols; did you mean write-verify"),
        ((*SMALL, "--set", "tolerence=50nA"), "write-verify: 'tolerence' is not known; there are array, cells"),
        ((*SMALL, "--set", "cells=0"), "write-verify: cells is 0, but must be at least 1"),
        ((*SMALL, "--set", "highest=50uS"), "the station's sample is for 500 nS to 45 uS"),
        ((*SMALL, "--set", "set_pulse.width=50 nV"), "set_pulse.width: '50 nV' is not in the right unit"),
        ((*SMALL, "--set", "set_pulse.length=50ns"), "'set_pulse.length' is not known; there are word_line"),
        ((*SMALL, "--set", "cells"), "--set 'cells' is not of the form key=value"),
        ((*SMALL, "--station", "pe-bord"), "there is no station file 'pe-bord'; did you mean 'pe-board'?"),
        (
            (*SMALL, "--station", "typo.toml"),
            "typo.toml: 'instruments.pe-board.lnk' is not known; there are driver, link",
        ),
        ((*SMALL, "--station", "unit.toml"), "unit.toml: sample.voltage: '5 A' is not in the right unit"),
        ((*SMALL, "--station", "missing.toml"), "missing.toml: 'instruments.pe-board.link' is missing"),
        ((*SMALL, "--station", "broken.toml"), "broken.toml: this is no TOML"),
        ((*SMALL, "--station", "driver.toml"), "'keithly' is none of the drivers"),
        ((*SMALL, "--transport", "pigeon"), "--transport is 'pigeon', but there are in-process and serial"),
        (("run", "write-verify", "--nonsense"), "--nonsense"),
    ],
)
def test_bad_arguments_end_with_status_2_and_one_message(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    good = 'name = "x"\n[instruments.pe-board]\ndriver = "pe-board"\nlink = "ASRL1::INSTR"\n'
    (tmp_path / "typo.toml").write_text(good.replace("link", "lnk"))
    (tmp_path / "unit.toml").write_text(f'{good}[sample]\nvoltage = "5 A"\n')
    (tmp_path / "missing.toml").write_text(good.replace('link = "ASRL1::INSTR"', ""))
    (tmp_path / "broken.toml").write_text("name = \n")
    (tmp_path / "driver.toml").write_text(good.replace('driver = "pe-board"', 'driver = "keithly"'))
    done = labctl_command(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_port_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = labctl_command("run", "write-verify", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert "pe-board: ASRL/dev/ttyUSB0::INSTR cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["status"] == "failed"
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["show", "recover", "resume", "analyse", "export"])
def test_a_damaged_run_file_is_named(finished: Path, tmp_path: Path, command: str) -> None:
    damaged = tmp_path / "damaged.h5"
    damaged.write_bytes(finished.read_bytes()[:5000])
    done = labctl_command(command, str(damaged), cwd=tmp_path)
    assert done.returncode == 1
    assert "damaged.h5 cannot be read: it is damaged, cut short" in done.stderr
    assert "Traceback" not in done.stderr
    assert damaged.stat().st_size == 5000


def test_a_dry_run_says_what_would_happen_and_writes_nothing(tmp_path: Path) -> None:
    done = labctl_command(*SMALL, "--dry-run", "--json", cwd=tmp_path)
    plan = json.loads(done.stdout)["plan"]
    assert plan["instruments"] == "pe-board"
    assert plan["pulses_per_device"] == 1500
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_is_not_resumed(finished: Path, tmp_path: Path) -> None:
    done = labctl_command("resume", str(finished), cwd=tmp_path)
    assert done.returncode == 1
    assert "this run is done, there is nothing to resume" in done.stderr


def test_parameters_come_from_a_file_too_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text('cells = 8\nlevels = 4\n[set_pulse]\nwidth = "60 ns"\n')
    done = labctl_command(
        "run", "write-verify", "--simulate", "--parameters", "p.toml", "--set", "levels=2", "--json", cwd=tmp_path
    )
    shown = json.loads(labctl_command("show", json.loads(done.stdout)["file"], "--json", cwd=tmp_path).stdout)
    assert shown["parameters"]["cells"] == 8
    assert shown["parameters"]["levels"] == 2
    assert shown["parameters"]["set_pulse"] == {"word_line": 1.8, "bit_line": 2.0, "source_line": 0.0, "width": 60e-9}


def test_show_analyse_plot_and_export_use_the_file_alone(finished: Path, tmp_path: Path) -> None:
    shown = json.loads(labctl_command("show", str(finished), "--json", cwd=tmp_path).stdout)
    with h5py.File(finished, "r+") as file:
        del file["entry/analysis"]
    again = json.loads(labctl_command("analyse", str(finished), "--json", cwd=tmp_path).stdout)
    assert again["summary"] == shown["summary"]
    assert again["rows"] == {"write": 36, "pulse": again["rows"]["pulse"], "relaxed": 36}
    assert "yield" in labctl_command("show", str(finished), cwd=tmp_path).stdout
    assert labctl_command("plot", str(finished), "-o", "figure.png", cwd=tmp_path).returncode == 0
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert labctl_command("plot", str(finished), "-o", "figure.doc", cwd=tmp_path).returncode == 2
    for kind in ("csv", "parquet"):
        paths = labctl_command("export", str(finished), "--to", kind, "-o", "out", cwd=tmp_path).stdout.split()
        assert len(paths) == 3
    table = pd.read_csv(tmp_path / "out" / f"{finished.stem}_write.csv")
    assert "current (A)" in table
    assert len(table) == 36
    assert len(pd.read_parquet(tmp_path / "out" / f"{finished.stem}_write.parquet")) == 36


def test_the_lists_have_units_defaults_and_limits(tmp_path: Path) -> None:
    (facts,) = (
        p for p in json.loads(labctl_command("protocols", "--json", cwd=tmp_path).stdout)["protocols"]
        if p["name"] == "write-verify"
    )  # fmt: skip
    assert facts["needs"] == {"array": "CellArray"}
    assert facts["parameters"]["tolerance"]["unit"] == "A"
    assert facts["parameters"]["tolerance"]["default"] == 50e-9
    assert facts["parameters"]["pulse_limit"]["minimum"] == 1
    assert facts["parameters"]["set_pulse.width"]["default"] == 50e-9
    assert facts["parameters"]["loop"]["choices"] == ["board", "host"]
    drivers = {d["name"]: d for d in json.loads(labctl_command("drivers", "--json", cwd=tmp_path).stdout)["drivers"]}
    assert drivers["pe-board"]["settings"]["temperature"]["unit"] == "K"
    stations = json.loads(labctl_command("stations", "--json", cwd=tmp_path).stdout)["stations"]
    assert {"pe-board"} <= {s["name"] for s in stations}
    for listing in ("protocols", "drivers", "stations"):
        assert "pe-board" in labctl_command(listing, cwd=tmp_path).stdout or listing == "protocols"


def test_sample_die_device_operator_and_note_are_in_the_file_and_shown(tmp_path: Path) -> None:
    given = {"sample": "wafer 3", "die": "C4", "device": "D17", "operator": "Ada", "note": "after the anneal"}
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    done = labctl_command(*SMALL, *options, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    file = json.loads(done.stdout)["file"]
    shown = json.loads(labctl_command("show", file, "--json", cwd=tmp_path).stdout)
    assert {name: shown[name] for name in given} == given
    text = labctl_command("show", file, cwd=tmp_path).stdout
    assert "device   D17" in text
    assert "note     after the anneal" in text
