"""The array as a circuit: closed forms, independence of the step, what a firing does."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulated_instruments.physics.diffusive import DiffusiveParameters
from simulated_instruments.physics.drift_memristor import DriftParameters
from simulated_instruments.physics.neuron_array import Drives, NeuronArray, Trace

NEURON = DiffusiveParameters(
    on_resistance=200.0, threshold_spread=0.0, threshold_cycle_spread=0.0, hold_spread=0.0, hold_cycle_spread=0.0,
    relaxation_cycle_spread=0.0, resistance_spread=0.0,
)  # fmt: skip
SYNAPSE = DriftParameters(threshold_spread=0.0, threshold_cycle_spread=0.0, spread=0.0, start_spread=0.0)


def array(rows: int, columns: int, farads: float, share: float = 0.04, load: float = 0.0) -> NeuronArray:
    return NeuronArray(
        rows, columns, seed=2, farads=farads, synapses=SYNAPSE, neurons=NEURON, share=share, load=load
    )  # fmt: skip


def nothing(count: int, points: int) -> Drives:
    return Drives(np.zeros((count, points)), np.full(count, np.inf))


def ground(count: int, points: int) -> Drives:
    return Drives(np.zeros((count, points)), np.zeros(count))


def driven(made: NeuronArray, times: NDArray[np.float64], rows: NDArray[np.float64], *, neurons: bool = True) -> Trace:
    bottoms = (ground if neurons else nothing)(made.columns, len(times))
    return made.respond(times, Drives(rows, np.zeros(made.rows)), bottoms, nothing(made.columns, len(times)))


def test_a_column_charges_as_the_closed_form_says() -> None:
    made = array(2, 1, 10e-9)
    made.conductances = np.array([[60e-6], [20e-6]])
    times = np.array([0.0, 1e-9, 1e-3])
    trace = driven(made, times, np.array([[0.0, 0.4, 0.4], [0.0, 0.0, 0.0]]), neurons=False)
    tau = 10e-9 / 80e-6
    late = trace.times > 1e-8
    expected = 0.3 * (1.0 - np.exp(-trace.times[late] / tau))
    np.testing.assert_allclose(trace.column_volts[late, 0], expected, atol=1e-5)


def test_a_ramp_is_followed_with_the_lag_of_the_time_constant() -> None:
    made = array(1, 1, 10e-9)
    times = np.array([0.0, 10e-3])
    trace = driven(made, times, np.array([[0.0, 0.5]]), neurons=False)
    tau = 10e-9 / float(made.conductances[0, 0])
    lag = trace.row_volts[-1, 0] - trace.column_volts[-1, 0]
    assert lag == pytest.approx(50.0 * tau, rel=0.01)


def test_currents_into_a_column_that_is_held_are_sums_of_products() -> None:
    made = array(3, 2, 1e-9)
    made.conductances = np.array([[10e-6, 20e-6], [30e-6, 40e-6], [50e-6, 60e-6]])
    rows = np.array([[0.1], [0.2], [-0.1]])
    trace = made.respond(np.zeros(1), Drives(rows, np.zeros(3)), nothing(2, 1), ground(2, 1))
    np.testing.assert_allclose(trace.line_amps[-1], -(rows[:, 0] @ made.conductances), rtol=1e-6)
    np.testing.assert_allclose(trace.row_amps[-1], made.conductances.sum(axis=1) * rows[:, 0], rtol=1e-6)


def test_a_floating_row_takes_the_mean_of_its_columns() -> None:
    made = array(2, 2, 0.0, load=1e-4)
    made.conductances = np.full((2, 2), 50e-6)
    sources = Drives(np.array([[0.4], [0.0]]), np.array([0.0, np.inf]))
    trace = made.respond(np.zeros(1), sources, nothing(2, 1), nothing(2, 1))
    assert trace.column_volts[-1] == pytest.approx([0.4 / 3.0, 0.4 / 3.0], rel=1e-4)
    assert trace.row_volts[-1, 1] == pytest.approx(0.4 / 3.0, rel=1e-4)
    assert trace.row_amps[-1, 1] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("farads", [47e-9, 100e-12])
def test_a_finer_step_changes_neither_the_firing_nor_what_is_learned(farads: float) -> None:
    found = []
    for share in (0.04, 0.02, 0.01):
        made = array(4, 2, farads, share)
        made.conductances = np.array([[20e-6, 90e-6], [90e-6, 80e-6], [30e-6, 10e-6], [10e-6, 60e-6]])
        times = np.array([0.0, 0.5e-3, 1e-3])
        rows = np.array([[0.0, 1.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.6, 0.0]])
        trace = driven(made, times, rows)
        first = [trace.times[np.argmax(trace.neuron_amps[:, n] > 2e-5)] for n in range(2)]
        found.append((first, made.conductances, made.neurons.firings()))
    coarse, middle, fine = found
    np.testing.assert_allclose(coarse[0], fine[0], rtol=0.005)
    np.testing.assert_allclose(coarse[1], fine[1], rtol=0.05)
    np.testing.assert_allclose(middle[1], fine[1], rtol=0.025)
    assert fine[2].min() >= 1


def test_a_firing_pulls_the_column_down_and_its_synapse_is_set() -> None:
    fired, floating = array(2, 1, 10e-9), array(2, 1, 10e-9)
    for made, neurons in ((fired, True), (floating, False)):
        made.conductances = np.array([[60e-6], [20e-6]])
        times = np.array([0.0, 1e-3, 2e-3])
        trace = driven(made, times, np.array([[0.0, 0.9, 0.0], [0.0, 0.0, 0.0]]), neurons=neurons)
        across = trace.row_volts[:, 0] - trace.column_volts[:, 0]
        assert (across.max() > 0.6) == neurons
    assert fired.conductances[0, 0] > 80e-6
    assert fired.conductances[1, 0] < 20.01e-6
    assert floating.conductances[0, 0] == pytest.approx(60e-6)


def test_charge_into_a_column_is_charge_out_of_it() -> None:
    made = array(3, 1, 20e-9, 0.004)
    times = np.array([0.0, 0.5e-3, 1e-3])
    trace = driven(made, times, np.array([[0.0, 0.9, 0.0], [0.0, 0.9, 0.0], [0.0, 0.1, 0.0]]))
    into = np.trapezoid(trace.row_amps.sum(axis=1), trace.times)
    out = np.trapezoid(trace.neuron_amps[:, 0], trace.times)
    kept = 20e-9 * (trace.column_volts[-1, 0] - trace.column_volts[0, 0])
    assert into == pytest.approx(out + kept, rel=0.01)
    assert out > 1e-9


@pytest.mark.parametrize("wrong", [{"rows": 0}, {"farads": -1.0}, {"share": 0.5}, {"load": float("nan")}])
def test_what_makes_no_array_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        NeuronArray(**{"rows": 1, "columns": 1, "seed": 0, **wrong})  # type: ignore[arg-type]
