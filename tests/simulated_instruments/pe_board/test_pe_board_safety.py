"""Armed and safe: watchdog, interlock, hardware faults, read-back, order of checks."""

import struct

import numpy as np
import pytest

INTERLOCK, NOT_ARMED, HW_FAULT = 20, 21, 22


def test_the_watchdog_makes_a_silent_host_s_board_safe(make_host, clock, payloads):
    host = make_host(armed=False)
    host.arm(watchdog_ms=500)
    clock.wait(0.49)
    assert host.status()[0] == 1
    clock.wait(0.49)
    assert host.ask("READ_CELLS", payloads.read(0)).status == 0
    clock.wait(0.51)
    assert host.ask("READ_CELLS", payloads.read(0)).status == NOT_ARMED
    armed, policy, *_, watchdog_ms, trips, _, _ = host.status()
    assert (armed, policy, watchdog_ms, trips) == (0, 0, 0, 1)


def test_a_bad_frame_does_not_feed_the_watchdog_and_a_refused_one_does(make_host, clock, payloads):
    host = make_host(armed=False)
    host.arm(watchdog_ms=500)
    clock.wait(0.3)
    host.board.receive(payloads.wire("PING", seq=1))
    clock.wait(0.3)
    assert host.board.armed
    host.board.receive(b"\x09\x09\x00")
    clock.wait(0.3)
    assert not host.board.armed


def test_the_watchdog_does_not_run_during_an_operation(make_host, payloads):
    host = make_host(armed=False)
    host.arm(watchdog_ms=100)
    looks = []
    host.board.attention = lambda: looks.append(host.board.armed) or b""
    answer = host.ask("PULSE_CELLS", payloads.pulse(*range(100), pulses=1000))
    assert answer.status == 0
    assert len(looks) > 10
    assert all(looks)
    assert host.board.armed


def test_an_interlock_that_opens_disarms_for_good(host, payloads):
    host.board.interlock_open = True
    assert host.ask("READ_CELLS", payloads.read(0)).status == INTERLOCK
    assert host.arm().status == INTERLOCK
    assert host.status()[3] == 0
    host.board.interlock_open = False
    assert host.ask("READ_CELLS", payloads.read(0)).status == NOT_ARMED
    assert host.arm().status == 0


def test_an_interlock_that_opens_during_an_operation_ends_it(make_host, payloads):
    host = make_host(round_time=0.0)

    def open_interlock():
        host.board.interlock_open = True
        return b""

    host.board.attention = open_interlock
    answer = host.ask("PULSE_CELLS", payloads.pulse(5, 6, 7))
    assert (answer.kind, answer.status) == (2, INTERLOCK)
    (done,) = struct.unpack("<H", answer.payload)
    assert done == host.board.counters.set_pulses < 3
    assert not host.board.armed
    assert host.board.counters.cancelled == 1


@pytest.mark.parametrize(
    ("options", "reason", "value"),
    [({"supply_mv": 13_201}, 1, 13_201), ({"temperature": 70.01}, 2, 7001), ({"held_lines": {"bit": 800}}, 3, 800)],
)
def test_faulty_hardware_refuses_to_arm_and_names_the_fault(make_host, options, reason, value):
    answer = make_host(armed=False, **options).arm()
    assert (answer.status, answer.payload) == (HW_FAULT, struct.pack("<Bi", reason, value))


def test_hardware_at_its_bounds_arms(make_host):
    for options in ({"supply_mv": 10_800}, {"supply_mv": 13_200, "temperature": 70.0, "held_lines": {"bit": 50}}):
        assert make_host(armed=False, **options).arm().status == 0


def test_a_fault_during_an_operation_ends_it(make_host, payloads):
    host = make_host(round_time=0.0)

    def heat():
        host.board.temperature = 80.0
        return b""

    host.board.attention = heat
    answer = host.ask("WRITE_CELLS", payloads.write((5, 2_000_000), (6, 2_000_000)))
    assert (answer.kind, answer.status, len(answer.payload)) == (2, HW_FAULT, 20)
    assert host.ask("READ_CELLS", payloads.read(0)).status == NOT_ARMED


def test_make_safe_reads_the_lines_back_within_the_tolerance(host):
    for _ in range(50):
        state, *lines = struct.unpack("<B3H", host.safe().payload)
        assert state == 0
        assert max(lines) < 50


@pytest.mark.parametrize(("name", "place"), [("word", 1), ("bit", 2), ("source", 3)])
def test_a_line_that_stays_high_is_seen_after_make_safe(host, name, place):
    host.board.hold_line(name, 1800)
    readback = struct.unpack("<B3H", host.safe().payload)
    assert readback[0] == 2
    assert abs(readback[place] - 1800) < 10
    assert sum(value > 50 for value in readback[1:]) == 1


def test_make_safe_needs_no_session_and_ignores_its_payload(make_board, payloads):
    (answer,) = payloads.answers(make_board().receive(payloads.wire("MAKE_SAFE", b"whatever", 77)))
    assert (answer.kind, answer.seq, answer.status, len(answer.payload)) == (2, 77, 0, 7)


def test_floating_lines_are_reported_until_the_board_is_safe(make_host):
    host = make_host(armed=False)
    host.arm(policy=1)
    assert host.status()[:3] == (1, 1, 1)
    host.safe()
    assert host.status()[:3] == (0, 0, 0)


def test_the_checks_come_in_their_order(make_host, payloads):
    """Each request breaks all the rules from one on; the refusal is that of the first."""
    host = make_host(armed=False, interlock_open=True, supply_mv=0)
    full = struct.pack("<HHH", 999, 0, 2) + struct.pack("<2H", 20_000, 20_000)
    steps = [
        (0x7F, b"", 16, b""),
        ("READ_CELLS", bytes(5), 17, struct.pack("<H", 6)),
        ("READ_CELLS", struct.pack("<HHH", 999, 0, 0), 19, struct.pack("<BHqqqI", 3, 0xFFFF, 0, 1, 1024, 1)),
        ("READ_CELLS", full[:-1], 17, struct.pack("<H", 10)),
        ("READ_CELLS", full, 19, struct.pack("<BHqqqI", 1, 0xFFFF, 999, 0, 500, 1)),
        ("READ_CELLS", payloads.read(4, 20_000), 19, struct.pack("<BHqqqI", 4, 1, 20_000, 0, 16_383, 1)),
        ("PULSE_CELLS", payloads.pulse(4, 5, 4), 33, struct.pack("<HH", 2, 4)),
        ("PULSE_CELLS", payloads.pulse(4, 5), INTERLOCK, b""),
    ]
    for opcode, payload, status, refusal in steps:
        answer = host.ask(opcode, payload)
        assert (answer.kind, answer.status, answer.payload) == (3, status, refusal)
    host.board.interlock_open = False
    assert host.ask("PULSE_CELLS", payloads.pulse(4, 5)).status == NOT_ARMED
    assert host.arm().status == HW_FAULT


WRITE = "<3HI3HIHHIHH"
USUAL = (1800, 2000, 0, 50, 4700, 0, 1800, 50, 200, 1, 50_000, 500, 1)


def refusals():
    """(opcode, payload, status, field, index) of requests with one value just beyond a bound."""
    changes = [(0, 5501), (1, 4001), (2, 4001), (3, 55), (3, 0), (3, 1_000_010), (4, 5501), (5, 4001), (6, 4001)]
    changes += [(7, 25), (8, 501), (9, 0), (9, 1001), (10, 65_535_001), (11, 10_001), (12, 0), (12, 1025)]
    for place, value in changes:
        numbers = [*USUAL[:place], value, *USUAL[place + 1 :]]
        yield "WRITE_CELLS", struct.pack(WRITE, *numbers) + struct.pack("<Hi", 3, 0), 19, place + 1, 0xFFFF
    yield "WRITE_CELLS", struct.pack(WRITE, *USUAL) + struct.pack("<Hi", 3, -1), 19, 15, 0
    yield "WRITE_TRACED", struct.pack(WRITE, *USUAL[:11], 3001, 1) + struct.pack("<Hi", 3, 0), 19, 12, 0xFFFF
    yield "WRITE_TRACED", struct.pack(WRITE, *USUAL[:12], 2) + bytes(12), 19, 13, 0xFFFF
    yield "READ_ARRAY", struct.pack("<BBHHH", 8, 0, 1, 200, 1), 19, 1, 0xFFFF
    yield "READ_ARRAY", struct.pack("<BBHHH", 0, 128, 1, 200, 1), 19, 2, 0xFFFF
    yield "READ_ARRAY", struct.pack("<BBHHH", 0, 100, 29, 200, 1), 19, 3, 0xFFFF
    yield "STUCK_MAP", struct.pack("<BBH", 0, 127, 2), 19, 3, 0xFFFF
    yield "SET_BAUD", struct.pack("<I", 9600), 18, 1, 0xFFFF
    yield "ARM", struct.pack("<IB", 99, 0), 19, 1, 0xFFFF
    yield "ARM", struct.pack("<IB", 3_600_001, 0), 19, 1, 0xFFFF
    yield "ARM", struct.pack("<IB", 0, 2), 18, 2, 0xFFFF
    pulse = "<BB3HIHHHHH"
    yield "PULSE_CELLS", struct.pack(pulse, 3, 0, 0, 0, 0, 50, 1, 0, 0, 1, 5), 18, 1, 0xFFFF
    yield "PULSE_CELLS", struct.pack(pulse, 1, 2, 0, 0, 0, 50, 1, 0, 0, 1, 5), 18, 2, 0xFFFF
    yield "PULSE_CELLS", struct.pack(pulse, 1, 0, 0, 0, 0, 50, 0, 0, 0, 1, 5), 19, 7, 0xFFFF
    yield "PULSE_CELLS", struct.pack(pulse, 1, 0, 0, 0, 0, 50, 1, 1, 0, 1, 5), 18, 8, 0xFFFF
    yield "PULSE_CELLS", struct.pack(pulse, 1, 0, 0, 0, 0, 50, 1, 0, 1, 1, 5), 18, 9, 0xFFFF
    yield "PULSE_CELLS", struct.pack(pulse, 1, 1, 0, 0, 0, 50, 1, 0, 0, 1, 5), 19, 9, 0xFFFF
    head = struct.pack("<BBHHH", 0, 8, 200, 1, 1)
    yield "MULTIPLY", head + b"\x80" + bytes(32), 19, 6, 0
    yield "MULTIPLY", head + b"\x00" + bytes(30) + struct.pack("<h", -256), 19, 7, 15
    yield "MULTIPLY", struct.pack("<BBHHH", 0, 9, 200, 1, 1) + bytes(33), 19, 2, 0xFFFF
    yield "MULTIPLY", struct.pack("<BBHHH", 0, 8, 200, 128, 16), 19, 5, 0xFFFF
    yield "MULTIPLY", struct.pack("<BBHHH", 0, 8, 200, 129, 1), 19, 4, 0xFFFF


def test_every_value_beyond_its_bound_is_refused_by_field_and_drives_nothing(host):
    before = host.board.cells.state()
    for opcode, payload, status, field, index in refusals():
        answer = host.ask(opcode, payload)
        assert (answer.kind, answer.status) == (3, status), (opcode, field)
        assert struct.unpack_from("<BH", answer.payload) == (field, index)
    counters = host.counters()
    assert (counters["set_pulses"], counters["reset_pulses"], counters["reads"]) == (0, 0, 0)
    assert counters["refused"] == len(list(refusals()))
    for name, values in host.board.cells.state().items():
        np.testing.assert_array_equal(values, before[name])


@pytest.mark.parametrize(
    ("opcode", "bit"), [("WRITE_CELLS", 0), ("WRITE_TRACED", 0), ("MULTIPLY", 1), ("STUCK_MAP", 3), ("SET_BAUD", 4)]
)
def test_an_operation_whose_feature_is_off_does_not_exist(make_host, opcode, bit):
    assert make_host(features=0x3F & ~(1 << bit)).ask(opcode).status == 16


def test_verify_and_float_are_bad_arguments_where_their_feature_is_off(make_host, payloads):
    host = make_host(features=0x3F & ~(1 << 2 | 1 << 5))
    assert host.ask("PULSE_CELLS", payloads.pulse(5, verify=1)).payload[0] == 2
    assert host.arm(policy=1).status == 18
