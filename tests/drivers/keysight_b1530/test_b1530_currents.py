"""The B1530A records the current at a device's other end while a generator drives: on a resistor of 150 kohm."""

from collections.abc import Iterator

import numpy as np
import pytest

from labctl.capabilities import CurrentMonitor, Pulse
from labctl.errors import LimitError, StateError
from labctl.stations.station import OpenOptions, Station, station_from_text

TEXT = """
name = "generator and fast unit on a resistor"
[instruments.pulser]
driver = "keysight-33600a"
link = "TCPIP::192.0.2.10::hislip0::INSTR"
idle = "float"
[instruments.fast]
driver = "keysight-b1530"
link = "GPIB0::17::INSTR"
idle = "float"
options = { channel = 501, measure_channel = 502 }
[simulation.bench.cell]
terminals = ["pulser.ch1", "fast.501"]
returns = ["fast.502"]
device = "resistor"
options = { ohms = 150e3 }
"""


@pytest.fixture
def station() -> Iterator[Station]:
    with station_from_text(TEXT, "test", OpenOptions(simulate=True, seed=1)) as opened:
        yield opened
        assert opened.lab is not None
        assert not opened.lab.bench.conflicts


def test_the_current_of_a_pulse_of_another_instrument_is_recorded(station: Station) -> None:
    fast, pulser = station["fast"], station["pulser"]
    assert isinstance(fast, CurrentMonitor)
    fast.start_currents(2e-3, interval=5e-6, averaging=5e-6)
    pulser.send_pulses(Pulse(height=1.5, width=500e-6, rise=1e-7, fall=1e-7), count=1, period=1e-3)
    measured = fast.fetch_currents()
    assert len(measured.times) == 400
    high = measured.currents > 5e-6
    assert high.sum() == pytest.approx(100, abs=2)
    # noise of some 25 nA in each of 100 points: 1 % is four standard errors wide
    assert measured.currents[high].mean() == pytest.approx(10e-6, rel=0.01)
    assert measured.currents[~high][20:].mean() == pytest.approx(0.0, abs=5e-8)


def test_one_channel_alone_measures_too(station: Station) -> None:
    text = TEXT.replace("options = { channel = 501, measure_channel = 502 }", "options = { channel = 502 }")
    with station_from_text(text, "test", OpenOptions(simulate=True, seed=1)) as lab:
        lab["fast"].start_currents(1e-4, interval=1e-5)
        assert np.abs(lab["fast"].fetch_currents().currents).max() < 5e-6


def test_what_was_not_started_cannot_be_fetched(station: Station) -> None:
    with pytest.raises(StateError, match="no measurement of currents"):
        station["fast"].fetch_currents()
    station["fast"].measure_waveform(np.array([0.0, 1e-4]), np.zeros(2), interval=1e-6)
    with pytest.raises(StateError, match="no measurement of currents"):
        station["fast"].fetch_currents()


def test_a_time_off_the_grid_is_refused(station: Station) -> None:
    with pytest.raises(LimitError, match="grid"):
        station["fast"].start_currents(1.000004e-3, interval=1e-6)
