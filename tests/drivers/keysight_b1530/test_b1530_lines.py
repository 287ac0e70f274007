"""Several channels at once on the lines of an array: what the B1530A driver asks of the library, and refuses."""

from typing import Any

import numpy as np
import pytest

from labctl.capabilities import MultiChannelFastIV
from labctl.errors import ConfigError, LimitError
from labctl.instrument import IdlePolicy, SampleLimits

LINES = {"row1": 101, "row2": 102, "neuron1": 201, "column1": 202}
TIMES = np.array([0.0, 1e-6, 3e-6])
UP = np.array([0.0, 0.5, 0.0])


def measure(driver: Any, **changes: Any) -> Any:
    volts = {"row1": UP, "row2": -UP, "neuron1": 0.0 * UP}
    values = {"volts": volts, "measured": ("neuron1",), "interval": 1e-6, "averaging": 5e-7, **changes}
    return driver.measure_lines(TIMES, **values)


def test_driven_lines_run_together_and_the_others_are_disconnected(bench: Any) -> None:
    driver = bench.opened(options={"lines": LINES})
    bench.measures({201: [-1e-6, -2e-6, -3e-6]}, 1e-6)
    found = measure(driver)
    calls = bench.library.taken()
    assert calls[0] == "disconnect(202)"
    assert "connect(202)" not in calls
    for call in (
        "addVectors('pattern1', [1e-06, 2e-06], [0.5, 0.0], 2)", "addSequence(101, 'pattern1', 1.0)",
        "addVectors('pattern2', [1e-06, 2e-06], [-0.5, -0.0], 2)", "addSequence(102, 'pattern2', 1.0)",
        "setMeasureMode(201, 4001)", "setMeasureCurrentRange(201, 6005)", "setMeasureEnabled(201, 7001)",
        "setMeasureEnabled(101, 7000)", "connect(101)", "connect(102)", "connect(201)",
    ):  # fmt: skip
        assert call in calls
    assert calls.count("execute()") == 1
    assert found.times.tolist() == [0.0, 1e-6, 2e-6]
    assert found.currents["neuron1"].tolist() == [-1e-6, -2e-6, -3e-6]
    assert isinstance(driver, MultiChannelFastIV)


def test_lines_that_are_to_float_float_afterwards(bench: Any) -> None:
    driver = bench.opened(options={"lines": LINES}, idle=IdlePolicy.FLOAT)
    bench.measures({201: [0.0, 0.0, 0.0]}, 1e-6)
    measure(driver)
    assert bench.library.taken()[-4:] == [f"disconnect({channel})" for channel in LINES.values()]


def test_every_line_is_made_safe(bench: Any) -> None:
    driver = bench.opened(options={"lines": LINES})
    assert {f"channel_{channel}_V" for channel in LINES.values()} <= driver.make_safe().keys()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"measured": ("neuron2",)}, "no line 'neuron2'; there are row1, row2, neuron1, column1"),
        ({"measured": ("column1",)}, "column1 is to be measured, but nothing is forced there"),
        ({"measured": ()}, "no line is to be measured"),
    ],
)
def test_lines_that_are_not_there_are_refused(bench: Any, changes: dict[str, Any], words: str) -> None:
    driver = bench.opened(options={"lines": LINES})
    with pytest.raises(ConfigError, match=words):
        measure(driver, **changes)
    assert not bench.library.taken()


@pytest.mark.parametrize(
    ("limits", "changes", "words"),
    [
        (SampleLimits(voltage=0.4), {}, "terminal stands, 400 mV"),
        (SampleLimits(device_voltage=0.9), {}, "1 V is more than the sample's device stands"),
        (SampleLimits(), {"current_range": 2e-3}, "no current range"),
        (SampleLimits(), {"volts": {"neuron1": 30.0 * UP}}, "fits no force range"),
    ],
)
def test_what_the_sample_or_the_unit_does_not_stand_is_refused(
    bench: Any, limits: SampleLimits, changes: dict[str, Any], words: str
) -> None:
    driver = bench.opened(options={"lines": LINES}, limits=limits)
    with pytest.raises(LimitError, match=words):
        measure(driver, **changes)
    assert not bench.library.taken()


@pytest.mark.parametrize("lines", [{"row1": 103}, {"row1": "five"}, {"row1": 101, "row2": 101}])
def test_lines_on_impossible_channels_are_refused(bench: Any, lines: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"no channel|on one channel"):
        bench.driver(options={"lines": lines})
