import struct
from typing import Any

import numpy as np
import pytest
from cobs import cobs

from drivers.pe_board import PeBoard
from drivers.pe_board_wire import requests
from drivers.pe_board_wire.session import ROUNDS, TRIES
from labctl.capabilities import LinePulse, WriteSettings
from labctl.errors import InstrumentError, LinkError, RunStoppedError
from labctl.instrument import IdlePolicy

SEQ = 0x4E20
PING, STATUS, ARM, MAKE_SAFE, READ, PULSE, SET_BAUD = 0x01, 0x03, 0x10, 0x11, 0x20, 0x30, 0x06
NOT_ARMED, CANCELLED, SEQUENCE, NO_SESSION = 21, 25, 32, 34
SET = LinePulse(word_line=1.8, bit_line=2.0, source_line=0.0, width=50e-9)
RESET = LinePulse(word_line=4.7, bit_line=0.0, source_line=1.8, width=50e-9)
WRITE = WriteSettings(SET, RESET, 50e-9, 500, 0.2, 1)
ARM_2S = struct.pack("<IB", 2000, 0)
READ_5 = struct.pack("<HHHH", 200, 1, 1, 5)
PULSE_5 = struct.pack("<BBHHHIHHHHH", 1, 0, 1800, 2000, 0, 50, 1, 0, 0, 1, 5)
FIRST_SEQ_AND_NONCE = 0x1234
ONE_DONE = struct.pack("<H", 1)
NAK = bytes.fromhex("000501 03FFFF03230106040C4827BD00")


def current(value: int) -> bytes:
    return struct.pack("<Hi", 1, value)


def armed(bench: Any, **keywords: Any) -> PeBoard:
    """An open board that has been armed under the first number."""
    board: PeBoard = bench.opened(**keywords)
    bench.request(SEQ, ARM, ARM_2S, bench.frame(2, SEQ, ARM, 0, ARM_2S))
    bench.request(SEQ + 1, READ, READ_5, bench.frame(2, SEQ + 1, READ, 0, current(400_000)))
    assert board.read_cells(np.array([5]), voltage=0.2)[0] == pytest.approx(4e-7)
    return board


def expected(bench: Any, seq: int, number: int) -> tuple[int, int, bytes, bytes]:
    """A probe with ``seq``, and the refusal that names ``number``."""
    return seq, PING, b"", bench.frame(3, seq, PING, SEQUENCE, struct.pack("<H", number))


def _renumbered(bench: Any, hello: bytes, seq: int) -> bytes:
    answer: bytes = bench.frame(2, seq, 2, 0, cobs.decode(hello[1:-1])[8:-4])
    return answer


def test_the_golden_session_is_what_the_driver_says(bench: Any) -> None:
    board = bench.opened()
    assert (board.identity.serial, board.identity.firmware) == ("PE-0001", "1.0.0+sim")
    bench.golden("status_request", "status_reply")
    assert board.temperature.get() == pytest.approx(304.4)
    bench.golden("arm_request", "arm_reply")
    bench.golden("read_cells_request", "read_cells_reply")
    found = board.read_cells(np.array([0, 17, 2048, 16383]), voltage=0.2, averages=8)
    np.testing.assert_allclose(found, [4e-7, 2.320125e-6, np.inf, 4e-6])
    bench.golden("read_array_request", "read_array_reply")
    row = board.read_cells(np.arange(16368, 16384), voltage=0.2)
    np.testing.assert_allclose(row, np.arange(16) * 0.24e-6 + 0.4e-6)
    bench.golden("pulse_set_request", "pulse_set_reply")
    board.pulse_cells(np.array([5, 2053]), SET)
    bench.golden("pulse_reset_verify_request", "pulse_reset_verify_reply")
    after = board.pulse_and_read_cells(np.array([5, 2053]), RESET, voltage=0.2, averages=4)
    np.testing.assert_allclose(after, [1.234e-6, 0.98725e-6])
    bench.golden("write_cells_request", "write_cells_reply")
    result = board.write_cells(np.array([100, 101, 102]), np.array([0.5e-6, 2e-6, 4e-6]), WRITE)
    assert result.set_pulses.tolist() == [3, 12, 451]
    assert result.reset_pulses.tolist() == [9, 7, 49]
    assert result.converged.tolist() == [True, True, False]
    np.testing.assert_allclose(result.currents, [0.463e-6, 2.031e-6, 3.712e-6])
    bench.golden("write_traced_request", "write_traced_reply")
    _, trace = board.write_traced(9000, 2e-6, WRITE)
    assert trace.kinds.tolist() == [0, 1, 2]
    bench.golden("multiply_request", "multiply_reply")
    codes = np.zeros((2, 16), dtype=np.int64)
    codes[0, :9] = 255, 128, 1, 0, 7, 64, 32, 200, 99
    codes[1, [0, 1, 8]] = -255, 3, 12
    sums = board.multiply(0, np.array([3, 2]), codes, bits=8, voltage=0.2)
    np.testing.assert_allclose(sums, [[2104.5e-6, 393e-6], [-1012.5e-6, -120e-6]])
    bench.golden("counters_request", "counters_reply")
    assert board.counters()["reset_pulses"] == 68
    counted = board.link_counters()
    assert counted["requests"] == 11
    assert not any(counted[name] for name in ("retries", "timeouts", "naks", "bad_frames", "stale", "rearmed"))


def test_a_lost_answer_is_asked_for_with_the_same_bytes(bench: Any) -> None:
    board = armed(bench)
    bench.request(SEQ + 2, PULSE, PULSE_5)
    bench.request(SEQ + 2, PULSE, PULSE_5, bench.frame(2, SEQ + 2, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)
    assert board.link_counters()["retries"] == board.link_counters()["timeouts"] == 1


def test_a_damaged_answer_is_not_believed(bench: Any) -> None:
    board = armed(bench)
    good = bench.frame(2, SEQ + 2, READ, 0, current(400_000))
    bench.request(SEQ + 2, READ, READ_5, good[:12] + bytes([good[12] ^ 4]) + good[13:])
    bench.request(SEQ + 2, READ, READ_5, good)
    assert board.read_cells(np.array([5]), voltage=0.2)[0] == pytest.approx(4e-7)
    assert board.link_counters()["bad_frames"] == 1


def test_a_nak_is_followed_by_a_quiet_time_and_the_same_bytes(bench: Any) -> None:
    board = armed(bench)
    bench.channel.waits.clear()
    bench.request(SEQ + 2, READ, READ_5, NAK)
    bench.request(SEQ + 2, READ, READ_5, bench.frame(2, SEQ + 2, READ, 0, current(1000)))
    assert board.read_cells(np.array([5]), voltage=0.2)[0] == pytest.approx(1e-9)
    assert pytest.approx(0.02, abs=1e-3) in bench.channel.waits
    assert (board.link_counters()["naks"], board.link_counters()["timeouts"]) == (1, 0)


def test_an_answer_that_comes_in_the_quiet_time_after_a_nak_is_taken(bench: Any) -> None:
    board = armed(bench)
    bench.request(SEQ + 2, PULSE, PULSE_5, NAK + bench.frame(2, SEQ + 2, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)
    assert board.link_counters()["retries"] == 0


def test_answers_to_other_requests_and_doubled_answers_are_dropped(bench: Any) -> None:
    board = armed(bench)
    mine = bench.frame(2, SEQ + 2, READ, 0, current(2000))
    stale = bench.frame(2, SEQ + 1, READ, 0, current(9000)) + bench.frame(2, SEQ + 2, PULSE, 0, ONE_DONE)
    bench.request(SEQ + 2, READ, READ_5, stale + bench.frame(1, SEQ + 2, READ, 0, READ_5) + mine + mine)
    assert board.read_cells(np.array([5]), voltage=0.2)[0] == pytest.approx(2e-9)
    bench.request(SEQ + 3, READ, READ_5, bench.frame(2, SEQ + 3, READ, 0, current(3000)))
    assert board.read_cells(np.array([5]), voltage=0.2)[0] == pytest.approx(3e-9)
    assert board.link_counters()["stale"] == 4


def test_a_pulse_that_never_arrived_is_reported_as_not_executed(bench: Any) -> None:
    board = armed(bench)
    for _ in range(TRIES):
        bench.request(SEQ + 2, PULSE, PULSE_5)
    bench.request(*expected(bench, SEQ + 4, SEQ + 2))
    with pytest.raises(LinkError, match=r"not executed.*after 2 s of silence"):
        board.pulse_cells(np.array([5]), SET)
    bench.request(SEQ + 2, STATUS, b"", bench.frame(2, SEQ + 2, STATUS, 0, bytes(36)))
    assert board.armed.get() is False


def test_a_pulse_that_was_executed_is_repeated_for_its_answer_alone(bench: Any) -> None:
    board = armed(bench)
    for _ in range(TRIES):
        bench.request(SEQ + 2, PULSE, PULSE_5)
    bench.request(*expected(bench, SEQ + 4, SEQ + 3))
    bench.request(SEQ + 2, PULSE, PULSE_5, bench.frame(2, SEQ + 2, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)
    bench.request(SEQ + 3, PING, b"a", bench.frame(2, SEQ + 3, PING, 0, b"a"))
    board.ping(b"a")


def test_a_board_that_answers_nothing_leaves_the_outcome_open(bench: Any) -> None:
    board = armed(bench)
    for _ in range(TRIES):
        bench.request(SEQ + 2, PULSE, PULSE_5)
    for _ in range(TRIES):
        bench.request(SEQ + 4, PING)
    with pytest.raises(LinkError, match=r"may have been executed.*after 2 s of silence"):
        board.pulse_cells(np.array([5]), SET)
    bench.request(*expected(bench, SEQ + 4, SEQ + 3))
    bench.request(SEQ + 3, PING, b"", bench.frame(2, SEQ + 3, PING))
    board.ping()


def test_a_pulse_list_that_never_arrived_is_sent_in_halves(bench: Any) -> None:
    board = armed(bench)
    cells = list(range(32))

    def payload(part: list[int]) -> bytes:
        return struct.pack(f"<BBHHHIHHHH{len(part)}H", 1, 0, 1800, 2000, 0, 50, 1, 0, 0, len(part), *part)

    for _ in range(TRIES):
        bench.request(SEQ + 2, PULSE, payload(cells))
    bench.request(*expected(bench, SEQ + 4, SEQ + 2))
    for seq, part in ((SEQ + 2, cells[:16]), (SEQ + 3, cells[16:])):
        bench.request(seq, PULSE, payload(part), bench.frame(2, seq, PULSE, 0, struct.pack("<H", 16)))
    board.pulse_cells(np.array(cells), SET)
    assert board.link_counters()["batch_halvings"] >= 1


PULSE_32 = struct.pack("<BBHHHIHHHH32H", 1, 0, 1800, 2000, 0, 50, 1, 0, 0, 32, *range(32))


def test_a_pulse_list_whose_fate_is_unknown_is_never_sent_in_parts(bench: Any) -> None:
    board = armed(bench)
    for _ in range(TRIES):
        bench.request(SEQ + 2, PULSE, PULSE_32)
    for _ in range(TRIES):
        bench.request(SEQ + 4, PING)
    with pytest.raises(LinkError, match="may have been executed"):
        board.pulse_cells(np.arange(32), SET)


def test_a_pulse_list_that_was_executed_is_never_sent_in_parts(bench: Any) -> None:
    board = armed(bench)
    for _ in range(ROUNDS):
        for _ in range(TRIES):
            bench.request(SEQ + 2, PULSE, PULSE_32)
        bench.request(*expected(bench, SEQ + 4, SEQ + 3))
    with pytest.raises(LinkError, match="was executed, but its answer is lost"):
        board.pulse_cells(np.arange(32), SET)
    bench.request(*expected(bench, SEQ + 4, SEQ + 3))
    bench.request(SEQ + 3, PING, b"", bench.frame(2, SEQ + 3, PING))
    board.ping()


def test_a_link_that_goes_during_a_pulse_leaves_the_outcome_open(bench: Any) -> None:
    board = armed(bench)

    def unplug() -> bytes:
        raise LinkError("the serial line is gone")

    bench.request(SEQ + 2, PULSE, PULSE_5, unplug)
    with pytest.raises(LinkError, match=r"line is gone; PULSE_CELLS may have been executed; .*after 2 s of silence"):
        board.pulse_cells(np.array([5]), SET)


def test_a_board_at_no_rate_is_reported_missing(bench: Any) -> None:
    bench.numbers.drawn = [0xFFFF, *[FIRST_SEQ_AND_NONCE] * 10]
    for header, tries in enumerate((8, 4, 4, 4, 20)):
        bench.channel.expect(b"\0")
        for _ in range(tries):
            bench.request(header, 2, struct.pack("<BIH", 1, FIRST_SEQ_AND_NONCE, FIRST_SEQ_AND_NONCE))
    board = bench.board()
    with pytest.raises(LinkError, match="no answer to HELLO in 20 tries"):
        board.open()
    assert bench.resource.baud_rate == 115200
    assert not board.link.is_open


def test_a_board_that_an_earlier_host_left_at_a_faster_rate_is_found(bench: Any) -> None:
    bench.numbers.drawn = [0xFFFF, *[FIRST_SEQ_AND_NONCE] * 10]
    payload = struct.pack("<BIH", 1, FIRST_SEQ_AND_NONCE, FIRST_SEQ_AND_NONCE)
    bench.channel.expect(b"\0")
    for _ in range(8):
        bench.request(0, 2, payload)
    bench.channel.expect(b"\0")
    bench.request(1, 2, payload, _renumbered(bench, bench.wire("hello_reply"), 1))
    bench.board().open()
    assert bench.resource.baud_rate == 230400


def test_a_long_read_is_split_after_four_tries_whether_executed_or_not(bench: Any) -> None:
    board = armed(bench)
    for _ in range(4):
        bench.request(SEQ + 2, 0x21, struct.pack("<BBHHH", 0, 0, 2, 200, 1))
    bench.request(*expected(bench, SEQ + 4, SEQ + 3))
    for seq, row in ((SEQ + 3, 0), (SEQ + 4, 1)):
        answer = bench.frame(2, seq, 0x21, 0, struct.pack("<H16i", 16, *[1000 * (row + 1)] * 16))
        bench.request(seq, 0x21, struct.pack("<BBHHH", 0, row, 1, 200, 1), answer)
    assert board.connection._batches is not None
    board.connection._batches.halvings = 6  # the line was noisy before: two rows at most
    found = board.read_cells(np.arange(32), voltage=0.2)
    np.testing.assert_allclose(found, [1e-9] * 16 + [2e-9] * 16)


def test_a_long_read_on_a_dead_line_is_given_up_without_further_splitting(bench: Any) -> None:
    board = armed(bench)
    for _ in range(4):
        bench.request(SEQ + 2, 0x21, struct.pack("<BBHHH", 0, 0, 128, 200, 1))
    for _ in range(TRIES):
        bench.request(SEQ + 4, PING)
    with pytest.raises(LinkError, match="no answer in 20 tries"):
        board.read_array(0, voltage=0.2)


def test_a_sequence_error_is_reported_and_nothing_is_sent_again(bench: Any) -> None:
    board = armed(bench)
    refusal = bench.frame(3, SEQ + 2, PULSE, SEQUENCE, struct.pack("<H", SEQ + 9))
    bench.request(SEQ + 2, PULSE, PULSE_5, refusal)
    with pytest.raises(InstrumentError, match="may have been executed") as raised:
        board.pulse_cells(np.array([5]), SET)
    assert raised.value.code == SEQUENCE
    bench.request(SEQ + 9, PING, b"", bench.frame(2, SEQ + 9, PING))
    board.ping()


def test_a_board_that_its_watchdog_has_disarmed_is_armed_again_under_new_numbers(bench: Any) -> None:
    board = armed(bench)
    bench.request(SEQ + 2, PULSE, PULSE_5, bench.frame(3, SEQ + 2, PULSE, NOT_ARMED))
    bench.request(SEQ + 3, ARM, ARM_2S, bench.frame(2, SEQ + 3, ARM, 0, ARM_2S))
    bench.request(SEQ + 4, PULSE, PULSE_5, bench.frame(2, SEQ + 4, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)
    assert board.link_counters()["rearmed"] == 1


def test_a_board_that_never_stays_armed_is_given_up(bench: Any) -> None:
    board = armed(bench)
    for seq in (SEQ + 2, SEQ + 4, SEQ + 6):
        bench.request(seq, PULSE, PULSE_5, bench.frame(3, seq, PULSE, NOT_ARMED))
        if seq != SEQ + 6:
            bench.request(seq + 1, ARM, ARM_2S, bench.frame(2, seq + 1, ARM, 0, ARM_2S))
    with pytest.raises(InstrumentError, match="NOT_ARMED"):
        board.pulse_cells(np.array([5]), SET)


def test_an_operation_that_was_ended_early_says_how_much_was_done(bench: Any) -> None:
    board = armed(bench)
    ended = bench.frame(2, SEQ + 2, PULSE, 20, struct.pack("<H", 0))
    bench.request(SEQ + 2, PULSE, PULSE_5, ended)
    with pytest.raises(InstrumentError, match=r"INTERLOCK.*0 entries are done.*at ground"):
        board.pulse_cells(np.array([5]), SET)
    bench.request(SEQ + 3, ARM, ARM_2S, bench.frame(3, SEQ + 3, ARM, 20))
    with pytest.raises(InstrumentError, match="interlock is open"):
        board.pulse_cells(np.array([5]), SET)


def test_another_protocol_version_is_refused_and_both_are_named(bench: Any) -> None:
    bench.channel.expect(b"\0")
    answer = bench.frame(3, 0, 2, 24, bytes([2, 3]))
    bench.channel.expect(bench.wire("hello_request"), answer)
    board = bench.board()
    with pytest.raises(InstrumentError, match=r"versions 2 to 3.*this driver speaks 1"):
        board.open()
    assert not board.is_open
    assert not board.link.is_open


def test_a_board_that_has_restarted_gets_a_new_session_and_the_call_fails(bench: Any) -> None:
    board = armed(bench)
    bench.numbers.drawn = [0x100, 7]
    bench.request(SEQ + 2, PULSE, PULSE_5, bench.frame(3, SEQ + 2, PULSE, NO_SESSION))
    bench.channel.expect(b"\0")
    bench.request(1, 2, struct.pack("<BIH", 1, 7, 0x100), _renumbered(bench, bench.wire("hello_reply"), 1))
    with pytest.raises(InstrumentError, match="has restarted"):
        board.pulse_cells(np.array([5]), SET)
    bench.request(0x100, ARM, ARM_2S, bench.frame(2, 0x100, ARM, 0, ARM_2S))
    bench.request(0x101, PULSE, PULSE_5, bench.frame(2, 0x101, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)


def safe(bench: Any, seq: int, before: bytes = b"", levels: tuple[int, int, int, int] = (0, 3, 1, 2)) -> None:
    bench.request(seq, MAKE_SAFE, b"", before + bench.frame(2, seq, MAKE_SAFE, 0, struct.pack("<BHHH", *levels)))


def test_an_aborted_operation_is_made_safe_and_its_late_answer_confuses_nobody(bench: Any) -> None:
    board = armed(bench)
    late = bench.frame(2, SEQ + 2, PULSE, CANCELLED, struct.pack("<H", 0))

    def abort() -> bytes:
        board.link.cancel()
        return b""

    bench.request(SEQ + 2, PULSE, PULSE_5, abort)
    with pytest.raises(RunStoppedError):
        board.pulse_cells(np.array([5]), SET)
    board.link.cancel()
    safe(bench, 1, before=late)
    assert board.make_safe() == {"word_line_V": 0.003, "bit_line_V": 0.001, "source_line_V": 0.002, "armed": False}
    bench.request(*expected(bench, SEQ + 4, SEQ + 3))  # the cancelled request had arrived
    bench.request(SEQ + 3, ARM, ARM_2S, bench.frame(2, SEQ + 3, ARM, 0, ARM_2S))
    bench.request(SEQ + 4, PULSE, PULSE_5, bench.frame(2, SEQ + 4, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)
    assert board.link_counters()["stale"] == 1


def test_half_an_answer_left_by_an_abort_does_not_hide_the_safe_state(bench: Any) -> None:
    board = armed(bench)
    late = bench.frame(2, SEQ + 2, PULSE, CANCELLED, struct.pack("<H", 0))

    def abort() -> bytes:
        board.link.cancel()
        return bytes(late[:9])

    bench.request(SEQ + 2, PULSE, PULSE_5, abort)
    with pytest.raises(RunStoppedError):
        board.pulse_cells(np.array([5]), SET)
    safe(bench, 1, before=late[9:])
    assert board.make_safe()["armed"] is False


@pytest.mark.parametrize("levels", [(2, 3, 1, 2), (1, 0, 0, 0), (0, 50, 1, 2), (0, 3, 51, 2), (0, 3, 1, 1800)])
def test_lines_that_are_not_at_ground_after_make_safe_are_reported(
    bench: Any, levels: tuple[int, int, int, int]
) -> None:
    board = bench.opened()
    safe(bench, 1, levels=levels)
    with pytest.raises(InstrumentError, match="not at ground"):
        board.make_safe()


def test_after_make_safe_the_next_operation_arms_again(bench: Any) -> None:
    board = armed(bench)
    safe(bench, 1)
    board.make_safe()
    bench.request(SEQ + 2, ARM, ARM_2S, bench.frame(2, SEQ + 2, ARM, 0, ARM_2S))
    bench.request(SEQ + 3, PULSE, PULSE_5, bench.frame(2, SEQ + 3, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)


def test_closing_makes_safe(bench: Any) -> None:
    board = bench.opened()
    safe(bench, 1)
    board.close()
    assert not board.link.is_open


def test_watchdog_and_idle_policy_come_from_the_station(bench: Any) -> None:
    board = bench.opened(options={"watchdog": 5}, idle=IdlePolicy.FLOAT)
    assert board.watchdog.get() == 5.0
    board.watchdog.set("0.5 s")
    five = struct.pack("<IB", 500, 1)
    bench.request(SEQ, ARM, five, bench.frame(2, SEQ, ARM, 0, five))
    bench.request(SEQ + 1, PULSE, PULSE_5, bench.frame(2, SEQ + 1, PULSE, 0, ONE_DONE))
    board.pulse_cells(np.array([5]), SET)


def test_a_snapshot_asks_for_the_state_alone(bench: Any) -> None:
    board = bench.opened()
    for seq in range(SEQ, SEQ + 9):
        bench.request(seq, STATUS, b"", bench.frame(2, seq, STATUS, 0, bytes(36)))
    found = board.snapshot()
    assert found["watchdog"] == 2.0
    assert '"max_cells": 1024' in str(found["board_capabilities"])


def test_a_faster_line_is_proved_before_it_is_used(bench: Any) -> None:
    bench.hello()
    fast = struct.pack("<I", 921600)
    bench.request(SEQ, SET_BAUD, fast, bench.frame(2, SEQ, SET_BAUD, 0, fast))
    for seq in range(SEQ + 1, SEQ + 101):
        bench.request(seq, PING, b"", bench.frame(2, seq, PING))
    board = bench.board(options={"fast_baud_rate": 921600})
    board.open()
    assert bench.resource.baud_rate == board.connection.baud == 921600
    assert board.link_counters()["retries"] == 0


def test_a_rate_that_does_not_carry_is_left_again(bench: Any) -> None:
    bench.hello()
    fast = struct.pack("<I", 921600)
    bench.request(SEQ, SET_BAUD, fast, bench.frame(2, SEQ, SET_BAUD, 0, fast))
    for _ in range(3):
        bench.request(SEQ + 1, PING)
    bench.request(*expected(bench, SEQ + 3, SEQ + 1))
    board = bench.board(options={"fast_baud_rate": 921600})
    board.open()
    assert bench.resource.baud_rate == 115200
    assert board.link_counters()["baud_fallbacks"] == 1
    assert (
        sum(0.049 < wait <= 0.05 for wait in bench.channel.waits) >= 30
    )  # 1.5 s, so that the board has fallen back too


def test_a_lost_answer_to_set_baud_is_not_asked_for_again(bench: Any) -> None:
    bench.hello()
    bench.request(SEQ, SET_BAUD, struct.pack("<I", 921600))
    bench.request(*expected(bench, SEQ + 2, SEQ + 1))
    board = bench.board(options={"fast_baud_rate": 921600})
    board.open()
    bench.request(SEQ + 1, PING, b"", bench.frame(2, SEQ + 1, PING))
    board.ping()


def test_each_line_reports_its_own_voltage(monkeypatch: pytest.MonkeyPatch, bench: Any) -> None:
    board = bench.opened()
    payload = struct.pack("<BBBBHHHHhHIIIQ", 0, 0, 0, 1, 11, 22, 33, 12_000, 2500, 0, 0, 0, 115_200, 0)
    monkeypatch.setattr(board.connection, "ask", lambda request: payload)
    assert board.word_line_voltage.get() == 0.011
    assert board.bit_line_voltage.get() == 0.022
    assert board.source_line_voltage.get() == 0.033


def test_a_new_watchdog_arms_the_board_anew(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    board, asked = bench.opened(), []

    def ask(request: requests.Request, *, tries: int | None = None) -> bytes:
        asked.append((request.opcode, request.payload))
        return b""

    monkeypatch.setattr(board.connection, "ask", ask)
    for seconds in (10.0, 2.5):
        board.watchdog.set(seconds)
        for _ in range(2):
            board.connection.drive(requests.STATUS)
    arms = [payload for opcode, payload in asked if opcode == ARM]
    assert arms == [struct.pack("<IB", 10_000, 0), struct.pack("<IB", 2500, 0)]
    assert len(asked) == 6


def test_every_pulse_of_every_cell_is_waited_for() -> None:
    pulse = requests.WirePulse(3000, 2000, 0, 1000)
    one = requests.pulse_cells(1, np.arange(3), pulse).execution
    many = requests.pulse_cells(1, np.arange(3), pulse, pulses=1001).execution
    assert many - one == pytest.approx(3 * 1000 * (1e-6 + 5e-6))
