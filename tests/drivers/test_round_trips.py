"""Drivers and their twins, in process, over TCP and over HiSLIP: what is set reads back, and what is sent arrives."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import pyvisa

from labctl import plugins
from labctl.capabilities import Pulse
from labctl.errors import InstrumentError
from labctl.instrument import Instrument
from labctl.links import Link, LinkOptions
from labctl.settings import Value
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.served import ServedLab
from labctl.stations.model import read_station

Opener = Callable[[str], Any]
MILLION = 1_000_000
OPTIONS = LinkOptions(timeout=10.0)


class Rig:
    """A station's simulated lab, and drivers in front of it over one kind of line."""

    def __init__(self, station: str, transport: str) -> None:
        self.file, _ = read_station(station)
        self.lab = SimulatedLab(self.file, seed=7, transport="in-process")
        self.served = ServedLab(self.lab) if transport != "in process" else None
        self.transport = transport
        self.opened: list[Instrument] = []

    def open(self, role: str) -> Any:
        table = self.file.instruments[role]
        link = Link(table.link, functools.partial(self.lab.manager, role), OPTIONS)
        if self.served:
            link = Link(self.served.resources[role][self.transport], lambda: pyvisa.ResourceManager("@py"), OPTIONS)
        driver: type[Instrument] = plugins.load("drivers", table.driver)
        limits = self.file.sample.limits()
        instrument = driver(link, role=role, idle=table.idle, limits=limits, options=table.options)
        instrument.open()
        self.opened.append(instrument)
        return instrument

    def close(self) -> None:
        for instrument in self.opened:
            instrument.close()
        if self.served:
            self.served.close()


@pytest.fixture(params=["in process", "socket", "hislip"])
def rig(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Rig]]:
    made: list[Rig] = []

    def make(station: str) -> Rig:
        made.append(Rig(station, request.param))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def full_lab(rig: Callable[[str], Rig]) -> Opener:
    return rig("full-lab").open


SET_AND_READ: dict[str, dict[str, Value]] = {
    "smu": {
        "voltage": 0.125, "current_limit": 1e-7, "nplc": 0.5, "four_wire": True, "filter_count": 5,
        "measured_current_range": 1e-6, "smub_voltage": -0.25,
    },
    "pulser": {
        "ch1_function": "pulse", "ch1_high": 3.25, "ch1_low": -0.5, "ch1_period": 2e-3, "ch1_width": 1.25e-6,
        "ch1_leading_edge": 8e-8, "ch1_polarity": "inverted", "ch2_frequency": 12345.678, "ch2_burst_cycles": 7,
    },
    "scope": {
        "ch1_scale": 0.2, "ch1_offset": -0.35, "ch2_coupling": "ac", "ch3_display": True, "time_scale": 2e-6,
        "time_position": 1e-6, "trigger_level": 0.15, "trigger_slope": "falling", "averages": 16,
    },
    "analyzer": {"output": True, "compliance": 1e-6, "current_range": 1e-6, "converter": "high-resolution"},
}  # fmt: skip


def assert_same(found: Mapping[str, Value], expected: Mapping[str, Value]) -> None:
    """Compare settings; numbers to a part in a million, or a picovolt, as an instrument rounds them."""
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == (value if isinstance(value, str) else pytest.approx(value, rel=1e-6, abs=1e-12)), name


@pytest.mark.parametrize("role", SET_AND_READ)
def test_what_is_set_reads_back(full_lab: Opener, role: str) -> None:
    instrument = full_lab(role)
    settings = instrument.settings()
    for name, value in SET_AND_READ[role].items():
        assert settings[name].get() != value, f"{name} is {value!r} from the beginning"
        settings[name].set(value)
    assert_same({name: settings[name].get() for name in SET_AND_READ[role]}, SET_AND_READ[role])


@pytest.mark.parametrize("role", SET_AND_READ)
def test_a_snapshot_brings_back_what_was_set_since(full_lab: Opener, role: str) -> None:
    instrument = full_lab(role)
    if role == "smu":  # its limit at power-on, 100 mA, is beyond what the sample stands, and would not be set again
        instrument.current_limit.set(1e-3)
        instrument.settings()["smub_current_limit"].set(1e-3)
    instrument.make_safe()
    before = instrument.snapshot()
    for name, value in SET_AND_READ[role].items():
        instrument.settings()[name].set(value)
    instrument.make_safe()
    assert instrument.restore(before)
    assert_same(instrument.snapshot(), before)


def test_a_pulse_of_the_generator_changes_what_the_source_meter_reads(rig: Callable[[str], Rig]) -> None:
    station = rig("pcm-cell")
    smu, pulser = station.open("smu"), station.open("pulser")

    def resistance() -> float:
        readings = smu.measure_current(0.1, compliance=1e-3)
        return float(readings.voltages[0] / readings.currents[0])

    crystalline = resistance()
    pulser.send_pulses(Pulse(height=5.0, rise=5e-9, width=60e-9, fall=5e-9))
    amorphous = resistance()
    assert amorphous > 10.0 * crystalline


def test_a_thousand_readings_come_in_one_binary_block(rig: Callable[[str], Rig]) -> None:
    smu = rig("pcm-cell").open("smu")
    smu.link.transcript.clear()
    readings = smu.measure_repeatedly(0.1, 1000, compliance=1e-3, nplc=0.01)
    received = [entry.data for entry in smu.link.transcript if entry.direction == "<"]
    assert len([data for data in received if data.startswith(b"#0")]) == 1
    announced = [data.split(b"\t")[1] for data in received if data.startswith(b"labctl-data")]
    assert [float(count) for count in announced] == [1000.0]
    assert len(received) < 10
    assert len(readings.currents) == len(readings.voltages) == len(readings.times) == 1000
    assert np.all(np.diff(readings.times) > 0.0)
    assert readings.voltages == pytest.approx(0.1, rel=0.01)
    assert 5e3 < 0.1 / np.mean(readings.currents) < 5e4
    assert not readings.in_compliance.any()


def test_the_analyzer_measures_the_cell_that_it_is_wired_to(full_lab: Opener) -> None:
    analyzer = full_lab("analyzer")
    one = analyzer.measure_current(0.1, compliance=1e-3)
    sweep = analyzer.sweep_voltage(np.linspace(0.02, 0.1, 5), compliance=1e-3)
    assert one.currents[0] > 0.0
    assert sweep.voltages == pytest.approx(np.linspace(0.02, 0.1, 5))
    assert np.all(np.diff(sweep.currents) > 0.0)
    assert sweep.currents[-1] == pytest.approx(one.currents[0], rel=0.2)


def test_a_million_points_go_up_to_the_generator_whole(rig: Callable[[str], Rig]) -> None:
    station = rig("full-lab")
    pulser = station.open("pulser")
    codes = np.random.default_rng(1).integers(-32767, 32768, MILLION, dtype=np.int16)
    pulser.upload_waveform("BIG", codes)
    pulser.select_waveform("BIG", rate=1e6, high=1.0, low=-1.0)
    assert pulser.ask_number("SOUR1:DATA:ATTR:POIN?") == MILLION
    assert np.array_equal(station.lab.front_end("pulser")._memories[0].arbs["BIG"], codes)


def test_a_million_points_come_down_from_the_scope_whole(full_lab: Opener) -> None:
    scope, pulser = full_lab("scope"), full_lab("pulser")
    full_lab("smu").make_safe()  # at power-on its output is off in the NORMAL mode, which would draw 1 mA
    scope.settings()["ch1_scale"].set(0.1)
    scope.arm(duration=1e-3, level=0.1)
    pulser.send_pulses(Pulse(height=0.2, rise=1e-8, width=1e-4, fall=1e-8))
    times, volts = scope.fetch_waveform(1)
    assert len(times) == len(volts) >= MILLION
    assert len(volts) == scope.settings()["memory_points"].get()
    assert times[-1] - times[0] == pytest.approx(1e-3, rel=0.01)
    assert np.allclose(np.diff(times), times[1] - times[0], rtol=1e-3)
    inside, after = (times > 1e-5) & (times < 9e-5), times > 1.1e-4
    assert np.mean(volts[inside]) == pytest.approx(0.2, abs=0.01)
    assert np.mean(volts[after]) == pytest.approx(0.0, abs=0.01)
    assert np.mean(volts[times < -1e-5]) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("role", "do", "code", "words"),
    [
        ("smu", lambda smu: smu.session.run("smua.source.limiti = 1e6"), 1101, "too big"),
        ("smu", lambda smu: smu.session.run("nothing_there()"), -286, "nothing_there"),
        ("pulser", lambda awg: awg.command("NONSENSE 1"), -113, "Undefined header"),
        ("scope", lambda scope: scope.command(":NONS 1"), -113, "Undefined header"),
        ("analyzer", lambda analyzer: analyzer.send("XYZ 1"), 100, "GPIB"),
    ],
)
def test_an_error_of_the_instrument_comes_with_its_code_and_its_words(
    full_lab: Opener, role: str, do: Callable[[Any], None], code: int, words: str
) -> None:
    instrument = full_lab(role)
    with pytest.raises(InstrumentError) as raised:
        do(instrument)
    assert raised.value.code == code
    assert words in raised.value.text
    assert raised.value.instrument == role
    assert raised.value.command
    assert instrument.snapshot()  # the error queue is empty again, and the dialogue in step
