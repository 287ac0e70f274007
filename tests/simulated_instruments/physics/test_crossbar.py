"""The crossbar against a nodal solution of its own: dense, built cell by cell, with the drivers as sources."""

import numpy as np
import pytest

from simulated_instruments.physics.crossbar import Adc, Crossbar, LineResistance, differential

SEED = 11
LINES = LineResistance(bit_segment=3.0, source_segment=2.0, driver=40.0, sense=25.0)


def conductances(rows=128, columns=16, seed=SEED):
    return np.random.default_rng(seed).uniform(1e-6, 40e-6, (rows, columns))


def by_modified_nodal_analysis(values, lines, voltages):
    """Solve the network with every resistor and every source in its own equation, as a circuit simulator does."""
    rows, columns = values.shape
    resistors, names = [], {}

    def node(*name):
        return names.setdefault(name, len(names))

    for j in range(columns):
        before = node("driver", j)
        for i in range(rows):
            ohms = lines.bit_segment + (lines.driver if i == 0 else 0.0)
            resistors.append((before, node("bit", i, j), ohms))
            before = node("bit", i, j)
    for i in range(rows):
        before = node("ground", i)
        for j in range(columns):
            ohms = lines.source_segment + (lines.sense if j == 0 else 0.0)
            resistors.append((before, node("source", i, j), ohms))
            before = node("source", i, j)
            if values[i, j]:
                resistors.append((node("bit", i, j), before, 1.0 / values[i, j]))
    fixed = [(node("driver", j), voltages[j]) for j in range(columns)] + [(node("ground", i), 0.0) for i in range(rows)]
    size = len(names)
    system = np.zeros((size + len(resistors) + len(fixed),) * 2)
    right = np.zeros(len(system))
    for k, (a, b, ohms) in enumerate(resistors):
        row = size + k
        system[row, [a, b, row]] = 1.0, -1.0, -ohms
        system[a, row] += 1.0
        system[b, row] -= 1.0
    for k, (a, volts) in enumerate(fixed):
        row = size + len(resistors) + k
        system[row, a], right[row] = 1.0, volts
        system[a, row] += 1.0
    solution = np.linalg.solve(system, right)
    return solution[-rows:]


@pytest.mark.parametrize(
    "lines",
    [
        LINES,
        LineResistance(bit_segment=3.0),
        LineResistance(source_segment=5.0),
        LineResistance(driver=100.0),
        LineResistance(sense=100.0, bit_segment=1.0),
        LineResistance(),
    ],
)
def test_the_currents_are_those_of_the_exact_network(lines):
    values = conductances(9, 5)
    values[3, 2] = 0.0
    voltages = np.random.default_rng(SEED + 1).uniform(0.0, 0.3, 5)
    exact = by_modified_nodal_analysis(values, lines, voltages)
    np.testing.assert_allclose(Crossbar(values, lines).currents(voltages[None])[0], exact, rtol=1e-9)


def test_the_whole_array_is_exact_by_superposition_of_its_nodes():
    values, voltages = conductances(24, 16), np.random.default_rng(3).uniform(0.0, 0.3, 16)
    exact = by_modified_nodal_analysis(values, LINES, voltages)
    np.testing.assert_allclose(Crossbar(values, LINES).currents(voltages[None])[0], exact, rtol=1e-9)


def test_without_resistance_the_currents_are_the_plain_products():
    values, voltages = conductances(), np.random.default_rng(SEED).uniform(0.0, 0.3, (7, 16))
    np.testing.assert_allclose(Crossbar(values).currents(voltages), voltages @ values.T, rtol=1e-13)


def test_the_transfer_is_reciprocal():
    """Drive what was sensed and sense what was driven, and the transfer matrix is transposed."""
    values = conductances(12, 7)
    there = Crossbar(values, LINES).transfer
    back = Crossbar(values.T, LineResistance(LINES.source_segment, LINES.bit_segment, LINES.sense, LINES.driver))
    np.testing.assert_allclose(back.transfer, there.T, rtol=1e-10)


def test_the_far_corner_loses_the_most():
    transfer = Crossbar(np.full((128, 16), 20e-6), LINES).transfer / 20e-6
    assert np.all(np.diff(transfer, axis=0) < 0.0)
    assert np.all(np.diff(transfer, axis=1) < 0.0)
    assert 0.0 < transfer[-1, -1] < transfer[0, 0] < 1.0


def test_a_row_whose_word_line_is_off_gives_no_current_and_loads_no_bit_line():
    values = conductances(8, 4)
    on = np.array([True, False] * 4)
    half = Crossbar(values, LINES, selected=on)
    without = np.where(on[:, None], values, 0.0)
    np.testing.assert_allclose(half.transfer, Crossbar(without, LINES).transfer, rtol=1e-12)
    assert np.all(np.abs(half.transfer[~on]) < 1e-18)
    assert half.transfer[2, 0] > Crossbar(values, LINES).transfer[2, 0]


def test_bit_serial_products_are_whole_products_where_the_converter_is_fine():
    values, adc = conductances(16, 16), Adc(step=1e-12, max_code=2**40)
    codes = np.random.default_rng(SEED).integers(-255, 256, (20, 16))
    bar = Crossbar(values, LINES)
    sums = bar.bit_serial(codes, bits=8, voltage=0.2, adc=adc) * adc.step
    # Each of 16 conversions is off by half a step at most, weighted by its bit.
    bound = 2 * 255 * adc.step / 2
    assert np.abs(sums - bar.currents(codes * 0.2)).max() <= bound


def test_the_converter_clips_and_rounds_halves_up():
    adc = Adc(step=1e-9, max_code=10)
    currents = np.array([-3e-9, 0.49e-9, 0.51e-9, 9.6e-9, 1.0])
    assert adc.codes(currents).tolist() == [0, 0, 1, 10, 10]


def test_a_differential_pair_gives_signed_weights():
    assert differential(np.array([[3, 1, 2, 5]])).tolist() == [[2, -3]]
    with pytest.raises(ValueError, match="even number of rows, got 3"):
        differential(np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"conductances": [[1e-6, -1e-6]]}, "finite and not negative"),
        ({"conductances": [1e-6]}, r"\(rows, columns\), got shape \(1,\)"),
        ({"conductances": [[1e-6]], "lines": LineResistance(driver=-1.0)}, "driver must be at least 0"),
        ({"conductances": [[1e-6]], "selected": [True, False]}, r"selected must be \(1,\), got \(2,\)"),
    ],
)
def test_what_is_no_crossbar_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        Crossbar(**arguments)


def test_inputs_that_do_not_fit_are_refused():
    bar = Crossbar(conductances(2, 3))
    with pytest.raises(ValueError, match=r"voltages must be \(n, 3\)"):
        bar.currents(np.zeros((1, 2)))
    with pytest.raises(ValueError, match="codes of 2 bits are within"):
        bar.bit_serial(np.array([[4, 0, 0]]), bits=2, voltage=0.2, adc=Adc(1e-9, 10))
