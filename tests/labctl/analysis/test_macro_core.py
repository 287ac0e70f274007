"""The macro core's calculator against the paper's own sums."""

import dataclasses

import pytest

from labctl.analysis.macro_core import PARTS, MacroCore


def test_the_sums_are_those_of_the_paper() -> None:
    core = MacroCore()
    assert sum(part.area for part in PARTS) == pytest.approx(63_801.94, abs=0.005)
    assert core.energy == pytest.approx(371.89, abs=0.005)
    assert core.area == pytest.approx(0.0704, abs=5e-5)
    assert core.power == pytest.approx(7.438, abs=5e-4)
    assert core.performance == pytest.approx(81.92)
    assert core.energy_efficiency == pytest.approx(11_014, abs=1.0)
    assert core.performance_density == pytest.approx(1164, abs=1.0)


def test_the_converters_take_most_of_it() -> None:
    energies = {part.name: part.energy for part in PARTS}
    assert energies["converters"] == pytest.approx(326.4)
    assert energies["converters"] / energies["array"] == pytest.approx(14.4, abs=0.1)


def test_fewer_bits_are_faster_and_the_energy_follows() -> None:
    core = MacroCore()
    quick = dataclasses.replace(core, bits=4)
    assert quick.performance == pytest.approx(2.0 * core.performance)
    assert quick.energy_of(1e12) == pytest.approx(core.energy_of(1e12) / 2.0)
    assert core.energy_of(11_014e9) == pytest.approx(1.0, rel=1e-3)
