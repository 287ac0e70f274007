"""The paper's closed-loop write, as tests of the physics use it."""

import pytest

from simulated_instruments.physics.rram import RESET_PULSE, SET_PULSE


@pytest.fixture
def write_settings():
    """Yao et al., CNN-B: +-50 nA at 0.2 V, at most 500 identical pulses, a microsecond each (*assumed*)."""
    return {
        "tolerance": 50e-9,
        "pulse_limit": 500,
        "set_pulse": SET_PULSE,
        "reset_pulse": RESET_PULSE,
        "voltage": 0.2,
        "averages": 1,
        "pulse_time": 1e-6,
        "read_time": 1e-6,
    }
