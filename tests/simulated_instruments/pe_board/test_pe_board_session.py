"""Sessions, sequence numbers, the reply cache, and what happens while an operation runs."""

import struct

import numpy as np
import pytest

SEQUENCE, CANCELLED, OK = 32, 25, 0
NOT_MEASURED = -0x80000000


def conductances(board):
    return board.cells.state()["conductance"].copy()


def test_a_repeated_pulse_gets_the_same_bytes_and_pulses_no_second_time(host, payloads):
    wire = host.wire("PULSE_CELLS", payloads.pulse(5, 2053, verify=1))
    first = host.board.receive(wire)
    after, pulses, reads = conductances(host.board), host.board.counters.set_pulses, host.board.counters.reads
    assert (pulses, reads) == (2, 2)
    assert host.board.receive(wire) == first
    assert host.board.receive(wire + wire) == first + first
    assert (host.board.counters.set_pulses, host.board.counters.reads) == (pulses, reads)
    np.testing.assert_array_equal(conductances(host.board), after)
    assert host.board.counters.replayed == 3


def test_a_delayed_duplicate_is_refused_and_drives_nothing(host, payloads):
    old = host.wire("PULSE_CELLS", payloads.pulse(5))
    host.board.receive(old)
    host.ask("PING")
    before = conductances(host.board)
    (answer,) = payloads.answers(host.board.receive(old))
    assert (answer.status, answer.payload) == (SEQUENCE, struct.pack("<H", host.seq))
    np.testing.assert_array_equal(conductances(host.board), before)
    assert host.board.counters.sequence_errors == 1
    assert host.ask("PING", b"still in step").status == OK


def test_the_last_number_with_other_bytes_is_refused(host, payloads):
    host.ask("PING", b"one")
    (answer,) = payloads.answers(host.board.receive(payloads.wire("PING", b"two", host.seq - 1)))
    assert (answer.status, answer.payload) == (SEQUENCE, struct.pack("<H", host.seq))


def test_the_number_before_the_first_is_refused_after_hello(make_host, payloads):
    host = make_host(armed=False)
    (answer,) = payloads.answers(host.board.receive(payloads.wire("PING", seq=host.seq - 1)))
    assert answer.status == SEQUENCE


def test_numbers_wrap_around(make_host):
    host = make_host(armed=False)
    host.hello(nonce=8, first_seq=0xFFFF)
    assert host.ask("PING").seq == 0xFFFF
    host.seq = 0
    assert host.ask("PING").status == OK
    host.seq = 0
    assert host.ask("PING").status == OK
    assert host.board.counters.replayed == 1


def test_a_refusal_uses_its_number_and_is_replayed(make_host, payloads):
    host = make_host(armed=False)
    wire = host.wire("READ_CELLS", payloads.read(0))
    refusal = host.board.receive(wire)
    host.seq -= 1
    (answer,) = payloads.answers(host.board.receive(host.wire("ARM", bytes(5))))
    assert answer.status == SEQUENCE
    assert host.board.receive(wire) == refusal
    assert host.board.counters.refused == 1


def test_a_repeated_hello_changes_nothing_and_a_new_one_disarms(host):
    host.ask("PING")
    assert host.hello() == host.hello()
    assert host.board.armed
    host.seq += 2
    assert host.ask("PING").status == OK
    host.hello(nonce=8)
    assert not host.board.armed
    assert host.ask("PING").status == OK


def test_a_hello_of_another_protocol_leaves_the_session_alone(host, payloads):
    (answer,) = payloads.answers(host.board.receive(payloads.wire("HELLO", b"\x02longer than ours")))
    assert (answer.status, answer.payload) == (24, b"\x01\x01")
    assert host.board.armed
    assert host.ask("PING").status == OK


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x01" + bytes(7)])
def test_a_hello_of_another_length_is_refused(make_board, payloads, payload):
    (answer,) = payloads.answers(make_board().receive(payloads.wire("HELLO", payload)))
    assert (answer.status, answer.payload) == (17, b"\x07\x00")


def test_a_board_of_another_version_tells_its_own(make_board, payloads):
    board = make_board(protocol_version=2)
    (answer,) = payloads.answers(board.receive(payloads.wire("HELLO", struct.pack("<BIH", 1, 0, 0))))
    assert (answer.status, answer.payload) == (24, b"\x02\x02")


def test_a_replayed_arm_does_not_arm_again(host):
    wire = host.wire("ARM", bytes(5))
    first = host.board.receive(wire)
    host.safe()
    assert host.board.receive(wire) == first
    assert not host.board.armed


def arriving(board, *batches):
    """Let these bytes arrive, a batch a look."""
    waiting = list(batches)
    board.attention = lambda: waiting.pop(0) if waiting else b""


def test_make_safe_during_a_write_ends_it_and_reports_what_is_done(make_host, payloads):
    host = make_host(round_time=0.0)
    arriving(host.board, *[b""] * 40, payloads.wire("MAKE_SAFE"))
    wire = host.wire("WRITE_CELLS", payloads.write(*((cell, 2_000_000) for cell in range(100, 120))))
    out = host.board.receive(wire)
    written, safe = payloads.answers(out)
    assert (written.kind, written.status, written.opcode) == (2, CANCELLED, 0x31)
    assert len(written.payload) == 2 + 9 * 20
    (done,) = struct.unpack_from("<H", written.payload)
    results = list(struct.iter_unpack("<HHBi", written.payload[2:]))
    assert 0 < done < 19
    assert all(outcome == 0 for _, _, outcome, _ in results[:done])
    assert all(abs(current - 2_000_000) <= 50_000 for *_, current in results[:done])
    assert results[done][2] == 2
    assert results[done + 1 :] == [(0, 0, 2, NOT_MEASURED)] * (19 - done)
    assert sum(sets for sets, *_ in results) == host.board.counters.set_pulses
    assert (safe.kind, safe.opcode, safe.payload[0]) == (2, 0x11, 0)
    assert not host.board.armed
    assert payloads.answers(host.board.receive(wire)) == [written]
    assert host.counters()["cancelled"] == 1


def test_make_safe_ends_a_compiled_write_between_chunks(host, payloads):
    arriving(host.board, payloads.wire("MAKE_SAFE"))
    targets = ((cell, 1_000_000 + 1_000 * cell) for cell in range(1024))
    written, _ = payloads.answers(host.board.receive(host.wire("WRITE_CELLS", payloads.write(*targets))))
    (done,) = struct.unpack_from("<H", written.payload)
    assert written.status == CANCELLED
    assert 0 < done < 1024
    assert host.board.counters.set_pulses == sum(sets for sets, *_ in struct.iter_unpack("<HHBi", written.payload[2:]))


@pytest.mark.parametrize(
    ("opcode", "payload", "length"),
    [
        ("READ_CELLS", struct.pack("<3H3H", 200, 1, 3, 4, 4, 5), 14),
        ("READ_ARRAY", struct.pack("<BBHHH", 0, 0, 128, 200, 1), 8194),
        ("MULTIPLY", struct.pack("<BBHHH", 0, 8, 200, 2, 1) + b"\x00\x01" + struct.pack("<16h", *range(16)), 18),
    ],
)
def test_a_cancelled_operation_keeps_its_layout_and_marks_the_rest(make_host, payloads, opcode, payload, length):
    host = make_host(round_time=0.0)
    arriving(host.board, b"", payloads.wire("MAKE_SAFE"))
    answer, _ = payloads.answers(host.board.receive(host.wire(opcode, payload)))
    assert (answer.kind, answer.status, len(answer.payload)) == (2, CANCELLED, length)
    marker = b"\x80" if opcode != "MULTIPLY" else bytes(7) + b"\x80"
    assert answer.payload.endswith(marker)
    assert int.from_bytes(answer.payload[:2], "little") < 3


def test_frames_that_wait_are_answered_in_order_afterwards(make_host, payloads):
    host = make_host(round_time=0.0)
    write = host.wire("WRITE_CELLS", payloads.write((9, 2_000_000)))
    ping = host.wire("PING", b"later")
    arriving(host.board, write[:7], write[7:] + b"\x09\x09\x00" + ping)
    answers = payloads.answers(host.board.receive(write))
    assert [answer.opcode for answer in answers] == [0x31, 0x31, 0, 1]
    assert answers[0] == answers[1]
    assert host.board.counters.replayed == 1


def test_frames_that_wait_are_dropped_by_make_safe_and_those_behind_it_are_not(make_host, payloads):
    host = make_host(round_time=0.0)
    read = host.wire("READ_ARRAY", struct.pack("<BBHHH", 0, 0, 128, 200, 1))
    rearm = host.wire("ARM", bytes(5))
    host.seq -= 1
    arriving(host.board, rearm, b"\x09\x09\x00" + payloads.wire("MAKE_SAFE") + host.wire("PING"))
    answers = payloads.answers(host.board.receive(read))
    assert [(answer.opcode, answer.status) for answer in answers] == [(0x21, CANCELLED), (0x11, OK), (1, OK)]
    assert not host.board.armed
    assert host.board.counters.bad_cobs == 1
    assert host.board.counters.frames_ok == 6


def test_the_waiting_room_holds_two_longest_frames_and_counts_what_it_drops(make_host, payloads):
    host = make_host(round_time=0.0)
    longest = bytes(cell % 255 + 1 for cell in range(16_384))
    read = host.wire("READ_ARRAY", struct.pack("<BBHHH", 0, 0, 128, 200, 1))
    arriving(host.board, *(host.wire("PING", longest) for _ in range(4)))
    answers = payloads.answers(host.board.receive(read))
    assert [answer.opcode for answer in answers] == [0x21, 1, 1]
    assert host.board.counters.overflows == 2


def test_a_long_train_of_pulses_on_one_cell_is_cut_short_and_counted(host, payloads):
    arriving(host.board, b"", payloads.wire("MAKE_SAFE"))
    answer, _ = payloads.answers(host.board.receive(host.wire("PULSE_CELLS", payloads.pulse(5, 6, pulses=10_000))))
    assert (answer.status, answer.payload) == (CANCELLED, bytes(2))
    assert 0 < host.board.counters.set_pulses < 10_000


@pytest.mark.parametrize(
    ("looks", "sets", "trace"), [(0, 0, []), (1, 0, [(0, 1)]), (2, 1, [(0, 1), (1, 0)]), (3, 1, [(0, 1), (1, 1)])]
)
def test_a_traced_write_ends_after_the_pulse_or_read_in_progress(make_host, payloads, looks, sets, trace):
    """``trace`` has (kind of what came before the read, whether it was read)."""
    host = make_host(round_time=0.0, stuck=[[5, 1e-6]])
    arriving(host.board, *[b""] * looks, payloads.wire("MAKE_SAFE"))
    answer, _ = payloads.answers(host.board.receive(host.wire("WRITE_TRACED", payloads.write((5, 3_000_000)))))
    assert answer.status == CANCELLED
    head = struct.unpack_from("<HHHBiH", answer.payload)
    assert head[:4] == (0, sets, 0, 2)
    assert (head[4] == NOT_MEASURED) == (looks == 0)
    entries = [(kind, int(current != NOT_MEASURED)) for kind, current in struct.iter_unpack("<Bi", answer.payload[13:])]
    assert (entries, head[5]) == (trace, len(trace))
