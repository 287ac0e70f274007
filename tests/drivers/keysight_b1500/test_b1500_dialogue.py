"""The exact wire dialogue of the B1500A driver."""

from typing import Any

import numpy as np
import pytest

from labctl.capabilities import SourceMeter
from labctl.errors import InstrumentError, LinkTimeoutError, StateError
from labctl.instrument import IdlePolicy, SampleLimits


def test_opening_checks_the_model_drops_old_errors_and_finds_the_smus(bench: Any) -> None:
    bench.ask("*IDN?", "Agilent Technologies,B1500A,0,A.06.02.2023.0401")
    bench.ask("ERRX?", '+100,"Undefined GPIB command."')
    bench.ask("ERRX?", '0,"No error"')
    bench.ask("UNT? 0", "0,0;B1517A,0;0,0;0,0;0,0;0,0;0,0;0,0;0,0;0,0")
    bench.block("FMT 1,1", "TSC 1")
    driver = bench.driver(options={"smu": 201})
    driver.open()
    assert driver.identity.firmware == "A.06.02.2023.0401"
    assert driver.smu == 2
    assert isinstance(driver, SourceMeter)


def test_another_model_is_refused_and_the_line_closed(bench: Any) -> None:
    bench.ask("*IDN?", "Agilent Technologies,E5270B,0,B.01.10")
    driver = bench.driver()
    with pytest.raises(InstrumentError, match="E5270B"):
        driver.open()
    assert not driver.link.is_open


def test_a_spot_forces_reads_and_goes_back_to_zero(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block("DV 1,0,0.2,1E-07", "TI 1,0", data="NAI+012.345E-09")
    bench.block("DZ 1")
    found = driver.measure_current(0.2, compliance=1e-7)
    assert found.currents.tolist() == [12.345e-9]
    assert found.voltages.tolist() == [0.2]
    assert found.in_compliance.tolist() == [False]


@pytest.mark.parametrize(
    ("full_scale", "number"), [(1e-9, 11), (1e-7, 13), (1e-5, 15), (1e-4, 16), (1e-3, 17), (1e-2, 18)]
)
def test_a_fixed_range_of_a_spot_goes_out_as_a_negative_number(bench: Any, full_scale: float, number: int) -> None:
    driver = bench.opened()
    driver.current_range.set(full_scale)
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block("DV 1,0,0.2,1E-07", f"TI 1,-{number}", data="NAI+012.345E-09")
    bench.block("DZ 1")
    assert driver.measure_current(0.2, compliance=1e-7).currents.tolist() == [12.345e-9]


def test_a_floating_channel_is_switched_off_after_a_spot(bench: Any) -> None:
    driver = bench.opened(idle=IdlePolicy.FLOAT, options={"smu": 5, "line_frequency": 60.0})
    bench.block("AAD 5,0", "AIT 0,3,0.005", "CN 5")
    bench.block("DV 5,0,-1.5,0.001", "TI 5,0", data="CEI-001.000E-03")
    bench.block("DZ 5", "CL 5")
    found = driver.measure_current(-1.5, compliance=1e-3, nplc=0.3)
    assert found.in_compliance.tolist() == [True]


def test_a_high_resolution_spot_goes_through_the_measurement_mode(bench: Any) -> None:
    driver = bench.opened()
    driver.converter.set("high-resolution")
    driver.current_range.set(1e-7)
    bench.block("AAD 1,1", "AIT 1,2,10", "CN 1")
    bench.block(
        "DV 1,0,0.1,1E-06", "MM 1,1", "CMM 1,1", "RI 1,-13", "XE", data="NAT+00.01230E+00,NAI+0.12345E-06"
    )  # fmt: skip
    bench.block("DZ 1")
    assert driver.measure_current(0.1, compliance=1e-6, nplc=10).currents.tolist() == [0.12345e-6]


def test_a_current_is_forced_within_a_voltage(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block("DI 1,0,1E-06,5", "TV 1,0", data="NAV+001.234E+00")
    bench.block("DZ 1")
    found = driver.measure_voltage(1e-6, compliance=5.0)
    assert (found.voltages.tolist(), found.currents.tolist()) == ([1.234], [1e-6])


def test_a_loop_is_cut_into_staircases_that_follow_one_another(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block(
        "TSR", "MM 2,1", "CMM 1,1", "RI 1,0", "WT 0,0.01", "WM 1,2", "WV 1,1,0,0,1,3,0.001", "XE",
        data="NAT+000.100E+00,NAI+000.000E-06,WAV+000.000E+00,NAT+000.200E+00,NAI+005.000E-06,WAV+000.500E+00,"
        "NAT+000.300E+00,CAI+001.000E-03,EAV+001.000E+00",
    )  # fmt: skip
    bench.block(
        "WV 1,1,0,0.5,0,2,0.001", "XE",
        data="NAT+000.500E+00,NAI+004.000E-06,WAV+000.500E+00,NAT+000.600E+00,VAI+199.999E+99,EAV+000.000E+00",
    )  # fmt: skip
    bench.block("DZ 1")
    found = driver.sweep_voltage(np.array([0.0, 0.5, 1.0, 0.5, 0.0]), compliance=1e-3, delay=0.01)
    assert found.voltages.tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]
    assert found.currents.tolist() == [0.0, 5e-6, 1e-3, 4e-6, np.inf]
    assert found.in_compliance.tolist() == [False, False, True, False, False]
    np.testing.assert_allclose(found.times, [0.0, 0.1, 0.2, 0.4, 0.5], atol=1e-12)


def test_a_current_sweep_measures_voltages(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block(
        "TSR", "MM 2,1", "CMM 1,2", "RV 1,0", "WT 0,0", "WM 1,2", "WI 1,1,0,0,1E-06,2,2", "XE",
        data="NAT+000.100E+00,NAV+000.000E+00,WAI+000.000E-06,NAT+000.200E+00,NAV+000.010E+00,EAI+001.000E-06",
    )  # fmt: skip
    bench.block("DZ 1")
    found = driver.sweep_current(np.array([0.0, 1e-6]), compliance=2.0)
    assert (found.voltages.tolist(), found.currents.tolist()) == ([0.0, 0.01], [0.0, 1e-6])


def test_sampling_is_timed_by_the_instrument(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.block(
        "MM 10,1", "CMM 1,1", "RI 1,0", "MT 0,0.02,3", "DV 1,0,0.1,0.0001", "TSR", "XE",
        data="NAT+000.020E+00,NAI+001.000E-06,NAT+000.040E+00,NAI+001.100E-06,NAT+000.060E+00,XAI+001.200E-06",
    )  # fmt: skip
    bench.block("DZ 1")
    found = driver.measure_repeatedly(0.1, 3, compliance=1e-4)
    np.testing.assert_allclose(found.times, [0.0, 0.02, 0.04], atol=1e-12)
    np.testing.assert_array_equal(found.currents, [1e-6, 1.1e-6, np.nan])
    assert found.voltages.tolist() == [0.1, 0.1, 0.1]


def test_a_refused_command_is_named_and_the_output_goes_to_zero(bench: Any) -> None:
    driver = bench.opened()
    bench.block("AAD 1,0", "AIT 0,2,1", "CN 1")
    bench.channel.script += [("DV 1,0,60,0.001", None), ("TI 1,0", "NAI+000.000E-06")]
    bench.ask("ERRX?", '+999,"Made up."')
    bench.ask("ERRX?", '+0,"No Error."')
    bench.block("DZ 1")
    with pytest.raises(InstrumentError, match=r"analyzer: 'DV 1,0,60,0.001; TI 1,0' gave error 999: Made up\."):
        driver.measure_current(60.0, compliance=1e-3)


def test_data_that_never_come_are_explained_by_the_error_queue(bench: Any) -> None:
    driver = bench.opened()
    bench.block("TI 1", error='+100,"Undefined GPIB command."')
    with pytest.raises(InstrumentError, match="100"):
        driver.current.get()
    bench.block("TI 1")
    with pytest.raises(LinkTimeoutError):
        driver.current.get()


def test_settings_force_a_voltage_and_read_it_back(bench: Any) -> None:
    driver = bench.opened()
    driver.compliance.set("1 uA")
    bench.block("CN 1", "DV 1,0,0.3,1E-06")
    driver.voltage.set("300 mV")
    bench.block("TV 1", data="NAV+000.300E+00")
    assert driver.voltage.get() == 0.3
    bench.ask("*LRN? 0", "CN1")
    assert driver.output.get() is True
    bench.ask("*STB?", "24")
    assert driver.interlock_open.get() is True
    bench.block("FL 1,1")
    driver.output_filter.set(True)


@pytest.mark.parametrize("data", ["NBV+000.300E+00", "NAI+000.300E+00", "NAT+000.300E+00,NBV+000.300E+00"])
def test_a_spot_of_another_channel_or_quantity_is_no_reading(bench: Any, data: str) -> None:
    smu = bench.opened()
    bench.block("TV 1", data=data)
    with pytest.raises(InstrumentError, match="has no reading of channel 1"):
        smu.spot("TV")
    bench.done()


def test_a_spot_takes_its_own_element_of_several(bench: Any) -> None:
    smu = bench.opened()
    bench.block("TV 1", data="NAT+000.100E+00,NBV+000.700E+00,NAI+000.200E+00,NAV+000.300E+00")
    assert smu.spot("TV") == 0.3
    bench.done()


def test_a_snapshot_measures_nothing(bench: Any) -> None:
    driver = bench.opened()
    bench.ask("*LRN? 0", "CL")
    bench.ask("*STB?", "16")
    snapshot = driver.snapshot()
    assert "current" not in snapshot
    assert snapshot["output"] is False


def test_making_safe_grounds_every_smu_that_is_on_and_measures_it(bench: Any) -> None:
    driver = bench.opened()
    bench.channel.script += [("AB", None), ("BC", "NAI+000.001E-06")]
    bench.ask("ERRX?", '+0,"No Error."')
    bench.block("CN 1", "DZ")
    bench.ask("*LRN? 0", "CN1,5,6")
    bench.block("TV 1", data="NAV+000.000E-06")
    bench.block("TV 5", data="NEV-000.001E+00")
    assert driver.make_safe() == {"smu_1_V": 0.0, "smu_5_V": -0.001, "output": True}


@pytest.mark.parametrize("level", ["+001.000", "-001.000"])
def test_an_output_that_stays_up_is_reported(bench: Any, level: str) -> None:
    driver = bench.opened()
    bench.channel.script += [("AB", None), ("BC", None)]
    bench.ask("ERRX?", '+0,"No Error."')
    bench.block("CN 1", "DZ")
    bench.ask("*LRN? 0", "CN1")
    bench.block("TV 1", data=f"NAV{level}E+00")
    with pytest.raises(InstrumentError, match="not at ground"):
        driver.make_safe()


@pytest.mark.parametrize("after", ["CL", "CN1", "CN5"])
def test_making_a_floating_instrument_safe_switches_all_off(bench: Any, after: str) -> None:
    driver = bench.opened(idle=IdlePolicy.FLOAT)
    bench.channel.script += [("AB", None), ("BC", None)]
    bench.ask("ERRX?", '+0,"No Error."')
    bench.ask("*LRN? 0", "CN1,5")
    bench.block("DZ", "CL")
    bench.ask("*LRN? 0", after)
    if after == "CL":
        assert driver.make_safe() == {"output": False}
    else:
        with pytest.raises(InstrumentError, match=rf"channels \[{after[-1]}\] are on"):
            driver.make_safe()


def test_a_closed_instrument_is_a_state_error(bench: Any) -> None:
    with pytest.raises(StateError, match="closed"):
        bench.driver(limits=SampleLimits(voltage=1.0)).measure_current(0.1, compliance=1e-6)
