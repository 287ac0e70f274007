"""Recorded calls of a maker's library, answering in place of the library."""

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl.capabilities import Pulse
from labctl.errors import InstrumentError, LabctlError, StateError
from labctl.links import LibraryLink, LinkOptions
from labctl.links.arguments import answer_text, values, write_answer
from labctl.links.library_replay import ReplayLibraryLink
from labctl.links.recording import Recording
from labctl.links.replay import ReplayClock, ReplayMode

HEADING = 'labctl-recording {"version": 1, "station": "bench", "simulated": false, "started": "", "numbers": 7}\n'
TIMES, VOLTS = np.array([0.0, 1e-6, 2e-6, 3e-6]), np.array([0.0, 0.5, 0.5, 0.0])
ARRAY = """
name = "small"
[instruments.array]
driver = "pcm-array"
link = "PCM::ARRAY"
options = { cells = 12 }
[simulation.instruments.array]
options = { cells = 12 }
"""


def fast_iv(lab: Any, height: float = 0.3) -> tuple[Any, Any]:
    unit = lab["fast-iv"]
    found = unit.measure_waveform(TIMES, VOLTS, interval=1e-7, averaging=5e-8)
    unit.send_pulses(Pulse(height=height, rise=1e-7, width=1e-6, fall=1e-7), count=3, period=1e-5)
    return found, unit.snapshot()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    path = tmp_path_factory.mktemp("recorded") / "session.txt"
    with labctl.open_station("full-lab", simulate=True, seed=3, record=path) as lab:
        return path, *fast_iv(lab)


def link(folder: Path, *events: str) -> ReplayLibraryLink:
    path = folder / "calls.txt"
    lines = "".join(f"{n}.0 unit {event}\n" for n, event in enumerate(events))
    path.write_text(f"{HEADING}{lines}end\n", encoding="ascii")
    opened = ReplayLibraryLink("unit", Recording(path), "strict", ReplayClock(), "UNIT", LinkOptions())
    opened.open()
    return opened


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_a_recorded_session_of_the_b1530a_gives_the_same_values_when_replayed(
    session: tuple[Path, Any, Any], mode: ReplayMode
) -> None:
    path, before, snapshot = session
    with labctl.open_station("full-lab", replay=path, replay_mode=mode) as lab:
        after, again = fast_iv(lab)
    assert np.ptp(before.voltages) > 0.4
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)
    assert snapshot == again


def test_a_pulse_of_another_height_is_named_with_its_line(session: tuple[Path, Any, Any]) -> None:
    with (
        pytest.raises(LabctlError, match=r"fast-iv: the session has > .*addVectors.*0\.4.*recording > .*\(line \d+\)"),
        labctl.open_station("full-lab", replay=session[0]) as lab,
    ):
        fast_iv(lab, height=0.4)


def test_a_session_that_ends_early_is_told_which_call_was_to_come(session: tuple[Path, Any, Any]) -> None:
    station = labctl.open_station("full-lab", replay=session[0])
    unit: Any = station["fast-iv"]
    unit.open()
    with pytest.raises(StateError, match=r"the recording goes on with > text \"WGFMU_clear"):
        unit.link.check_played()


def test_a_recorded_array_of_cells_is_replayed(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(ARRAY, encoding="utf-8")

    def read(**keywords: Any) -> Any:
        with labctl.open_station(tmp_path / "small.toml", **keywords) as lab:
            array: Any = lab["array"]
            array.switch_cells(np.array([3, 5]), np.array([True, False]))
            return array.read_decades(np.full(12, keywords.get("seed", 7.0), dtype=np.float32))

    before = read(simulate=True, seed=3, record=tmp_path / "array.txt")
    np.testing.assert_array_equal(read(replay=tmp_path / "array.txt"), before)


def test_codes_that_are_errors_come_back_as_such(tmp_path: Path) -> None:
    path = tmp_path / "refused.txt"
    with labctl.open_station("full-lab", simulate=True, seed=3, record=path) as lab:
        unit: Any = lab["fast-iv"]
        unit.channel = 801
        with pytest.raises(InstrumentError) as first:
            unit.send_pulses(Pulse(height=0.3, rise=1e-7, width=1e-6, fall=1e-7))
        unit.channel = 501
    with labctl.open_station("full-lab", replay=path) as lab:
        unit = lab["fast-iv"]
        unit.channel = 801
        with pytest.raises(InstrumentError) as second:
            unit.send_pulses(Pulse(height=0.3, rise=1e-7, width=1e-6, fall=1e-7))
        unit.channel = 501
    assert str(first.value) == str(second.value)


def test_a_real_library_s_driver_asks_again_where_it_did_then_and_nothing_is_waited_for(tmp_path: Path) -> None:
    unit = link(tmp_path, '> text "look [0]"', '< text "0 [5]"')
    assert not unit.in_process
    unit.pause(1e9)
    number = ctypes.c_int(0)
    assert unit.call("look", ctypes.byref(number)) == 0
    assert number.value == 5
    unit.check_played()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([], "no answer to a call of look"),
        (['< text "0 [5, 6]"'], "does not answer a call with 1 arguments"),
        (['< text "all is well"'], "does not answer a call"),
        (['< text "0 [{}]"'], "does not answer a call"),
    ],
)
def test_an_answer_that_does_not_fit_the_call_is_refused(tmp_path: Path, answer: list[str], says: str) -> None:
    unit = link(tmp_path, '> text "look [0]"', *answer)
    with pytest.raises(StateError, match=says):
        unit.call("look", ctypes.byref(ctypes.c_int(0)))


def test_everything_that_ctypes_takes_is_written_again(tmp_path: Path) -> None:
    def fresh() -> tuple[Any, ...]:
        text = ctypes.create_string_buffer(8)
        return ctypes.byref(ctypes.c_double(0.0)), (ctypes.c_int * 3)(), text, b"as it is", 3, 0.1, None

    one, two = fresh(), fresh()
    before = values(one)
    one[0]._obj.value, one[1][:], one[2].value = -0.1, [1, -2, 0], b"words"
    after = values(one)
    assert write_answer(answer_text(-3, before, after), two) == -3
    assert values(two) == after == [-0.1, [1, -2, 0], "words", "as it is", 3, 0.1, None]
    assert write_answer("0", two) == 0
    assert values(two) == after


def test_a_pointer_without_a_size_is_not_recorded() -> None:
    class Library:
        @staticmethod
        def look(memory: Any) -> int:
            return 0

    unit = LibraryLink("UNIT", Library)
    unit.open()
    pointer = ctypes.pointer(ctypes.c_int(1))
    assert unit.call("look", pointer) == 0
    unit.on_wire = lambda kind, data: None
    with pytest.raises(StateError, match="does not say how much is behind it"):
        unit.call("look", pointer)
