"""PyMeasure drivers, unmodified, on the served station over sockets and HiSLIP."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pymeasure.instruments.agilent import Agilent33500, AgilentB1500
from pymeasure.instruments.keithley import Keithley2600
from pymeasure.instruments.keysight import KeysightDSOX1102G

pytestmark = pytest.mark.filterwarnings("default")

Resources = dict[str, dict[str, str]]
each_line = pytest.mark.parametrize("kind", ["socket", "hislip"])


@contextlib.contextmanager
def opened(driver: Any, resource: str, **options: Any) -> Iterator[Any]:
    if resource.endswith("SOCKET") and driver is not AgilentB1500:  # which sets its own ends of lines
        options |= {"read_termination": "\n", "write_termination": "\n"}
    instrument = driver(resource, visa_library="@py", **options)
    yield instrument
    instrument.adapter.close()


@each_line
def test_the_source_meter_measures_the_cell(resources: Resources, kind: str) -> None:
    with opened(Keithley2600, resources["smu"][kind]) as smu:
        smu.ChA.source_mode = "voltage"
        smu.ChA.source_voltage = 0.2
        smu.ChA.compliance_current = 1e-3
        smu.ChA.source_output = "ON"
        assert smu.ChA.voltage == pytest.approx(0.2, rel=0.01)
        assert 5e3 < smu.ChA.resistance < 2e4
        smu.ChA.source_output = "OFF"


@each_line
def test_the_generator_reads_back_what_is_set(resources: Resources, kind: str) -> None:
    with opened(Agilent33500, resources["pulser"][kind]) as pulser:
        pulser.shape = "PULS"
        pulser.frequency = 1e5
        pulser.amplitude = 2.0
        pulser.offset = 0.5
        pulser.pulse_width = 1e-6
        assert pulser.shape == "PULS"
        found = [pulser.frequency, pulser.amplitude, pulser.offset, pulser.pulse_width]
        assert found == pytest.approx([1e5, 2.0, 0.5, 1e-6])


@pytest.mark.parametrize("form", ["float", "DAC"])
@each_line
def test_the_generator_takes_an_arb_and_its_burst_ends_at_the_trigger(
    resources: Resources, kind: str, form: str
) -> None:
    top = 1 if form == "float" else 32767
    with opened(Agilent33500, resources["pulser"][kind]) as pulser:
        pulser.ch_1.data_arb("RAMP", [round(top * n / 63) if form == "DAC" else top * n / 63 for n in range(64)], form)
        pulser.ch_1.arb_file = "RAMP"
        pulser.ch_1.shape = "ARB"
        pulser.ch_1.arb_srate = 1e6
        pulser.ch_1.burst_ncycles = 5
        pulser.ch_1.burst_state = True
        pulser.trigger_source = "BUS"
        pulser.trigger()
        pulser.wait_for_trigger(timeout=5)
        assert pulser.ch_1.arb_file == '"RAMP"'
        assert (pulser.ch_1.shape, pulser.ch_1.arb_srate, pulser.ch_1.burst_ncycles) == ("ARB", 1e6, 5)
        assert pulser.check_errors() == []


@each_line
def test_the_source_meter_ramps_and_is_shut_down_without_an_error(resources: Resources, kind: str) -> None:
    with opened(Keithley2600, resources["smu"][kind]) as smu:
        smu.ChA.apply_voltage(voltage_range=1.0, compliance_current=1e-3)
        smu.ChA.source_output = "ON"
        smu.ChA.ramp_to_voltage(0.1, steps=3, pause=0.01)
        assert smu.ChA.source_voltage == pytest.approx(0.1)
        smu.ChA.shutdown()
        assert smu.ChA.source_output == "OFF"
        assert smu.check_errors() == []


def sweep(analyzer: Any, *, waits: bool) -> list[Any]:
    analyzer.initialize_all_smus()
    analyzer.data_format(21, mode=1)
    analyzer.smu1.enable()
    analyzer.meas_mode("STAIRCASE_SWEEP", analyzer.smu1)
    analyzer.smu1.staircase_sweep_source("VOLTAGE", "LINEAR_SINGLE", "Auto Ranging", 0.0, 0.2, 5, 1e-3)
    analyzer.check_errors()
    analyzer.clear_buffer()
    analyzer.send_trigger()
    if waits:
        assert analyzer.check_idle()
    points = [analyzer.read_channels(2) for _ in range(5)]
    return [value[-1] for point in points for value in point if "Voltage" in str(value)]


# Not over HiSLIP: pyvisa-py's client takes one response to each message, and the data come after that of *OPC?.
def test_the_analyzer_sweeps_and_keeps_its_data_until_they_are_read(resources: Resources) -> None:
    with opened(AgilentB1500, resources["analyzer"]["socket"], timeout=5_000) as analyzer:
        assert sweep(analyzer, waits=True) == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2], abs=1e-6)


# Not over a socket: nothing there parts the end of the data that was left from the answer to the next question.
def test_the_analyzer_goes_on_over_hislip_when_the_end_of_its_data_was_left_unread(resources: Resources) -> None:
    with opened(AgilentB1500, resources["analyzer"]["hislip"], timeout=5_000) as analyzer:
        assert sweep(analyzer, waits=False) == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2], abs=1e-6)
        analyzer.check_errors()
        analyzer.smu1.meas_op_mode = "CURRENT"
        assert analyzer.smu1.meas_op_mode.name == "CURRENT"
        analyzer.meas_mode("SAMPLING", analyzer.smu1)
        analyzer.sampling_mode = "LINEAR"
        analyzer.sampling_timing(0, 0.01, 20)
        analyzer.smu1.sampling_source("VOLTAGE", "Auto Ranging", 0, 0.1, 1e-3)
        analyzer.send_trigger()
        samples = [analyzer.read_channels(2) for _ in range(20)]
        assert [sample[0][-1] for sample in samples] == list(range(1, 21))
        assert "B1500A" in analyzer.id


@each_line
def test_the_oscilloscope_reads_back_what_is_set(resources: Resources, kind: str) -> None:
    with opened(KeysightDSOX1102G, resources["scope"][kind]) as scope:
        scope.ch1.scale = 0.5
        scope.timebase_scale = 1e-6
        assert scope.ch1.scale == pytest.approx(0.5)
        assert scope.timebase_scale == pytest.approx(1e-6)


# Not over HiSLIP: PyMeasure reads a block until a read times out, but behind the end of a response pyvisa-py's client
# gives nothing, at once and for ever.
def test_a_record_and_the_screen_come_down_whole(resources: Resources) -> None:
    with opened(KeysightDSOX1102G, resources["scope"]["socket"]) as scope:
        scope.digitize("channel1")
        volts, preamble = scope.download_data("channel1", 1000)
        assert len(volts) == preamble["points"] == 1000
        assert bytes(scope.download_image()[:4]) == b"\x89PNG"
        assert scope.ch1.current_configuration["COUP"] == "DC"
        assert scope.ask(":SYST:ERR?").startswith("+0,")


@each_line
def test_arbs_go_up_as_numbers_and_as_codes(resources: Resources, kind: str) -> None:
    with opened(Agilent33500, resources["pulser"][kind]) as pulser:
        pulser.ch_1.data_volatile_clear()
        pulser.ch_1.data_arb("codes", np.linspace(-32767, 32767, 100).astype(int), "DAC")
        pulser.ch_1.data_arb("numbers", np.linspace(-1, 1, 100), "float")
        pulser.ch_1.arb_file = "numbers"
        pulser.ch_1.shape = "ARB"
        assert pulser.ch_1.arb_file.strip('"') == "numbers"
        assert pulser.ask("SYST:ERR?").startswith("+0,")
