"""Recordings: written beside a session, and answering in its place, message by message or by message alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from labctl.errors import ConfigError, DataFileError, LinkTimeoutError, StateError
from labctl.links import LinkOptions
from labctl.links.recording import Recording
from labctl.links.replay import ReplayClock, ReplayLink, ReplayMode
from protocols.write_verify import WriteVerify

HEADING = 'labctl-recording {"version": 1, "station": "bench", "simulated": false, "started": "", "numbers": 7}\n'
TALK = (
    '0.0 smu > text "*IDN?\\n"\n0.5 smu < text "me"\n0.5 smu < text "\\n"\n'
    '1.0 smu > text "READ?\\n"\n3.0 smu timeout\n3.0 smu clear\n'
    '4.0 smu > text "READ?\\n"\n4.5 smu < hex 3 ff000a\n'
)
SMALL = WriteVerify(cells=6, levels=2)


def recorded(folder: Path, text: str = HEADING + TALK + "end\n") -> Path:
    path = folder / "session.txt"
    path.write_text(text, encoding="ascii")
    return path


def link(path: Path, mode: ReplayMode = "strict") -> ReplayLink:
    opened = ReplayLink("smu", Recording(path), mode, ReplayClock(), "GPIB0::1::INSTR", LinkOptions())
    opened.open()
    return opened


def rows(run: Any) -> Any:
    return labctl.load(run.file).arrays("write")


@pytest.fixture
def session(tmp_path: Path) -> tuple[Path, Any]:
    path = tmp_path / "board.txt"
    with labctl.open_station("pe-board", simulate=True, seed=3, record=path) as lab:
        return path, rows(labctl.run(SMALL, lab, seed=5, output=tmp_path))


@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_a_recorded_run_gives_the_same_rows_when_replayed(
    session: tuple[Path, Any], mode: ReplayMode, tmp_path: Path
) -> None:
    path, before = session
    with labctl.open_station("pe-board", replay=path, replay_mode=mode) as lab:
        after = rows(labctl.run(SMALL, lab, seed=5, output=tmp_path))
    assert len(before["time"]) > 0
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_another_run_differs_from_the_recorded_one_and_is_told_where(session: tuple[Path, Any], tmp_path: Path) -> None:
    path, _ = session
    with (
        pytest.raises(labctl.LabctlError, match=r"the session has > .* the recording > .*line \d+\); the first diff"),
        labctl.open_station("pe-board", replay=path) as lab,
    ):
        labctl.run(SMALL, lab, seed=6, output=tmp_path)


def test_a_session_that_ends_early_is_told_what_was_to_come(tmp_path: Path) -> None:
    line = link(recorded(tmp_path))
    assert line.query("*IDN?") == "me"
    with pytest.raises(StateError, match=r'the recording goes on with > text "READ.*\(line 5\)'):
        line.check_played()


def test_a_station_is_left_with_an_error_when_its_recording_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "cell.txt"
    with labctl.open_station("pcm-cell", simulate=True, record=path):
        pass
    text = path.read_text(encoding="ascii").removesuffix("end\n")
    path.write_text(text + '9.0 smu > text "more\\n"\nend\n', encoding="ascii")
    station = labctl.open_station("pcm-cell", replay=path)
    station.__enter__()
    with pytest.raises(StateError, match=r'smu: .*goes on with > text "more'):
        station.__exit__(None, None, None)


def test_text_bytes_time_outs_and_device_clears_come_back_in_their_order(tmp_path: Path) -> None:
    line = link(recorded(tmp_path))
    assert line.query("*IDN?") == "me"
    with pytest.raises(LinkTimeoutError):
        line.query("READ?")
    line.clear()
    line.write("READ?")
    assert line.read_bytes(3) == b"\xff\x00\n"
    line.check_played()


def test_a_difference_is_named_with_line_and_byte_and_named_again(tmp_path: Path) -> None:
    line = link(recorded(tmp_path))
    for text in ("*IDX?", "*IDN?"):
        with pytest.raises(StateError, match=r'has > text "\*IDX.*recording > text "\*IDN.*\(line 2\).*at byte 3'):
            line.write(text)


def test_lenient_answers_by_message_in_any_order_and_refuses_an_unknown_one(tmp_path: Path) -> None:
    line = link(recorded(tmp_path), "lenient")
    with pytest.raises(LinkTimeoutError):
        line.query("READ?")
    assert line.query("*IDN?") == "me"
    assert line.query("*IDN?") == "me"
    assert line.query("READ?") == "\xff\x00"
    with pytest.raises(StateError, match=r'nowhere has > text "\*RST'):
        line.write("*RST")


def test_a_text_instrument_is_recorded_readably_and_replayed(tmp_path: Path) -> None:
    path = tmp_path / "cell.txt"
    with labctl.open_station("pcm-cell", simulate=True, record=path) as lab:
        before = lab["smu"].snapshot()
    assert ' smu > text "' in path.read_text(encoding="ascii")
    with labctl.open_station("pcm-cell", replay=path) as lab:
        assert lab["smu"].snapshot() == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEADING + TALK, "is cut short: its last line"),
        (HEADING + "0.0 smu < hex 4 ff00\nend\n", "line 2: this is no event: it is to have 4 bytes, but has 2"),
        (HEADING + '0.0 smu > text "*ID\nend\n', "line 2: this is no event"),
        (HEADING + "0.0 smu\nend\n", "line 2: this is no event"),
        ("time,current\nend\n", "is no recording: it does not begin with"),
        ("", "is no recording"),
    ],
)
def test_a_damaged_recording_is_named_before_anything_is_opened(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataFileError, match=says):
        labctl.open_station("pe-board", replay=recorded(tmp_path, text))


def test_the_recording_of_a_killed_session_is_replayed_leniently_as_far_as_it_goes(tmp_path: Path) -> None:
    path = recorded(tmp_path, HEADING + TALK + '5.0 smu > text "OUTP')
    smu = ReplayLink(
        "smu", Recording(path, whole=False), "lenient", ReplayClock(), "GPIB0::1::INSTR", LinkOptions(timeout=0.1)
    )
    smu.open()
    assert smu.query("*IDN?") == "me"
    with pytest.raises(StateError, match=r"session\.txt, which is cut short, smu: the recording nowhere has"):
        smu.query("OUTP?")
    whole = tmp_path / "board.txt"
    with labctl.open_station("pe-board", simulate=True, record=whole) as lab:
        before = lab["pe-board"].identity
    whole.write_text(whole.read_text(encoding="ascii").removesuffix("end\n"), encoding="ascii")
    with pytest.raises(DataFileError, match="replayed leniently"):
        labctl.open_station("pe-board", replay=whole)
    with labctl.open_station("pe-board", replay=whole, replay_mode="lenient") as lab:
        assert lab["pe-board"].identity == before


def test_a_new_rate_of_the_line_is_part_of_a_strict_replay(tmp_path: Path) -> None:
    text = HEADING + '0.0 smu baud text "921600"\n' + TALK + "end\n"
    smu = link(recorded(tmp_path, text))
    with pytest.raises(StateError, match=r'the recording baud text "921600"'):
        smu.write("*IDN?")
    smu = link(recorded(tmp_path, text))
    smu.set_baud_rate(921_600)
    assert smu.query("*IDN?") == "me"


def test_a_recording_is_not_written_over(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    with pytest.raises(ConfigError, match="is there already"):
        labctl.open_station("pe-board", simulate=True, record=path).open()
    assert path.read_text(encoding="ascii") == HEADING + TALK + "end\n"


def test_a_replay_is_not_simulated(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither simulated nor recorded"):
        labctl.open_station("pe-board", simulate=True, replay=recorded(tmp_path))
