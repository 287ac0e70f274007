"""A whole station, served in a process of its own and opened over each of its lines."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import pyvisa

SERVE = "from labctl.cli import main; main()"


def served() -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", SERVE, "simulate", "full-lab", "--speed", "1000", "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


process = pytest.fixture(served)
shared_process = pytest.fixture(scope="module")(served)


def resources_of(process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    return dict(json.loads(line)["resources"])


@pytest.fixture(scope="module")
def resources(shared_process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    return resources_of(shared_process)


def test_each_role_has_the_lines_that_suit_it(resources: dict[str, dict[str, str]]) -> None:
    assert {role: sorted(lines) for role, lines in resources.items()} == {
        "pulser": ["hislip", "socket"],
        "smu": ["hislip", "socket"],
        "scope": ["hislip", "socket"],
        "analyzer": ["hislip", "socket"],
        "pe-board": ["serial"],
    }


def test_every_instrument_says_who_it_is_over_both_transports(
    resources: dict[str, dict[str, str]], manager: pyvisa.ResourceManager
) -> None:
    words = {"pulser": "33622A", "smu": "2636B", "scope": "MSO-X 3104A", "analyzer": "B1500A"}
    for role, model in words.items():
        for kind in ("hislip", "socket"):
            options = {"read_termination": "\n", "write_termination": "\n"}
            with manager.open_resource(resources[role][kind], **options) as resource:
                assert model in resource.query("*IDN?")


def test_a_device_clear_stops_an_endless_script(
    resources: dict[str, dict[str, str]], manager: pyvisa.ResourceManager
) -> None:
    with manager.open_resource(resources["smu"]["hislip"], timeout=10_000) as resource:
        resource.write("while true do end")
        resource.clear()
        assert "2636B" in resource.query("*IDN?")


def test_a_pulse_of_one_instrument_is_read_by_another(
    resources: dict[str, dict[str, str]], manager: pyvisa.ResourceManager
) -> None:
    def read(smu: Any) -> float:
        smu.write("smua.source.func = 1 smua.source.levelv = 0.2 smua.source.limiti = 1e-3 smua.source.output = 1")
        ohms = float(smu.query("print(smua.measure.r())"))
        assert float(smu.query("smua.source.output = 0 print(smua.source.output)")) == 0.0  # wait until it is off
        return ohms

    with (
        manager.open_resource(resources["pulser"]["hislip"]) as pulser,
        manager.open_resource(resources["smu"]["socket"], read_termination="\n", write_termination="\n") as smu,
    ):
        assert read(smu) < 2e4
        for line in (
            "OUTP1:LOAD INF", "FUNC PULS", "FUNC:PULS:TRAN 5E-9", "FUNC:PULS:WIDT 60E-9", "FUNC:PULS:PER 1E-6",
            "VOLT:HIGH 5", "VOLT:LOW 0", "BURS:MODE TRIG", "BURS:NCYC 1", "TRIG:SOUR BUS", "BURS:STAT ON",
            "OUTP1 ON", "*TRG",
        ):  # fmt: skip
            pulser.write(line)
        assert pulser.query("*OPC?").strip() == "1"
        pulser.write("OUTP1 OFF")
        assert pulser.query("SYST:ERR?").startswith(("0,", "+0,"))
        assert read(smu) > 1e6


def test_an_interrupt_ends_serving_cleanly(process: subprocess.Popen[str]) -> None:
    assert resources_of(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(20.0) == 0
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_two_drivers_on_one_net_are_told_and_a_termination_ends_serving_cleanly(
    process: subprocess.Popen[str], manager: pyvisa.ResourceManager
) -> None:
    resources = resources_of(process)
    with manager.open_resource(resources["pulser"]["hislip"]) as pulser:
        pulser.write("FUNC DC;:VOLT:OFFS 1;:OUTP1 ON")
        assert pulser.query("*OPC?").strip() == "1"
    with manager.open_resource(resources["smu"]["hislip"]) as smu:
        smu.write("smua.source.levelv = 0.2 smua.source.output = 1")
        assert "2636B" in smu.query("*IDN?")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20.0) == 0
    assert process.stderr is not None
    told = process.stderr.read()
    assert "pulser.ch1 and smu.smua drive the net 'pcm' at once" in told
    assert "Traceback" not in told
