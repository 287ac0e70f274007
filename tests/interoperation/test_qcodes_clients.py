"""QCoDeS drivers, unmodified, on the served station over sockets and HiSLIP."""

import contextlib
from typing import Any

import numpy as np
import pytest
from qcodes.dataset import LinSweep
from qcodes.instrument_drivers.Keithley import Keithley2636B
from qcodes.instrument_drivers.Keysight import Keysight33622A, KeysightB1500
from qcodes.instrument_drivers.Keysight.keysightb1500 import constants

from labctl.simulation.lab import SimulatedLab

pytestmark = pytest.mark.filterwarnings("default")

Resources = dict[str, dict[str, str]]
each_line = pytest.mark.parametrize("kind", ["socket", "hislip"])


def opened(driver: Any, name: str, resource: str) -> Any:
    return contextlib.closing(driver(name, resource, visalib="@py"))


@each_line
def test_the_source_meter_measures_the_cell(resources: Resources, kind: str) -> None:
    with opened(Keithley2636B, "smu", resources["smu"][kind]) as smu:
        smu.smua.limiti(1e-3)
        smu.smua.volt(0.2)
        smu.smua.output("on")
        assert smu.smua.volt() == pytest.approx(0.2, rel=0.01)
        assert 5e3 < 0.2 / smu.smua.curr() < 2e4
        smu.smua.output("off")


@each_line
def test_the_fast_sweep_comes_back_whole(resources: Resources, kind: str) -> None:
    with opened(Keithley2636B, "smu", resources["smu"][kind]) as smu:
        smu.smua.limiti(1e-3)
        smu.smua.setup_fastsweep(LinSweep(smu.smua.volt, 0.0, 0.2, 101))
        currents = np.asarray(smu.smua.fastsweep()).ravel()
        assert len(currents) == 101
        assert np.corrcoef(np.linspace(0.0, 0.2, 101), currents)[0, 1] > 0.99


@each_line
def test_the_generator_reads_back_what_is_set(resources: Resources, kind: str) -> None:
    with opened(Keysight33622A, "pulser", resources["pulser"][kind]) as pulser:
        pulser.ch1.function_type("PULS")
        pulser.ch1.frequency(1e5)
        pulser.ch1.amplitude(1.0)
        pulser.ch1.offset(0.5)
        pulser.ch1.pulse_width(1e-6)
        assert pulser.ch1.function_type() == "PULS"
        found = [pulser.ch1.frequency(), pulser.ch1.amplitude(), pulser.ch1.offset(), pulser.ch1.pulse_width()]
        assert found == pytest.approx([1e5, 1.0, 0.5, 1e-6])


@each_line
def test_each_setting_of_bursts_and_triggers_reads_back(resources: Resources, kind: str) -> None:
    asked = {
        "function_type": "PULS",
        "output_polarity": "INV",
        "burst_state": "ON",
        "burst_mode": "N Cycle",
        "burst_ncycles": 3,
        "burst_phase": 10.0,
        "burst_polarity": "INV",
        "burst_int_period": 0.05,
        "trigger_source": "BUS",
        "trigger_slope": "NEG",
        "trigger_delay": 1e-3,
        "trigger_count": 2,
        "trigger_timer": 2.0,
    }
    with opened(Keysight33622A, "pulser", resources["pulser"][kind]) as pulser:
        for channel in (pulser.ch1, pulser.ch2):
            for name, value in asked.items():
                channel.parameters[name].set(value)
            assert {name: channel.parameters[name].get() for name in asked} == asked
        assert pulser.error() == (0, "No error")


@each_line
def test_a_pulse_of_the_generator_is_seen_by_the_source_meter(
    resources: Resources, kind: str, lab: SimulatedLab
) -> None:
    def read(smu: Any) -> float:
        smu.smua.limiti(1e-3)
        smu.smua.volt(0.2)
        smu.smua.output("on")
        ohms = 0.2 / float(smu.smua.curr())
        smu.smua.output("off")
        assert float(smu.ask("smua.source.output")) == 0.0  # a write has no answer to wait for
        return ohms

    with (
        opened(Keithley2636B, "smu", resources["smu"][kind]) as smu,
        opened(Keysight33622A, "pulser", resources["pulser"][kind]) as pulser,
    ):
        assert read(smu) < 2e4
        channel = pulser.ch1
        pulser.write("OUTP1:LOAD INF")
        channel.function_type("PULS")
        channel.pulse_width(60e-9)
        channel.frequency(1e6)
        channel.amplitude(5.0)
        channel.offset(2.5)
        channel.burst_mode("N Cycle")
        channel.burst_ncycles(1)
        channel.trigger_source("BUS")
        channel.burst_state("ON")
        channel.output("ON")
        pulser.write("*TRG")
        assert pulser.ask("*OPC?").strip() == "1"
        channel.output("OFF")
        assert pulser.ask("OUTP1?").strip() == "0"  # a write has no answer to wait for
        assert read(smu) > 1e6
    assert not lab.bench.conflicts


@each_line
def test_the_analyzer_measures_a_spot(resources: Resources, kind: str) -> None:
    with opened(KeysightB1500, "analyzer", resources["analyzer"][kind]) as analyzer:
        analyzer.smu1.enable_outputs()
        analyzer.smu1.voltage(0.2)
        assert analyzer.smu1.voltage() == pytest.approx(0.2, rel=0.01)
        assert 1e-7 < analyzer.smu1.current() < 1e-5
        assert analyzer.error_message().startswith("+0,")


@each_line
def test_the_analyzer_samples_sweeps_and_reads_back(resources: Resources, kind: str) -> None:
    with opened(KeysightB1500, "analyzer", resources["analyzer"][kind]) as analyzer:
        smu = analyzer.smu1
        smu.enable_outputs()
        smu.current_measurement_range(constants.IMeasRange.FIX_1mA)
        assert dict(smu.current_measurement_range())[constants.ChNr.SLOT_01_CH1] == constants.IMeasRange.FIX_1mA
        smu.measurement_operation_mode(constants.CMM.Mode.CURRENT)
        assert smu.measurement_operation_mode()[0][1] == constants.CMM.Mode.CURRENT
        smu.source_config(constants.VOutputRange.AUTO)
        smu.voltage(0.1)
        smu.measurement_mode(constants.MM.Mode.SAMPLING)
        smu.timing_parameters(0, 0.01, 30)
        assert len(smu.sampling_measurement_trace()) == 30
        analyzer.smu2.enable_outputs()
        smu.setup_staircase_sweep(v_start=0, v_end=0.2, n_steps=11)
        analyzer.set_measurement_mode(mode=constants.MM.Mode.STAIRCASE_SWEEP, channels=(1, 2))
        assert [len(trace) for trace in analyzer.run_iv_staircase_sweep()] == [11, 11]
        assert smu.iv_sweep.sweep_end() == 0.2
        assert analyzer.error_message().startswith("+0,")
