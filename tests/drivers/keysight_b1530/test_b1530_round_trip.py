"""The drivers of the B1500A and the B1530A and their simulated twins, on one resistor of 10 kohm."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from labctl.capabilities import Pulse
from labctl.stations.station import OpenOptions, Station, station_from_text

OHMS = 10e3
TEXT = """
name = "analyzer on a resistor"
[instruments.analyzer]
driver = "keysight-b1500"
link = "GPIB0::17::INSTR"
idle = "float"
[instruments.fast]
driver = "keysight-b1530"
link = "GPIB0::17::INSTR"
idle = "float"
options = { channel = 501 }
[simulation.instruments.fast]
options = { mainframe = "analyzer" }
[simulation.bench.cell]
terminals = ["fast.501", "analyzer.smu1"]
device = "resistor"
"""


@pytest.fixture
def station() -> Iterator[Station]:
    with station_from_text(TEXT, "test", OpenOptions(simulate=True, seed=1)) as opened:
        yield opened
        assert opened.lab is not None
        assert not opened.lab.bench.conflicts


@pytest.mark.parametrize("converter", ["high-speed", "high-resolution"])
def test_a_spot_reads_the_resistor(station: Station, converter: str) -> None:
    smu: Any = station["analyzer"]
    smu.converter.set(converter)
    found = smu.measure_current(-0.2, compliance=1e-3)
    np.testing.assert_allclose(found.currents, [-0.2 / OHMS], rtol=5e-3)
    assert found.in_compliance.tolist() == [False]
    assert smu.output.get() is False


def test_a_sweep_up_and_down_follows_ohms_law_until_compliance(station: Station) -> None:
    smu: Any = station["analyzer"]
    up = np.linspace(0.0, 1.0, 11)
    loop = np.concatenate([up, up[-2::-1], -up[1:]])
    found = smu.sweep_voltage(loop, compliance=50e-6, delay=1e-3)
    np.testing.assert_allclose(found.voltages, loop, atol=1e-4)
    np.testing.assert_allclose(found.currents, np.clip(loop / OHMS, -50e-6, 50e-6), rtol=5e-3, atol=1e-8)
    assert found.in_compliance[np.abs(loop) > 0.55].all()
    assert not found.in_compliance[np.abs(loop) < 0.45].any()
    assert (np.diff(found.times) > 0.0).all()


def test_samples_come_at_their_interval(station: Station) -> None:
    smu: Any = station["analyzer"]
    found = smu.measure_repeatedly(0.1, 5, compliance=1e-3, interval=0.5)
    np.testing.assert_allclose(np.diff(found.times), 0.5, rtol=1e-3)
    np.testing.assert_allclose(found.currents, 0.1 / OHMS, rtol=5e-3)


def test_a_forced_current_gives_its_voltage(station: Station) -> None:
    smu: Any = station["analyzer"]
    np.testing.assert_allclose(smu.measure_voltage(1e-5, compliance=1.0).voltages, [1e-5 * OHMS], rtol=5e-3)


def test_a_fast_iv_reads_the_same_resistor_from_one_channel(station: Station) -> None:
    fast: Any = station["fast"]
    fast.current_range.set(1e-4)
    times = np.array([0.0, 1e-6, 1.1e-4, 1.11e-4])
    found = fast.measure_waveform(times, np.array([0.0, 0.5, 0.5, 0.0]), interval=2e-5, averaging=1e-5)
    plateau = found.times > 2e-5
    assert plateau.sum() == 5
    np.testing.assert_allclose(found.currents[plateau], 0.5 / OHMS, rtol=1e-2)


def test_pulses_pass_as_much_time_as_they_last(station: Station) -> None:
    fast: Any = station["fast"]
    before = station.clock.now()
    fast.send_pulses(Pulse(height=1.0, rise=1e-7, width=1e-3, fall=1e-7), count=1000, period=5e-3)
    assert station.clock.now() - before == pytest.approx(5.0, rel=1e-3)


def test_both_are_made_safe_in_any_state(station: Station) -> None:
    smu: Any = station["analyzer"]
    fast: Any = station["fast"]
    smu.voltage.set(0.3)
    assert smu.output.get() is True
    assert smu.make_safe() == {"output": False}
    fast.send_waveform(np.array([0.0, 1e-6]), np.array([0.0, 1.0]))  # ends at 1 V
    state = fast.make_safe()
    assert abs(state["channel_501_V"]) < 0.05
    assert state["connected"] is False
