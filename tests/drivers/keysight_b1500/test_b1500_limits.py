"""What the B1500A driver refuses before it sends anything: the script of each test is empty after opening."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from labctl.errors import ConfigError, LimitError
from labctl.instrument import IdlePolicy, SampleLimits


def test_a_voltage_beyond_the_module_is_refused(bench: Any) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="100 V"):
        driver.measure_current(100.1, compliance=1e-6)


def test_a_voltage_beyond_the_sample_is_refused_everywhere(bench: Any) -> None:
    driver = bench.opened(limits=SampleLimits(voltage=3.0, device_voltage=2.0, current=1e-3))
    refusals: list[Callable[[], object]] = [
        lambda: driver.measure_current(-2.1, compliance=1e-6),
        lambda: driver.sweep_voltage(np.array([0.0, -2.1, 0.0]), compliance=1e-6),
        lambda: driver.measure_repeatedly(2.1, 2, compliance=1e-6),
        lambda: driver.measure_voltage(1e-6, compliance=2.1),
        lambda: driver.voltage.set(2.1),
    ]
    for refused in refusals:
        with pytest.raises(LimitError, match="2 V"):
            refused()


def test_a_compliance_beyond_the_sample_or_below_the_smallest_range_is_refused(bench: Any) -> None:
    driver = bench.opened(limits=SampleLimits(current=1e-3))
    for compliance in (1.1e-3, 0.0, -1e-6, 1e-14, float("nan")):
        with pytest.raises(LimitError):
            driver.measure_current(0.1, compliance=compliance)
    with pytest.raises(LimitError):
        driver.measure_voltage(2e-3, compliance=1.0)
    with pytest.raises(LimitError):
        driver.measure_voltage(1e-3, compliance=0.0)


@pytest.mark.parametrize("voltages", [[], [0.0, float("nan")], [0.0, float("inf")]])
def test_voltages_that_are_none_are_refused(bench: Any, voltages: list[float]) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError):
        driver.sweep_voltage(np.array(voltages), compliance=1e-6)


@pytest.mark.parametrize("delay", [-0.1, 65.6, 0.00015])
def test_a_delay_that_the_sweep_cannot_make_is_refused(bench: Any, delay: float) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="delay"):
        driver.sweep_voltage(np.array([0.0, 1.0]), compliance=1e-6, delay=delay)


@pytest.mark.parametrize("nplc", [0.0, 5e-5, 101.0, -1.0])
def test_an_integration_that_the_converter_cannot_make_is_refused(bench: Any, nplc: float) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="nplc"):
        driver.measure_current(0.1, compliance=1e-6, nplc=nplc)


def test_the_high_resolution_converter_takes_whole_cycles(bench: Any) -> None:
    driver = bench.opened()
    driver.converter.set("high-resolution")
    with pytest.raises(LimitError, match="whole cycles"):
        driver.measure_current(0.1, compliance=1e-6, nplc=0.5)


@pytest.mark.parametrize(("count", "interval"), [(0, 0.1), (100_002, 0.1), (2, 0.001), (2, 66.0), (2, -1.0)])
def test_sampling_that_the_instrument_cannot_time_is_refused(bench: Any, count: int, interval: float) -> None:
    driver = bench.opened()
    with pytest.raises(LimitError, match="readings every"):
        driver.measure_repeatedly(0.1, count, compliance=1e-6, interval=interval)


@pytest.mark.parametrize("options", [{"smu": 11}, {"smu": 102}, {"line_frequency": 55.0}, {"gate": 1}])
def test_wrong_options_are_refused_at_once(bench: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        bench.driver(options=options)


def test_a_slot_without_an_smu_is_refused_on_opening(bench: Any) -> None:
    bench.ask("*IDN?", "Agilent Technologies,B1500A,0,A.04.03.2010.0130")
    bench.ask("ERRX?", '+0,"No Error."')
    bench.ask("UNT? 0", "B1511B,0;0,0;B1520A,0;0,0;0,0;0,0;0,0;0,0;0,0;0,0")
    with pytest.raises(ConfigError, match="no known SMU in slot 3"):
        bench.driver(options={"smu": 3}).open()


def test_holding_is_no_idle_policy_of_it(bench: Any) -> None:
    with pytest.raises(ConfigError, match="hold"):
        bench.driver(idle=IdlePolicy.HOLD)
