"""The bench: what one terminal drives, another sees; circuits in closed form; conflicts."""

import math
import threading

import numpy as np
import pytest

from simulated_instruments.bench import Bench, NetWiring
from simulated_instruments.bench_parts import history


class StepClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.time += seconds


PULSE = np.array([0.0, 5e-9, 65e-9, 70e-9, 1e-6])


def wired(clock: StepClock, device: str = "resistor", **wiring: object) -> Bench:
    wiring = {"terminals": ("pulser.ch1", "smu.smua", "scope.chan1"), "options": {}, **wiring}
    return Bench(clock, {"cell": NetWiring(device=device, **wiring)}, seed=1)  # type: ignore[arg-type]


def give_pulse(clock: StepClock, bench: Bench, height: float, corners: np.ndarray = PULSE) -> None:
    pulser = bench.terminals("pulser")["ch1"]
    pulser.play(corners, height * np.array([0.0, 1.0, 1.0, 0.0, 0.0]), ohms=50.0)
    clock.wait(2e-6)
    pulser.release()


def read(clock: StepClock, bench: Bench) -> float:
    smu = bench.terminals("smu")["smua"]
    smu.force(0.2, limit=1e-3)
    clock.wait(0.02)
    volts, amps = smu.sense()
    smu.release()
    return volts / amps


def test_a_source_meter_measures_a_resistor() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 4.7e3})
    assert read(clock, bench) == pytest.approx(4.7e3)


def test_the_scope_sees_the_divided_pulse() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 50.0})
    give_pulse(clock, bench, 4.0)
    volts, amps = bench.terminals("scope")["chan1"].trace(np.array([0.0, 2.5e-9, 30e-9, 67.5e-9, 80e-9]))
    assert volts == pytest.approx([0.0, 1.0, 2.0, 1.0, 0.0])
    assert not amps.any()
    _, amps = bench.terminals("pulser")["ch1"].trace(np.array([30e-9]))
    assert amps == pytest.approx([0.04])


def test_a_crossing_is_found_between_corners() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 1e9})
    give_pulse(clock, bench, 4.0)
    scope = bench.terminals("scope")["chan1"]
    assert scope.crossing(1.0, rising=True, after=0.0) == pytest.approx(1.25e-9, rel=1e-6)
    assert scope.crossing(1.0, rising=False, after=0.0) == pytest.approx(68.75e-9, rel=1e-6)
    assert scope.crossing(5.0, rising=True, after=0.0) is None
    assert scope.crossing(1.0, rising=True, after=1e-6) is None


def test_a_pulse_of_one_instrument_changes_what_another_reads() -> None:
    clock = StepClock()
    bench = wired(clock, "pcm")
    assert read(clock, bench) == pytest.approx(1e4, rel=0.5)
    give_pulse(clock, bench, 5.0)
    clock.wait(1.0)
    assert 3e6 < read(clock, bench) < 3e7
    give_pulse(clock, bench, 3.0, np.array([0.0, 5e-9, 405e-9, 705e-9, 1e-6]))
    assert 2e4 < read(clock, bench) < 5e4
    assert not bench.conflicts


def test_a_reset_cell_drifts_while_the_clock_runs() -> None:
    clock = StepClock()
    bench = wired(clock, "pcm", options={"read_noise": 0.0})
    give_pulse(clock, bench, 5.0)
    clock.wait(1.0)
    early = read(clock, bench)
    clock.wait(1000.0)
    assert math.log10(read(clock, bench) / early) == pytest.approx(0.3, abs=0.15)


def test_a_set_pulse_raises_the_conductance_of_an_rram_cell_and_a_reset_lowers_it() -> None:
    clock = StepClock()
    bench = wired(clock, "rram")
    readings = [read(clock, bench)]
    for height in (2.0, -1.8):
        for _ in range(20):
            give_pulse(clock, bench, height)
        readings.append(read(clock, bench))
    assert readings[1] < readings[0]
    assert readings[2] > readings[1]


def test_a_capacitor_charges_through_a_resistor_in_closed_form() -> None:
    clock = StepClock()
    bench = wired(clock, "open", series=1e3, capacitance=1e-9, probes=("scope.chan2",))
    bench.terminals("pulser")["ch1"].force(1.0, ohms=1e3)
    clock.wait(10e-6)
    times = np.array([0.5e-6, 1e-6, 2e-6, 4e-6, 8e-6])
    inner, _ = bench.terminals("scope")["chan2"].trace(times)
    charge = 1.0 - np.exp(-times / 2e-6)
    assert inner == pytest.approx(charge, abs=0.005)
    outer, _ = bench.terminals("scope")["chan1"].trace(times)
    assert outer == pytest.approx(0.5 * (1.0 + charge), abs=0.005)


def test_compliance_holds_the_current() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 100.0})
    smu = bench.terminals("smu")["smua"]
    smu.force(1.0, limit=2e-3)
    assert smu.sense() == pytest.approx((0.2, 2e-3))
    smu.force_current(1e-3, limit=10.0)
    assert smu.sense() == pytest.approx((0.1, 1e-3))
    smu.force_current(-1.0, limit=10.0)
    assert smu.sense() == pytest.approx((-10.0, -0.1))


def test_two_drivers_on_one_net_are_reported_once() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 1e4})
    heard = []
    bench.on_conflict = heard.append
    bench.terminals("pulser")["ch1"].force(1.0, ohms=50.0)
    clock.wait(0.5)
    smu = bench.terminals("smu")["smua"]
    smu.force(0.2, limit=0.1)
    smu.force(0.3, limit=0.1)
    assert [(c.time, c.net, c.terminals) for c in bench.conflicts] == [(0.5, "cell", ("pulser.ch1", "smu.smua"))]
    assert heard == bench.conflicts
    volts, amps = smu.sense()
    assert volts == pytest.approx(0.3, rel=1e-3)
    assert amps == pytest.approx((0.3 - 1.0) / 50.0, rel=1e-2)
    smu.release()
    smu.force(0.2, limit=0.1)
    assert len(bench.conflicts) == 2


def test_an_output_at_rest_takes_its_milliampere_and_no_more() -> None:
    clock = StepClock()
    bench = wired(clock, options={"ohms": 1e6})
    smu = bench.terminals("smu")["smua"]
    smu.force(0.0, limit=1e-3)
    bench.terminals("pulser")["ch1"].force(5.0, ohms=50.0)
    volts, amps = smu.sense()
    assert volts == pytest.approx(5.0 - 0.05, rel=1e-3)
    assert amps == pytest.approx(-1e-3)
    assert not bench.conflicts


def test_a_probe_drives_nothing() -> None:
    bench = wired(StepClock(), probes=("scope.chan2",))
    with pytest.raises(ValueError, match="probe"):
        bench.terminals("scope")["chan2"].force(1.0)


def test_a_wiring_that_makes_no_sense_is_refused_by_net() -> None:
    clock = StepClock()
    for wiring, message in (
        ({"device": "resitor"}, "nets.cell: there is no device 'resitor'"),
        ({"device": "resistor", "options": {"ohm": 1.0}}, "nets.cell: device 'resistor'"),
        ({"device": "resistor", "probes": ("smu.smua",)}, "wired twice"),
    ):
        with pytest.raises(ValueError, match=message):
            wired(clock, **wiring)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PIECES", 100)
    clock = StepClock()
    bench = wired(clock, options={"ohms": 1e3})
    smu = bench.terminals("smu")["smua"]
    smu.force(1.0)
    for _ in range(500):
        clock.wait(1.0)
        smu.sense()
    volts, _ = smu.trace(np.array([1.0, 499.0]))
    assert volts == pytest.approx([1.0, 1.0])
    assert len(bench.nets["cell"].history._pieces) <= 101


PAIR = np.array([0.0, 5e-9, 65e-9, 70e-9, 500e-9, 505e-9, 905e-9, 1205e-9, 1500e-9])
PAIR_VOLTS = np.array([0.0, 5.0, 5.0, 0.0, 0.0, 3.0, 3.0, 0.0, 0.0])


def give_train(clock: StepClock, bench: Bench, count: int) -> None:
    pulser = bench.terminals("pulser")["ch1"]
    pulser.play(PAIR, PAIR_VOLTS, ohms=50.0, count=count, period=2e-6)
    clock.wait(count * 2e-6 + 1e-6)
    pulser.release()


def test_a_long_train_ends_as_a_short_one_and_shows_its_first_and_last_passage() -> None:
    ends = []
    for count in (3, 100_000):
        clock = StepClock()
        bench = wired(clock, "pcm")
        give_train(clock, bench, count)
        ends.append(read(clock, bench))
        scope = bench.terminals("scope")["chan1"]
        for start in (0.0, (count - 1) * 2e-6):
            volts, _ = scope.trace(start + np.array([30e-9, 300e-9, 700e-9, 1400e-9]))
            assert volts == pytest.approx([5.0, 0.0, 3.0, 0.0], rel=0.05, abs=1e-9)
    assert ends == pytest.approx([3e4, 3e4], rel=0.5)


def test_a_train_through_a_device_without_a_short_cut_is_followed_passage_by_passage() -> None:
    clock = StepClock()
    bench = wired(clock, "resistor", options={"ohms": 150.0})
    give_train(clock, bench, 200)
    volts, amps = bench.terminals("pulser")["ch1"].trace(100 * 2e-6 + np.array([30e-9, 300e-9, 700e-9]))
    assert volts == pytest.approx([3.75, 0.0, 2.25])
    assert amps == pytest.approx([0.025, 0.0, 0.015])


def test_a_train_that_is_looked_at_in_between_goes_on() -> None:
    clock = StepClock()
    bench = wired(clock, "pcm")
    pulser, scope = bench.terminals("pulser")["ch1"], bench.terminals("scope")["chan1"]
    pulser.play(PAIR, PAIR_VOLTS, ohms=50.0, count=1000, period=2e-6)
    clock.wait(500 * 2e-6 + 30e-9)
    assert scope.sense()[0] == pytest.approx(5.0, rel=0.05)
    clock.wait(670e-9)
    assert scope.sense()[0] == pytest.approx(3.0, rel=0.05)
    clock.wait(1e-3)
    assert scope.sense()[0] == 0.0
    assert bench.device("cell").cells.amorphous()[0] < 0.01


def test_a_train_that_another_terminal_drives_against_is_followed_and_reported() -> None:
    clock = StepClock()
    bench = wired(clock, "pcm")
    bench.terminals("smu")["smua"].force(0.2, limit=0.1)
    give_train(clock, bench, 100)
    assert [conflict.terminals for conflict in bench.conflicts] == [("pulser.ch1", "smu.smua")]


def test_cells_are_connected_one_at_a_time() -> None:
    clock = StepClock()
    bench = wired(clock, "pcm", options={"cells": 3})
    needles = bench.terminals("scope")["chan1"]
    found = []
    for cell in (0, 1, 2):
        needles.connect(cell)
        give_pulse(clock, bench, 5.0 if cell == 1 else 0.5)
        found.append(read(clock, bench))
    assert found[0] < 2e4
    assert found[1] > 1e6
    assert found[2] < 2e4
    needles.connect(None)
    assert bench.terminals("smu")["smua"].sense() == (0.0, 0.0)
    with pytest.raises(ValueError, match="cells 0 to 2, not 3"):
        needles.connect(3)
