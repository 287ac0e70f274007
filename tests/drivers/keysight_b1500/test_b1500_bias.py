"""The bias of a second SMU: its exact dialogue, its limits, and that nothing leaves it on."""

from typing import Any

import numpy as np
import pytest

import labctl
from labctl.capabilities import BiasSource
from labctl.errors import ConfigError, LimitError, StateError
from labctl.instrument import IdlePolicy, SampleLimits


def test_a_bias_is_held_and_released(bench: Any) -> None:
    driver = bench.opened(options={"smu": 1, "bias_smu": 2})
    assert isinstance(driver, BiasSource)
    assert driver.has_bias
    bench.block("CN 2", "DV 2,0,1.2,1E-06")
    driver.hold_bias(1.2, compliance=1e-6)
    bench.ask("*LRN? 0", "CN 2")
    bench.block("DZ 2")
    driver.release_bias()


def test_a_floating_bias_is_switched_off_and_only_where_it_is_on(bench: Any) -> None:
    driver = bench.opened(idle=IdlePolicy.FLOAT, options={"smu": 1, "bias_smu": 2})
    bench.ask("*LRN? 0", "CN 2")
    bench.block("DZ 2", "CL 2")
    driver.release_bias()
    bench.ask("*LRN? 0", "CL")
    driver.release_bias()


def test_a_bias_beyond_smu_or_sample_is_refused_before_anything_is_sent(bench: Any) -> None:
    driver = bench.opened(options={"smu": 1, "bias_smu": 2}, limits=SampleLimits(5.0, None, None, None))
    with pytest.raises(LimitError, match=r"6.0 V is more than 5.0 V"):
        driver.hold_bias(6.0, compliance=1e-6)
    with pytest.raises(LimitError, match=r"-6.0 V is more than 5.0 V"):
        driver.hold_bias(-6.0, compliance=1e-6)
    with pytest.raises(LimitError, match="nan"):
        driver.hold_bias(float("nan"), compliance=1e-6)
    with pytest.raises(LimitError, match="compliance"):
        driver.hold_bias(1.0, compliance=2.0)


def test_without_a_bias_smu_there_is_no_bias(bench: Any) -> None:
    driver = bench.opened()
    assert not driver.has_bias
    with pytest.raises(ConfigError, match="names no bias_smu"):
        driver.hold_bias(1.0, compliance=1e-6)


def test_a_bias_needs_an_open_instrument_and_a_slot_of_its_own(bench: Any) -> None:
    with pytest.raises(StateError, match="closed"):
        bench.driver(options={"smu": 1, "bias_smu": 2}).hold_bias(1.0, compliance=1e-6)
    with pytest.raises(ConfigError, match="both 1"):
        bench.driver(options={"smu": 1, "bias_smu": 1})
    with pytest.raises(ConfigError, match="no slot"):
        bench.driver(options={"smu": 1, "bias_smu": 11})


def test_making_safe_takes_the_bias_off() -> None:
    with labctl.open_station("rram-cell", simulate=True) as lab:
        analyzer: Any = lab["analyzer"]
        analyzer.hold_bias(1.2, compliance=1e-6)
        assert 2 in analyzer.switched_on()
        assert lab.lab is not None
        gate = lab.lab.bench.nets["gate"]
        gate.advance()
        assert gate.history.volts(np.array([gate.now()]), device=False)[0] == pytest.approx(1.2)
        analyzer.make_safe()
        assert not analyzer.switched_on()
