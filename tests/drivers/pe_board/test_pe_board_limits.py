import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pe_board_wire.hello import Capabilities
from drivers.pe_board_wire.limits import Limits
from labctl.capabilities import ArrayGeometry, CellArray, LinePulse, WriteSettings
from labctl.errors import ConfigError, LimitError, StateError
from labctl.instrument import IdlePolicy, SampleLimits

CELLS = np.array([1, 2])
TARGETS = np.array([1e-6, 2e-6])


def pulse(word: float = 1.8, bit: float = 2.0, source: float = 0.0, width: float = 50e-9) -> LinePulse:
    return LinePulse(word_line=word, bit_line=bit, source_line=source, width=width)


def write(**changes: Any) -> WriteSettings:
    plain = WriteSettings(pulse(), pulse(4.7, 0.0, 1.8), 50e-9, 500, 0.2, 1)
    return plain._replace(**changes)


def test_it_is_a_cell_array_whose_size_is_known_before_it_is_opened(bench: Any) -> None:
    board = bench.board()
    array: CellArray = board
    assert isinstance(board, CellArray)
    assert array.geometry == ArrayGeometry(8, 128, 16)
    assert not bench.channel.sent


def test_what_is_closed_cannot_be_read(bench: Any) -> None:
    with pytest.raises(StateError, match="pe-board is closed"):
        bench.board().read_cells(CELLS, voltage=0.2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda b: b.read_cells(CELLS, voltage=0.6), LimitError, "read voltage is to be 600 mV.*0 V to 500 mV"),
        (lambda b: b.read_cells(CELLS, voltage=-0.1), LimitError, "read voltage is to be -100 mV"),
        (lambda b: b.read_cells(CELLS, voltage=0.20005), LimitError, "200.05 mV, but goes in steps of 1 mV"),
        (lambda b: b.read_cells(CELLS, voltage=float("nan")), LimitError, "read voltage is to be nan"),
        (
            lambda b: b.read_cells(CELLS, voltage=0.2, averages=0),
            LimitError,
            "averages goes from 1 to 1000, but is to be 0",
        ),
        (lambda b: b.read_cells(CELLS, voltage=0.2, averages=1.5), ConfigError, "averages is a whole number, not 1.5"),
        (lambda b: b.read_cells(np.array([16384]), voltage=0.2), LimitError, "0 to 16383, but the list has 16384"),
        (lambda b: b.read_cells(np.array([-1]), voltage=0.2), LimitError, "the list has -1"),
        (lambda b: b.read_cells(np.array([], dtype=int), voltage=0.2), ConfigError, "list of cells is empty"),
        (lambda b: b.read_cells(np.array([1.0]), voltage=0.2), ConfigError, "whole numbers, not float64"),
        (lambda b: b.read_cells(np.array([[1, 2]]), voltage=0.2), ConfigError, "1 dimensions, not 2"),
        (lambda b: b.read_array(8, voltage=0.2), LimitError, "array goes from 0 to 7"),
        (lambda b: b.stuck_map(-1), LimitError, "array goes from 0 to 7"),
        (lambda b: b.pulse_cells(CELLS, pulse(bit=4.2)), LimitError, "bit line is to be 4.2 V.*0 V to 4 V"),
        (lambda b: b.pulse_cells(CELLS, pulse(source=4.5)), LimitError, "source line is to be 4.5 V"),
        (lambda b: b.pulse_cells(CELLS, pulse(word=1.8004)), LimitError, "1.8004 V, but goes in steps of 1 mV"),
        (lambda b: b.pulse_cells(CELLS, pulse(width=55.3e-9)), LimitError, "55.3 ns, but goes in steps of 10 ns"),
        (lambda b: b.pulse_cells(CELLS, pulse(width=55e-9)), LimitError, "55 ns, but goes in steps of 10 ns"),
        (lambda b: b.pulse_cells(CELLS, pulse(width=5e-9)), LimitError, "pulse width is to be 5 ns.*10 ns to 1 ms"),
        (lambda b: b.pulse_cells(np.array([3, 1, 3]), pulse()), ConfigError, "cell 3 is in the list more than once"),
        (lambda b: b.pulse_and_read_cells(CELLS, pulse(), voltage=0.7), LimitError, "700 mV"),
        (lambda b: b.write_cells(np.array([4, 4]), TARGETS, write()), ConfigError, "cell 4"),
        (lambda b: b.write_cells(CELLS, TARGETS[:1], write()), ConfigError, "2 cells need 2 targets"),
        (lambda b: b.write_cells(CELLS, TARGETS * 1e3, write()), LimitError, "1 mA.*0 A to 65.535 uA"),
        (lambda b: b.write_cells(CELLS, -TARGETS, write()), LimitError, "target current is to be -1 uA"),
        (lambda b: b.write_cells(CELLS, TARGETS * np.nan, write()), LimitError, "target current is to be nan"),
        (lambda b: b.write_cells(CELLS, TARGETS, write(tolerance=1e-3)), LimitError, "tolerance is to be 1 mA"),
        (
            lambda b: b.write_cells(CELLS, TARGETS, write(pulse_limit=10001)),
            LimitError,
            "pulse limit goes from 0 to 10000, but is to be 10001",
        ),
        (lambda b: b.write_traced(1, 1e-6, write(pulse_limit=3001)), LimitError, "0 to 3000, but is to be 3001"),
        (lambda b: b.multiply(0, [1, 1], np.zeros((1, 16), int), bits=8, voltage=0.2), ConfigError, "row 1"),
        (
            lambda b: b.multiply(0, [128], np.zeros((1, 16), int), bits=8, voltage=0.2),
            LimitError,
            "rows go from 0 to 127",
        ),
        (lambda b: b.multiply(0, [1], np.full((1, 16), 256), bits=8, voltage=0.2), LimitError, "-255 to 255.*256"),
        (lambda b: b.multiply(0, [1], np.zeros((1, 15), int), bits=8, voltage=0.2), ConfigError, r"\(1, 15\)"),
        (
            lambda b: b.multiply(0, [1], np.zeros((1, 16), int), bits=9, voltage=0.2),
            LimitError,
            "bits goes from 1 to 8",
        ),
        (lambda b: b.watchdog.set("50 ms"), LimitError, "watchdog"),
        (lambda b: b.watchdog.set(4000), LimitError, "watchdog"),
    ],
)
def test_what_the_board_cannot_do_is_refused_before_anything_is_sent(
    bench: Any, call: Any, error: type[Exception], words: str
) -> None:
    opened, closed = bench.opened(), bench.board()
    before = len(bench.channel.sent)
    for board in (opened, closed):
        with pytest.raises(error, match=words):
            call(board)
    assert len(bench.channel.sent) == before


@pytest.mark.parametrize(
    ("limits", "call", "words"),
    [
        ({"voltage": 4.4}, lambda b: b.read_cells(CELLS, voltage=0.2), "word line of a read is to be 4.5 V.*4.4 V"),
        ({"voltage": 4.6}, lambda b: b.pulse_cells(CELLS, pulse(4.7, 0.0, 1.8)), "word line is to be 4.7 V"),
        ({"device_voltage": 1.9}, lambda b: b.pulse_cells(CELLS, pulse()), "across the cell is to be 2 V.*1.9 V"),
        (
            {"device_voltage": 1.7},
            lambda b: b.pulse_cells(CELLS, pulse(4.7, 0.0, 1.8)),
            "across the cell is to be -1.8 V",
        ),
        ({"device_voltage": 0.1}, lambda b: b.read_cells(CELLS, voltage=0.2), "read voltage"),
        (
            {"current": 1.5e-6},
            lambda b: b.write_cells(CELLS, TARGETS, write()),
            "2 uA, but the sample stands 0 A to 1.5 uA",
        ),
        ({"conductance": (2e-6, 9e-6)}, lambda b: b.write_cells(CELLS, TARGETS, write()), "10 uS.*2 uS to 9 uS"),
        ({"conductance": (6e-6, 2e-5)}, lambda b: b.write_traced(1, 1e-6, write()), "target conductance is to be 5 uS"),
        ({"conductance": (0.0, 2e-5)}, lambda b: b.write_traced(1, 1e-6, write(read_voltage=0.0)), "no conductance"),
    ],
)
def test_what_the_sample_does_not_stand_is_refused_before_anything_is_sent(
    bench: Any, limits: dict[str, Any], call: Any, words: str
) -> None:
    board = bench.opened(limits=SampleLimits(**limits))
    before = len(bench.channel.sent)
    with pytest.raises(LimitError, match=words):
        call(board)
    assert len(bench.channel.sent) == before


def test_limits_of_the_sample_hold_their_bounds(bench: Any) -> None:
    sample = SampleLimits(voltage=4.7, device_voltage=2.0, current=4e-6, conductance=(2e-6, 20e-6))
    limits = Limits("pe-board", Capabilities(), sample)
    assert limits.pulse(pulse()).bit_mv == 2000
    assert limits.targets(np.array([0.4e-6, 4e-6]), 2, 0.2).tolist() == [400_000, 4_000_000]
    assert limits.targets(np.array([0.1 * 3 * 1e-6]), 1, 0.1).tolist() == [300_000]


def test_what_the_firmware_does_not_have_is_refused() -> None:
    limits = Limits("pe-board", Capabilities(features=0), SampleLimits())
    with pytest.raises(LimitError, match="no WRITE"):
        limits.write(write(), 500)


@given(st.integers(0, 4000))
def test_every_millivolt_is_sent_as_it_is(millivolts: int) -> None:
    limits = Limits("pe-board", Capabilities(), SampleLimits())
    assert limits.number("bit line", millivolts / 1000, "V", 1e3, 0, 4000) == millivolts
    assert limits.number("bit line", millivolts * 1e-3, "V", 1e3, 0, 4000) == millivolts


@given(st.integers(1, 100_000))
def test_every_step_of_the_width_is_sent_as_it_is(steps: int) -> None:
    limits = Limits("pe-board", Capabilities(), SampleLimits())
    assert limits.number("width", steps * 10e-9, "s", 1e9, 10, 1_000_000, 10) == 10 * steps


@given(st.floats(0.0, 0.5))
def test_a_voltage_is_never_rounded(volts: float) -> None:
    limits = Limits("pe-board", Capabilities(), SampleLimits())
    try:
        sent = limits.read(volts, 1).read_mv
    except LimitError:
        assert abs(volts * 1e3 - round(volts * 1e3)) > 1e-4
    else:
        assert sent / 1e3 == pytest.approx(volts, abs=1e-6)


def test_options_of_the_station_are_checked(bench: Any) -> None:
    for options, words in (
        ({"watchdog": "soon"}, "no time in s"),
        ({"watchdog": True}, "no time in s"),
        ({"fast_baud_rate": 9.6}, "is no int"),
        ({"watch_dog": 1.0}, "is no option"),
    ):
        with pytest.raises(ConfigError, match=words):
            bench.board(options=options)
    with pytest.raises(LimitError, match=r"0 or goes from 0.1 s"):
        bench.board(options={"watchdog": 0.05})
    with pytest.raises(ConfigError, match="hold"):
        bench.board(idle=IdlePolicy.HOLD)


def test_a_rate_that_the_board_does_not_have_is_refused(bench: Any) -> None:
    bench.hello()
    board = bench.board(options={"fast_baud_rate": 1_000_000})
    with pytest.raises(ConfigError, match=r"1000000.*115200, 230400"):
        board.open()
    assert not board.link.is_open


def test_writing_time_counts_pulses_reads_and_the_line(bench: Any) -> None:
    board = bench.board()
    quick = board.write_duration(128, 10, write())
    cells = 128 * (11 * 10e-6 + 10 * 5.05e-6)
    line = 2 * ((32 + 384 + 12 + 1 + 3) + (2 + 576 + 12 + 2 + 3)) * 10 / 115200
    assert quick == pytest.approx(cells + line + 2 * 500e-6)


def test_a_list_longer_than_a_request_comes_back_in_its_order(bench: Any) -> None:
    board = bench.opened()
    cells = np.random.default_rng(5).permutation(16384)[:1500]
    arm = struct.pack("<IB", 2000, 0)
    bench.request(0x4E20, 0x10, arm, bench.frame(2, 0x4E20, 0x10, 0, arm))
    for seq, part in ((0x4E21, cells[:1024]), (0x4E22, cells[1024:])):
        payload = struct.pack(f"<HHH{len(part)}H", 200, 1, len(part), *part)
        answer = struct.pack(f"<H{len(part)}i", len(part), *(1000 * part))
        bench.request(seq, 0x20, payload, bench.frame(2, seq, 0x20, 0, answer))
    np.testing.assert_allclose(board.read_cells(cells, voltage=0.2), cells * 1e-9)


def test_a_noisy_line_gets_shorter_requests(bench: Any) -> None:
    board = bench.opened()
    arm = struct.pack("<IB", 2000, 0)
    bench.request(0x4E20, 0x10, arm, bench.frame(2, 0x4E20, 0x10, 0, arm))
    cells = list(range(64))
    seq = 0x4E21
    for start, length, lost in ((0, 64, 7), (64, 32, 9), (96, 16, 9), (112, 16, 0)):
        part = [start + cell for cell in cells[:length]]
        head = struct.pack("<BBHHHIHHHH", 1, 0, 1800, 2000, 0, 50, 1, 0, 0, length)
        payload = head + struct.pack(f"<{length}H", *part)
        for _ in range(lost):
            bench.request(seq, 0x30, payload)
        bench.request(seq, 0x30, payload, bench.frame(2, seq, 0x30, 0, struct.pack("<H", length)))
        seq += 1
    board.pulse_cells(np.arange(128), pulse())
    assert board.link_counters()["batch_halvings"] == 3


def test_whole_arrays_are_read_in_one_request_each(bench: Any) -> None:
    board = bench.opened()
    arm = struct.pack("<IB", 2000, 0)
    bench.request(0x4E20, 0x10, arm, bench.frame(2, 0x4E20, 0x10, 0, arm))
    for seq, array in ((0x4E21, 0), (0x4E22, 1), (0x4E23, 5)):
        answer = struct.pack("<H2048i", 2048, *(1000 * (array + 1) * np.arange(2048)))
        request = struct.pack("<BBHHH", array, 0, 128, 200, 4)
        bench.request(seq, 0x21, request, bench.frame(2, seq, 0x21, 0, answer))
    two = board.read_cells(np.arange(4096), voltage=0.2, averages=4)
    np.testing.assert_allclose(two, np.concatenate([np.arange(2048) * 1e-9, np.arange(2048) * 2e-9]))
    one = board.read_array(5, voltage=0.2, averages=4)
    assert one.shape == (128, 16)
    assert one[3, 2] == pytest.approx(6e-9 * 50)


def test_the_map_of_defects_needs_no_arming_and_is_split_on_a_bad_line(bench: Any) -> None:
    board = bench.opened()
    states = np.random.default_rng(8).integers(0, 4, 2048).astype("u1")
    for _ in range(4):
        bench.request(0x4E20, 0x05, struct.pack("<BBH", 2, 0, 128))
    bench.request(0x4E22, 0x01, b"", bench.frame(3, 0x4E22, 0x01, 32, struct.pack("<H", 0x4E20)))
    for seq, row in ((0x4E20, 0), (0x4E21, 64)):
        answer = bench.frame(2, seq, 0x05, 0, states[16 * row : 16 * (row + 64)].tobytes())
        bench.request(seq, 0x05, struct.pack("<BBH", 2, row, 64), answer)
    np.testing.assert_array_equal(board.stuck_map(2), states.reshape(128, 16))


def test_products_of_one_vector_are_split_by_rows_on_a_bad_line(bench: Any) -> None:
    board = bench.opened()
    arm = struct.pack("<IB", 2000, 0)
    bench.request(0x4E20, 0x10, arm, bench.frame(2, 0x4E20, 0x10, 0, arm))
    codes = np.arange(16)[np.newaxis]

    def payload(rows: list[int]) -> bytes:
        return struct.pack(f"<BBHHH{len(rows)}B16h", 3, 4, 200, len(rows), 1, *rows, *range(16))

    for _ in range(4):
        bench.request(0x4E21, 0x40, payload([9, 8, 7, 6, 5, 4, 3, 2]))
    bench.request(0x4E23, 0x01, b"", bench.frame(3, 0x4E23, 0x01, 32, struct.pack("<H", 0x4E22)))
    for seq, rows in ((0x4E22, [9, 8, 7, 6]), (0x4E23, [5, 4, 3, 2])):
        answer = struct.pack("<H4q", 1, *(1000 * row for row in rows))
        bench.request(seq, 0x40, payload(rows), bench.frame(2, seq, 0x40, 0, answer))
    sums = board.multiply(3, np.arange(9, 1, -1), codes, bits=4, voltage=0.2)
    np.testing.assert_allclose(sums, [np.arange(9, 1, -1) * 1e-9])
