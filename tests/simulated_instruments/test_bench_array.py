"""An array on the bench: its ports, pairs of rows, inverters, the multiplexer, and what cannot be wired."""

import threading
from typing import Any

import numpy as np
import pytest

from simulated_instruments.bench import Bench


class StepClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float, cancel: threading.Event | None = None) -> None:
        self.time += seconds


def wired(ports: list[Any], clock: StepClock | None = None, **options: Any) -> Bench:
    terminals = [f"a.{number}" for number in range(len(ports))]
    weights = [[10e-6, 20e-6], [30e-6, 40e-6]]
    options = {"rows": 2, "columns": 2, "weights": weights, "ports": ports, **options}
    net = {"terminals": terminals, "device": "synapse-array", "options": options, "capacitance": 1e-9}
    return Bench(clock or StepClock(), {"net": net}, seed=3)


def test_rows_columns_and_their_currents_are_terminals() -> None:
    clock = StepClock()
    bench = wired(["row1", "row2", "column1", "column2"], clock)
    row, other, *columns = bench.terminals("a").values()
    for terminal in (other, *columns):
        terminal.force(0.0)
    row.force(0.1)
    clock.wait(1e-3)
    weights = bench.device("net").conductances
    assert [terminal.sense()[1] for terminal in columns] == pytest.approx(-0.1 * weights[0], rel=1e-6)
    assert row.sense() == pytest.approx((0.1, 0.1 * weights[0].sum()), rel=1e-6)


def test_one_terminal_drives_a_pair_of_rows_and_an_inverter_turns_one() -> None:
    for second, sign in (("row2", 1.0), ("-row2", -1.0)):
        clock = StepClock()
        bench = wired([["row1", second], "column1"], clock)
        pair, line = bench.terminals("a").values()
        line.force(0.0)
        pair.force(0.1)
        clock.wait(1e-3)
        weights = bench.device("net").conductances
        assert line.sense()[1] == pytest.approx(-0.1 * (weights[0, 0] + sign * weights[1, 0]), rel=1e-6)


@pytest.mark.parametrize(("volts", "column"), [(0.0, 0), (3.0, 1)])
def test_the_address_chooses_which_neuron_is_measured(volts: float, column: int) -> None:
    clock = StepClock()
    bench = wired(["row1", "row2", "sense1", "address1"], clock)
    first, second, sense, address = bench.terminals("a").values()
    address.force(volts)
    sense.force(0.0)
    second.force(0.0)
    first.play(np.array([0.0, 1e-3]), np.array([0.0, 0.3]))
    clock.wait(1e-3)
    measured = sense.sense()[1]
    columns = bench.device("net").charged
    assert measured == pytest.approx(-columns[column] * 1e-7, rel=0.4)
    assert columns[0] != pytest.approx(columns[1], rel=0.05)


def test_a_neuron_whose_bottom_nothing_holds_carries_nothing() -> None:
    clock = StepClock()
    bench = wired(["row1", "neuron1", "neuron2"], clock)
    row, held, free = bench.terminals("a").values()
    held.force(0.0)
    row.play(np.array([0.0, 1e-3, 3e-3]), np.array([0.0, 1.0, 1.0]))
    clock.wait(3e-3)
    times = np.linspace(0.0, 3e-3, 3001)
    assert held.trace(times)[1].min() < -1e-5
    assert not free.trace(times)[1].any()
    assert free.crossing(0.1, rising=True, after=0.0) == pytest.approx(1.1e-4, rel=1.0)


def test_two_terminals_that_drive_one_row_are_reported() -> None:
    bench = wired(["row1", ["row1", "row2"]])
    for terminal in bench.terminals("a").values():
        terminal.force(0.1)
    assert [conflict.terminals for conflict in bench.conflicts] == [("a.0", "a.1")]


@pytest.mark.parametrize(
    ("ports", "options", "words"),
    [
        (["row3"], {}, "no port 'row3'"),
        (["gate1"], {}, "no port 'gate1'"),
        (["row1"], {"weights": [[1e-5]]}, "weights are"),
        (["row1"], {"colour": 1}, "synapse-array"),
        (["row1"], {"neuron": {"hold": 1.0}}, "hold must be below"),
    ],
)
def test_what_cannot_be_wired_is_refused(ports: list[Any], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wired(ports, **options)
