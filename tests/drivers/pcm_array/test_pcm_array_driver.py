"""The array controller's driver in front of its twin."""

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from drivers.pcm_array import PcmArray
from labctl.errors import ConfigError, InstrumentError, LimitError, LinkError, StateError
from labctl.links import LibraryLink
from labctl.stations.model import parse_station
from labctl.stations.station import OpenOptions, Station

STATION = """
name = "small"
[instruments.array]
driver = "pcm-array"
link = "PCM::ARRAY"
options = {{ cells = {driver} }}
[simulation.instruments.array]
options = {{ cells = {twin}, read_noise = 0.0 }}
"""


def station(driver: int = 12, twin: int = 12) -> Station:
    text = STATION.format(driver=driver, twin=twin)
    return Station(parse_station(text, "small"), text, OpenOptions(simulate=True, seed=3))


class Controller:
    """A library that notes its calls and answers what it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.numbers = {"pcmCells": 12, "pcmOutputs": 0}
        self.codes: dict[str, int] = {}

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            self.calls.append(name)
            if name in self.numbers:
                arguments[0]._obj.value = self.numbers[name]
            return self.codes.get(name, 0)

        return call


@pytest.fixture
def controller() -> Controller:
    return Controller()


def opened(controller: Controller) -> PcmArray:
    array = PcmArray(LibraryLink("PCM::ARRAY", lambda: controller), role="array", options={"cells": 12})
    array.open()
    return array


@pytest.fixture
def lab() -> Iterator[Station]:
    with station() as opened:
        yield opened


def array_of(lab: Station) -> Any:
    return lab["array"]


def test_cells_are_switched_where_asked_and_read_back(lab: Station) -> None:
    array = array_of(lab)
    array.switch_cells(np.array([3, 5, 7]), np.array([True, False, True]))
    decades = array.read_decades()
    assert np.flatnonzero(decades > 6.0).tolist() == [3, 7]
    assert array.switchings.get() == 3
    room = np.empty(12, dtype=np.float32)
    assert array.read_decades(room) is room


def test_switching_and_reading_take_the_lab_s_time(lab: Station) -> None:
    array, before = array_of(lab), lab.clock.now()
    array.switch_cells(np.arange(12), np.ones(12, dtype=bool))
    assert lab.clock.now() - before == pytest.approx(12e-6)
    array.read_decades()
    assert lab.clock.now() - before == pytest.approx(12e-6 + 1e-2)


def test_a_lab_s_saved_state_brings_another_lab_to_the_same_place_and_time() -> None:
    with station() as one:
        array_of(one).switch_cells(np.arange(6), np.ones(6, dtype=bool))
        one.clock.wait(50.0)
        assert one.lab is not None
        state, time = one.lab.saved(), one.clock.now()
        expected = array_of(one).read_decades()
    with station() as two:
        assert two.lab is not None
        two.lab.load(state)
        assert two.clock.now() == time
        assert np.array_equal(array_of(two).read_decades(), expected)
        with pytest.raises(ConfigError, match="not of this simulated lab: a clock"):
            two.lab.load(state)
        with pytest.raises(ConfigError, match="not of this simulated lab"):
            two.lab.load(b"nonsense")
    with station(13, 13) as other:
        assert other.lab is not None
        with pytest.raises(ConfigError, match="not of 13 cells"):
            other.lab.load(state)


@pytest.mark.parametrize(
    ("cells", "high", "words"),
    [
        ([12], [True], "cells must be 0 to 11, got 12"),
        ([-1], [True], "cells must be"),
        ([1, 2], [True], "2 cells, but 1"),
        ([1], [True, False], "1 cells, but 2"),
    ],
)
def test_cells_that_are_not_there_are_refused_before_anything_is_sent(
    lab: Station, cells: list[int], high: list[bool], words: str
) -> None:
    array = array_of(lab)
    sent = len(array.link.transcript)
    with pytest.raises(LimitError, match=words):
        array.switch_cells(np.array(cells), np.array(high))
    for out in (np.empty(12), np.empty(24, dtype=np.float32)[::2], np.empty(11, dtype=np.float32)):
        with pytest.raises(LimitError, match="out must be"):
            array.read_decades(out)
    assert len(array.link.transcript) == sent


def test_an_array_of_another_size_is_not_opened() -> None:
    lab = station(driver=10)
    with pytest.raises(LinkError, match="it has 12 cells, the station says 10"):
        lab.open()
    lab.close()


def test_a_closed_array_does_nothing(lab: Station) -> None:
    array = array_of(lab)
    array.close()
    with pytest.raises(StateError):
        array.read_decades()
    front_end: Any = lab.lab.front_end("array")  # type: ignore[union-attr]
    assert front_end.pcmRead(np.empty(12, np.float32).ctypes, 12) == 1


def test_an_array_is_made_safe_and_read_back_before_its_session_ends(controller: Controller) -> None:
    array = opened(controller)
    controller.calls.clear()
    array.close()
    assert controller.calls == ["pcmOutputs", "pcmClose"]


def test_a_line_that_is_still_driven_is_reported(controller: Controller) -> None:
    array = opened(controller)
    controller.numbers["pcmOutputs"] = 3
    with pytest.raises(InstrumentError, match="3 lines are driven"):
        array.make_safe()


def test_a_code_of_the_library_is_an_error_with_its_words(controller: Controller) -> None:
    array = opened(controller)
    controller.codes["pcmSwitch"] = 2
    with pytest.raises(InstrumentError, match="no such cell") as raised:
        array.switch_cells(np.array([3]), np.array([True]))
    assert raised.value.code == 2


def test_cells_in_a_read_only_array_are_switched(lab: Station) -> None:
    cells, high = np.array([3]), np.array([True])
    cells.flags.writeable = high.flags.writeable = False
    array_of(lab).switch_cells(cells, high)
    assert array_of(lab).read_decades()[3] > 6.0


def test_the_twin_refuses_what_is_not_there(lab: Station) -> None:
    twin: Any = lab.lab.front_end("array")  # type: ignore[union-attr]
    cells, high = (ctypes.c_int64 * 1)(12), (ctypes.c_uint8 * 1)(1)
    assert twin.pcmSwitch(cells, high, 1) == 2
    assert twin.pcmRead((ctypes.c_float * 13)(), 13) == 3
    assert twin.pcmRead((ctypes.c_float * 12)(), 12) == 0


def test_the_drift_of_the_simulated_cells_is_what_the_station_says() -> None:
    """Twelve cells without spread: a decade of time is a factor of 10^0.2, to the steps in which the twin keeps it."""
    text = STATION.format(driver=12, twin=12).replace("read_noise", "drift = 0.2, drift_spread = 0.0, read_noise")
    with Station(parse_station(text, "small"), text, OpenOptions(simulate=True, seed=3)) as lab:
        array = array_of(lab)
        array.switch_cells(np.arange(12), np.ones(12, dtype=bool))
        lab.clock.wait(100.0)
        before = array.read_decades()
        lab.clock.wait(900.0)
        assert array.read_decades() - before == pytest.approx(np.full(12, 0.2), abs=0.02)
