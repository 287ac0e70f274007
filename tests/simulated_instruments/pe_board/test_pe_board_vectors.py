"""The golden vectors of docs/pe-board-vectors.json: every request gets an answer like the golden one."""

import struct

import pytest
from cobs import cobs

SESSION = ("hello_request",)
ARMED = ("hello_request", "arm_request")
READ = {0: 2e-6, 17: 11.600625e-6, 2048: 400e-6, 16383: 20e-6}


def wire_of(vector):
    if "wire" in vector:
        return bytes.fromhex(vector["wire"])
    return b"".join(bytes.fromhex(part["hex"]) * part["times"] for part in vector["wire_parts"])


@pytest.fixture
def good(vectors):
    return {vector["name"]: wire_of(vector) for vector in vectors["good"]}


@pytest.fixture
def played(make_board, payloads, good):
    """Bring a new board to the state before a request (numbers in between are used up by PINGs); return its answer."""

    def play(request, *before, **options):
        board = make_board(**options)
        (seq,) = struct.unpack_from("<H", _frame(good[request]), 2)
        for name in before:
            board.receive(payloads.wire("PING", seq=0x4E20))  # without a session it is refused
            board.receive(good[name])
        for number in range(0x4E20, seq) if before else ():
            board.receive(payloads.wire("PING", seq=number))  # a number that was used is refused
        return board.receive(good[request])

    return play


def _frame(wire):
    return cobs.decode(wire.strip(b"\0"))


EXACT = [
    ("hello_request", (), {}, "hello_reply"),
    ("arm_request", SESSION, {}, "arm_reply"),
    ("set_baud_request", SESSION, {}, "set_baud_reply"),
    ("pulse_set_request", ARMED, {}, "pulse_set_reply"),
    ("stuck_map_request", SESSION, {"stuck": [[4096 + 83, 1e-7], [4096 + 92, 6e-5]]}, "stuck_map_reply"),
    ("unknown_opcode_request", SESSION, {}, "bad_opcode_error"),
    ("short_arm_request", SESSION, {}, "bad_length_error"),
    ("bad_idle_policy_request", SESSION, {}, "bad_arg_error"),
    ("word_too_high_request", SESSION, {}, "out_of_range_error"),
    ("cell_outside_request", SESSION, {}, "cell_out_of_range_error"),
    ("repeated_cell_request", SESSION, {}, "cell_repeated_error"),
    ("arm_request", SESSION, {"interlock_open": True}, "interlock_error"),
    ("arm_request", SESSION, {"supply_mv": 9200}, "hw_fault_error"),
    ("read_cells_request", SESSION, {}, "not_armed_error"),
    ("hello_v2_request", (), {}, "unsupported_version_error"),
    ("frame_version_2_request", (), {}, "frame_version_error"),
    ("status_request", (), {}, "no_session_error"),
    ("status_request", SESSION, {"internal_fault": 3}, "internal_error"),
]


@pytest.mark.parametrize(("request_name", "before", "options", "answer"), EXACT)
def test_a_request_in_a_determined_state_gets_the_golden_bytes(played, good, request_name, before, options, answer):
    assert played(request_name, *before, **options) == good[answer]


def test_the_golden_ping_gets_the_golden_bytes(make_host, good):
    host = make_host(armed=False)
    host.hello(first_seq=1)
    assert host.board.receive(good["ping_request"]) == good["ping_reply"]


def test_the_golden_number_out_of_sequence_gets_the_golden_bytes(host, good):
    host.ask("PING")
    assert host.board.receive(good["sequence_request"]) == good["sequence_error"]


def test_golden_currents_are_read_exactly_from_cells_without_noise(played, noiseless, good):
    assert played("read_cells_request", *ARMED, cells=noiseless(READ)) == good["read_cells_reply"]
    row = {16_368 + column: (2.0 + 1.2 * column) * 1e-6 for column in range(16)}
    assert played("read_array_request", *ARMED, cells=noiseless(row)) == good["read_array_reply"]
    pulsed = {5: 6.17e-6, 2053: 4.93625e-6}
    answer = played("pulse_reset_verify_request", *ARMED, cells=noiseless(pulsed))
    assert answer == good["pulse_reset_verify_reply"]


def test_the_golden_product_comes_from_the_golden_rows(played, noiseless, good):
    currents = [4.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5] + [0.5] * 8
    cells = {48 + column: current * 5e-6 for column, current in enumerate(currents)}
    cells |= {32 + column: 2.5e-6 for column in range(16)}
    assert played("multiply_request", *ARMED, cells=noiseless(cells)) == good["multiply_reply"]


@pytest.mark.parametrize("name", ["status", "counters", "make_safe", "write_cells"])
def test_an_answer_of_measured_values_has_the_golden_header(played, good, name):
    before = ARMED if name == "write_cells" else SESSION
    answer, golden = _frame(played(f"{name}_request", *before)), _frame(good[f"{name}_reply"])
    assert answer[:8] == golden[:8]
    assert len(answer) == len(golden)


def test_a_traced_write_has_the_golden_layout(played, good):
    answer, golden = _frame(played("write_traced_request", *ARMED)), _frame(good["write_traced_reply"])
    assert answer[:6] == golden[:6]
    done, sets, resets, outcome, current, count = struct.unpack_from("<HHHBiH", answer, 8)
    assert (done, outcome, count) == (1, 0, sets + resets + 1)
    assert len(answer) == 12 + 13 + 5 * count
    trace = list(struct.iter_unpack("<Bi", answer[21:-4]))
    assert trace[0][0] == 0
    assert trace[-1][1] == current
    assert abs(current - 2_000_000) <= 50_000
    assert [kind for kind, _ in trace].count(1) == sets


def test_a_status_before_arming_has_the_golden_fields(make_host, clock, good):
    host = make_host(armed=False)
    answer, golden = _frame(host.board.receive(good["status_request"])), _frame(good["status_reply"])
    mine, theirs = (list(struct.unpack("<4B4HhHIIIQ", frame[8:-4])) for frame in (answer, golden))
    for place in (4, 5, 6):
        assert abs(mine[place] - theirs[place]) <= 1, "only the monitors' noise may differ"
    assert mine[:4] + mine[7:-1] == theirs[:4] + theirs[7:-1]
    assert mine[-1] == int(clock.now() * 1e3)


def test_every_bad_frame_gets_its_golden_complaint_and_counts(make_board, payloads, vectors, good):
    for vector in vectors["bad"]:
        board = make_board()
        assert board.receive(wire_of(vector)) == good[vector["answered_by"]], vector["name"]
        assert getattr(board.counters, f"bad_{vector['reason'].lower()}") == 1
        assert sum(board.counters.values()) == 1
