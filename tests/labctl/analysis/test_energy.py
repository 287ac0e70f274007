"""The energy of programming pulses is V^2 G t, over the kinds of pulses and the cells that they left."""

import numpy as np
import pytest

from labctl.analysis.energy import with_energy
from labctl.capabilities import LinePulse
from labctl.results import Results

SET = LinePulse(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9)
RESET = LinePulse(word_line=4.7, bit_line=0.0, source_line=1.0, width=100e-9)


def test_one_pulse_takes_the_square_of_its_voltage_times_conductance_and_width() -> None:
    found = with_energy(Results({"pulses": 1000, "yield": 1.0}), [SET], np.array([40e-6, 60e-6]))
    assert found.summary["pulse_energy_pJ"] == pytest.approx(4.0 * 50e-6 * 50e-9 * 1e12)
    assert found.summary["energy_uJ"] == pytest.approx(0.01)
    assert found.summary["yield"] == 1.0
    assert "energy_per_device_pJ" not in found.summary


def test_kinds_count_alike_whatever_their_sign_and_a_device_takes_its_share() -> None:
    found = with_energy(Results({"pulses_per_device": 0.5}), [SET, RESET], np.array([50e-6]))
    assert found.summary["pulse_energy_pJ"] == pytest.approx((10.0 + 5.0) / 2.0)
    assert found.summary["energy_per_device_pJ"] == pytest.approx(3.75)
    assert "energy_uJ" not in found.summary


def test_a_run_that_was_cut_before_its_first_update_has_no_energy() -> None:
    assert with_energy(Results({"pulses": 0}), [SET], np.zeros(0)).summary == {"pulses": 0}
