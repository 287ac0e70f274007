"""A transistor's gate on a net of its own: what drives it opens the cell on another net."""

import threading

import numpy as np
import pytest

from simulated_instruments.bench import Bench


class StepClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.time += seconds


def wired(clock: StepClock, **options: object) -> Bench:
    return Bench(
        clock,
        {
            "drain": {"terminals": ["smu.a"], "device": "rram-1t1r", "options": {"gate": "gate", **options}},
            "gate": {"terminals": ["smu.b"]},
        },
        seed=1,
    )


def test_a_cell_conducts_while_its_gate_is_driven_and_not_before_or_after() -> None:
    clock = StepClock()
    terminals = wired(clock, stuck=20e-6).terminals("smu")
    terminals["a"].force(0.2, limit=1e-3)
    currents = []
    for gate in (None, 1.5, 0.0):
        if gate is not None:
            terminals["b"].force(gate)
        clock.wait(1e-3)
        currents.append(terminals["a"].sense()[1])
    assert currents == pytest.approx([0.0, 4e-6, 0.0])


def test_a_gate_that_opens_late_sets_from_then_on_only() -> None:
    after = []
    for opening in (0.0, 0.9):
        clock = StepClock()
        bench = wired(clock, low_spread=0.0, rate_spread=0.0, bound_spread=0.0, virgin_low=2e-6, virgin_high=2e-6)
        terminals = bench.terminals("smu")
        terminals["a"].force(1.45, limit=1e-3)
        clock.wait(opening * 10e-3)
        terminals["b"].force(1.2)
        clock.wait((1.0 - opening) * 10e-3)
        terminals["a"].release()
        after.append(bench.device("drain").cell.conductance(clock.now()))
    assert after[0] > 2.0 * after[1] > 4e-6


def test_a_pulse_on_the_gate_is_followed_along_its_edges() -> None:
    clock = StepClock()
    bench = wired(clock, stuck=20e-6)
    terminals = bench.terminals("smu")
    terminals["a"].force(0.2, limit=1e-3)
    terminals["b"].play(np.array([0.0, 1e-3, 1.001e-3, 3e-3, 3.001e-3]), np.array([0.0, 0.0, 1.5, 1.5, 0.0]))
    clock.wait(5e-3)
    amps = terminals["a"].trace(np.array([0.5e-3, 2e-3, 4e-3]))[1]
    assert amps == pytest.approx([0.0, 4e-6, 0.0], abs=1e-12)


@pytest.mark.parametrize("gate", ["nowhere", "drain"])
def test_a_gate_must_be_on_another_net_that_there_is(gate: str) -> None:
    with pytest.raises(ValueError, match=r"nets\.drain: the gate is to be on another net, and there is gate"):
        wired(StepClock(), gate=gate)


def test_an_option_that_a_cell_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nets\.drain"):
        wired(StepClock(), colour=1.0)
