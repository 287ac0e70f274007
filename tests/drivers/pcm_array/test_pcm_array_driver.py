"""The array controller's driver in front of its twin."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from labctl.errors import ConfigError, LimitError, LinkError, StateError
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
    ],
)
def test_cells_that_are_not_there_are_refused_before_anything_is_sent(
    lab: Station, cells: list[int], high: list[bool], words: str
) -> None:
    array = array_of(lab)
    sent = len(array.link.transcript)
    with pytest.raises(LimitError, match=words):
        array.switch_cells(np.array(cells), np.array(high))
    with pytest.raises(LimitError, match="out must be"):
        array.read_decades(np.empty(12))
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
