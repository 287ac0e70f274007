"""The bench: what holds a device's other end, and a diffusive memristor in its circuit, whoever looks."""

import threading

import numpy as np
import pytest

from simulated_instruments.bench import Bench, NetWiring

FIVE_PULSES = np.concatenate([k * 200e-6 + np.array([0.0, 1e-7, 100e-6, 100.1e-6]) for k in range(5)])
HEIGHTS = np.tile([0.0, 1.0, 1.0, 0.0], 5)


class StepClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.time += seconds


def wired(clock: StepClock, device: str = "diffusive", **wiring: object) -> Bench:
    given = {
        "terminals": ("pulser.ch1", "scope.chan1"), "probes": ("scope.chan2",), "returns": ("fast.502",),
        "series": 50e3, "capacitance": 5e-9, **wiring,
    }  # fmt: skip
    return Bench(clock, {"cell": NetWiring(device=device, **given)}, seed=3)  # type: ignore[arg-type]


def given_pulses(looks: int) -> tuple[Bench, StepClock]:
    clock = StepClock()
    bench = wired(clock)
    bench.terminals("fast")["502"].force(0.0)
    bench.terminals("pulser")["ch1"].play(FIVE_PULSES, HEIGHTS, ohms=50.0)
    for _ in range(looks):
        clock.wait(1.2e-3 / looks)
        bench.terminals("scope")["chan2"].sense()
    return bench, clock


def test_a_memristor_fires_and_its_spike_comes_out_of_the_other_end() -> None:
    bench, _ = given_pulses(1)
    times = np.arange(0.0, 1e-3, 1e-6)
    across, _ = bench.terminals("scope")["chan2"].trace(times)
    ground, spike = bench.terminals("fast")["502"].trace(times)
    assert bench.device("cell").cells.firings()[0] >= 1
    assert 0.35 < across.max() < 0.55
    assert spike.min() < -100e-6  # the current out of the terminal is negative
    assert not ground.any()
    at = int(np.argmin(spike))
    assert across[at + 20] < 0.5 * across[at - 3 : at].max()


def test_how_often_one_looks_does_not_change_what_happens() -> None:
    seldom, often = given_pulses(1)[0], given_pulses(97)[0]
    assert seldom.device("cell").cells.firings() == often.device("cell").cells.firings()
    times = np.arange(0.0, 1e-3, 1e-6)
    first, second = (bench.terminals("scope")["chan2"].trace(times)[0] for bench in (seldom, often))
    assert np.median(np.abs(first - second)) < 1e-3


def test_an_open_other_end_keeps_the_memristor_at_rest_but_charges_the_capacitor() -> None:
    clock = StepClock()
    bench = wired(clock)
    bench.terminals("pulser")["ch1"].force(1.0, ohms=50.0)
    clock.wait(5e-3)
    assert bench.terminals("scope")["chan2"].sense()[0] == pytest.approx(1.0, rel=0.01)
    assert bench.device("cell").cells.firings()[0] == 0
    bench.terminals("fast")["502"].force(0.0)
    clock.wait(1e-3)
    bench.terminals("scope")["chan2"].sense()
    assert bench.device("cell").cells.firings()[0] >= 1


def test_the_current_of_a_resistor_is_what_its_other_end_measures() -> None:
    clock = StepClock()
    bench = wired(clock, "resistor", options={"ohms": 150e3}, capacitance=0.0)
    bench.terminals("pulser")["ch1"].force(1.0)
    clock.wait(1e-3)
    assert bench.terminals("pulser")["ch1"].sense()[1] == 0.0
    bench.terminals("fast")["502"].force(0.0)
    clock.wait(1e-3)
    assert bench.terminals("fast")["502"].sense()[1] == pytest.approx(-5e-6)
    assert bench.terminals("fast")["502"].crossing(0.1, rising=True, after=0.0) is None


def test_the_other_end_cannot_be_driven() -> None:
    terminal = wired(StepClock()).terminals("fast")["502"]
    with pytest.raises(ValueError, match="held at 0 V"):
        terminal.force(0.5)
    with pytest.raises(ValueError, match="held at 0 V"):
        terminal.force_current(1e-6)


def test_a_parameter_that_a_memristor_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        wired(StepClock(), options={"colour": 1.0})
