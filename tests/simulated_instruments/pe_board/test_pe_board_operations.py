"""What the operations do to the cells, what they report, and how long they take."""

import struct

import numpy as np
import pytest

from simulated_instruments.pe_board import SimulatedPeBoard
from simulated_instruments.pe_board_firmware.converter import Converter

OVERRANGE = 0x7FFFFFFF
REQUEST, READ, PULSE = 500e-6, 10e-6, 5e-6


def currents(answer):
    return list(struct.unpack(f"<{(len(answer.payload) - 2) // 4}i", answer.payload[2:]))


def test_a_read_is_conductance_times_voltage_within_the_read_noise(host, payloads):
    cells = np.arange(0, 16_384, 16)
    true = host.board.cells.conductance(cells, now=0.0) * 0.2e12
    read = np.array(currents(host.ask("READ_CELLS", payloads.read(*cells.tolist(), averages=100))))
    # 1 % a read over 100 averages and 0.2 % that stays: five sd of 0.22 %, and half a converter step.
    assert np.all(np.abs(read - true) <= 5 * 0.0023 * true + 500)


def test_a_set_pulse_raises_and_a_reset_pulse_lowers_the_current(host, payloads):
    cells = [8, 2056, 4104, 6152]
    start = currents(host.ask("READ_CELLS", payloads.read(*cells)))
    up = currents(host.ask("PULSE_CELLS", payloads.pulse(*cells, verify=1, pulses=50)))
    down = currents(host.ask("PULSE_CELLS", payloads.pulse(*cells, kind=2, verify=1, pulses=50)))
    assert all(high > low for high, low in zip(up, start, strict=True))
    assert all(low < high for high, low in zip(up, down, strict=True))
    counters = host.counters()
    assert (counters["set_pulses"], counters["reset_pulses"], counters["reads"]) == (200, 200, 12)


def test_kind_chooses_the_counter_and_the_lines_choose_the_direction(host, payloads):
    lines = struct.pack("<3HI", 1800, 2000, 0, 50)
    (before,) = host.board.cells.conductance(np.array([8]), now=0.0)
    host.ask("PULSE_CELLS", payloads.pulse(8, kind=2, pulses=20, lines=lines))
    (after,) = host.board.cells.conductance(np.array([8]), now=0.0)
    assert after > before
    assert host.counters()["reset_pulses"] == 20


def test_pulses_reach_a_cell_one_after_the_other_and_the_read_follows_the_last(make_host, monkeypatch, payloads):
    host = make_host()
    times: list[float] = []

    def noted(method, **keywords):
        starts = np.arange(keywords.get("count", 1)) * keywords.get("period", 0.0)
        times.extend(keywords["now"] + starts)
        return method

    for name in ("pulse", "current"):
        method = getattr(host.board.cells, name)
        monkeypatch.setattr(host.board.cells, name, lambda *a, method=method, **k: noted(method, **k)(*a, **k))
    host.ask("PULSE_CELLS", payloads.pulse(5, 6, pulses=3, verify=1))
    assert np.diff(times) == pytest.approx([50e-9 + PULSE] * 3)


def test_a_cell_may_be_read_many_times_in_one_request(host, payloads):
    read = currents(host.ask("READ_CELLS", payloads.read(*[77] * 500)))
    assert len(set(read)) > 20
    assert np.std(read) / np.mean(read) == pytest.approx(0.01, rel=0.2)  # five sd of an sd over 500 reads: 16 %


@pytest.mark.parametrize("round_time", [0.02, 0.0])
def test_a_write_converges_by_its_own_reading_compiled_or_pulse_by_pulse(make_host, payloads, round_time):
    host = make_host(round_time=round_time)
    targets = [(cell, 800_000 + 2_000 * cell) for cell in range(100, 600, 5)]
    answer = host.ask("WRITE_CELLS", payloads.write(*targets, averages=4))
    results = list(struct.iter_unpack("<HHBi", answer.payload[2:]))
    converged = [(result, target) for result, (_, target) in zip(results, targets, strict=True) if result[2] == 0]
    assert len(converged) >= 95
    assert all(abs(current - target) <= 50_000 for (*_, current), target in converged)
    counters = host.counters()
    assert counters["set_pulses"] == sum(sets for sets, *_ in results)
    assert counters["reset_pulses"] == sum(resets for _, resets, *_ in results)
    assert counters["reads"] == 4 * sum(sets + resets + 1 for sets, resets, *_ in results)
    true = host.board.cells.conductance(np.array([cell for cell, _ in targets]), now=0.0) * 0.2e12
    assert np.median(np.abs(true - [target for _, target in targets])) < 150_000


def test_both_ways_of_writing_agree_on_what_it_takes(make_host, payloads):
    pulses = []
    for round_time in (0.02, 0.0):
        host = make_host(round_time=round_time)
        host.ask("WRITE_CELLS", payloads.write(*((cell, 2_000_000) for cell in range(0, 4000, 10))))
        pulses.append(host.board.counters.set_pulses / 400)
    assert pulses[0] == pytest.approx(pulses[1], rel=0.1)


def test_a_stuck_cell_reaches_the_pulse_limit_and_stands_in_the_map(make_host, payloads):
    host = make_host(stuck=[[500, 1e-6]])
    answer = host.ask("WRITE_CELLS", payloads.write((500, 3_000_000), limit=37))
    done, sets, resets, outcome, current = struct.unpack("<HHHBi", answer.payload)
    assert (done, sets, resets, outcome) == (1, 37, 0, 1)
    assert current == pytest.approx(200_000, rel=0.06)
    table = host.ask("STUCK_MAP", struct.pack("<BBH", 0, 0, 128)).payload
    assert len(table) == 2048
    assert table[500] == 1


@pytest.mark.parametrize("change", [{"limit": 0}, {"read_mv": 0, "limit": 3}, {"limit": 10_000, "averages": 1000}])
def test_unusual_writes_are_carried_out(make_host, payloads, change):
    host = make_host(stuck=[[500, 1e-6]])
    answer = host.ask("WRITE_CELLS", payloads.write((500, 200_000), **{"tolerance_pa": 50_000, **change}))
    done, sets, resets, outcome, _ = struct.unpack("<HHHBi", answer.payload)
    expected = (1, 3, 0, 1) if change.get("read_mv") == 0 else (1, 0, 0, 0)
    assert (done, sets, resets, outcome) == expected


def test_an_overrange_read_is_too_high(make_host, payloads):
    host = make_host(stuck=[[500, 400e-6]])
    answer = host.ask("WRITE_CELLS", payloads.write((500, 65_535_000), tolerance_pa=65_535_000, limit=4))
    assert struct.unpack("<HHHBi", answer.payload) == (1, 0, 4, 1, OVERRANGE)


def test_the_bit_serial_product_is_the_weighted_sum_of_the_row(host):
    codes = [255, -128, 64, 0, -1, 17, 200, -200, 3, 5, 7, -11, 13, 90, -90, 1]
    rows = [7, 3, 120]
    payload = struct.pack("<BBHHH", 1, 8, 200, 3, 1) + bytes(rows) + struct.pack("<16h", *codes)
    sums = np.array(struct.unpack("<H3q", host.ask("MULTIPLY", payload).payload)[1:])
    cells = 2048 + 16 * np.array(rows)[:, None] + np.arange(16)
    conductance = host.board.cells.conductance(cells.ravel(), now=0.0).reshape(3, 16)
    expected = conductance @ np.array(codes) * 0.2e12
    # Each bit's conversion is off by at most half a step of 4 nA, weighted to 2 x 255; 1 % noise of each cell and bit.
    noise = np.sqrt((conductance**2) @ np.array(codes, dtype=float) ** 2) * 0.2e12 * 0.0102
    assert np.all(np.abs(sums - expected) <= 2 * 255 * 2_000 + 5 * noise)
    assert host.counters()["reads"] == 2 * 8 * 3


def test_a_product_with_a_saturated_conversion_is_overrange(make_host, noiseless):
    host = make_host(cells=noiseless(dict.fromkeys(range(16), 100e-6)))
    payload = struct.pack("<BBHHH", 0, 1, 500, 2, 2) + bytes([0, 1]) + struct.pack("<32h", *[1] * 16, *[0] * 16)
    done, *sums = struct.unpack("<H4q", host.ask("MULTIPLY", payload).payload)
    assert (done, sums[0], sums[2:]) == (2, 0x7FFFFFFFFFFFFFFF, [0, 0])
    assert 0 < sums[1] < 262_140_000


def test_every_operation_takes_its_documented_time(host, clock, payloads):
    signs = struct.pack("<32h", *range(16), *range(-8, 8))
    cases = [
        ("PING", b"", REQUEST),
        ("READ_CELLS", payloads.read(1, 2, 3, averages=7), REQUEST + 21 * READ),
        ("PULSE_CELLS", payloads.pulse(1, 2, pulses=9, verify=1), REQUEST + 2 * (9 * (50e-9 + PULSE) + READ)),
        ("PULSE_CELLS", payloads.pulse(1, pulses=9000), REQUEST + 9000 * (50e-9 + PULSE)),
        ("MULTIPLY", struct.pack("<BBHHH", 0, 5, 200, 2, 2) + b"\0\1" + signs, REQUEST + 3 * 5 * (8e-6 + 2 * 2e-6)),
        ("ARM", bytes(4), REQUEST),
    ]
    for opcode, payload, expected in cases:
        began = clock.now()
        host.ask(opcode, payload)
        assert clock.now() - began == pytest.approx(expected, rel=1e-9), opcode


@pytest.mark.parametrize("round_time", [0.02, 0.0])
def test_a_write_takes_the_time_of_what_it_did(make_host, clock, payloads, round_time):
    host = make_host(round_time=round_time)
    began = clock.now()
    answer = host.ask("WRITE_CELLS", payloads.write((5, 2_000_000), (6, 1_000_000), averages=2))
    pulses = sum(sets + resets for sets, resets, *_ in struct.iter_unpack("<HHBi", answer.payload[2:]))
    expected = REQUEST + (pulses + 2) * 2 * READ + pulses * (50e-9 + PULSE)
    assert clock.now() - began == pytest.approx(expected, rel=1e-9)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(make_host, payloads):
    answers = [make_host(seed=seed).ask("READ_CELLS", payloads.read(1, 2, 3)).payload for seed in (5, 5, 6)]
    assert answers[0] == answers[1] != answers[2]


def test_an_unknown_option_is_a_type_error_and_a_bad_one_a_value_error(clock):
    with pytest.raises(TypeError):
        SimulatedPeBoard(clock, interlok_open=True)
    for options in ({"protocol_version": 256}, {"board_id": "x" * 256}, {"held_lines": {"gate": 1}}):
        with pytest.raises(ValueError, match="must"):
            SimulatedPeBoard(clock, **options)


class TestLineRate:
    """SET_BAUD, with the line's own time let pass by hand."""

    def switch(self, host, clock, baud=921_600):
        answer = host.ask("SET_BAUD", struct.pack("<I", baud))
        assert answer.payload == struct.pack("<I", baud)
        assert host.board.baud_rate == 115_200, "the answer leaves at the old rate"
        clock.wait(18 * 10 / 115_200 + 10e-3)

    def test_the_new_rate_stays_once_a_frame_came_through(self, host, clock):
        self.switch(host, clock)
        assert host.board.baud_rate == 921_600
        host.ask("PING")
        clock.wait(5.0)
        host.hello(nonce=99)
        assert host.board.baud_rate == 921_600
        assert host.status()[12] == 921_600

    def test_without_a_frame_the_board_falls_back_after_a_second(self, host, clock):
        self.switch(host, clock)
        host.board.receive(b"\x09\x09\x00")
        clock.wait(0.98)
        assert host.board.baud_rate == 921_600
        clock.wait(0.05)
        assert host.board.baud_rate == 115_200

    def test_the_fallback_is_the_power_up_rate_and_not_the_one_before(self, host, clock):
        self.switch(host, clock)
        host.ask("PING")
        host.ask("SET_BAUD", struct.pack("<I", 460_800))
        clock.wait(2.0)
        assert host.board.baud_rate == 115_200

    def test_a_replayed_request_does_not_switch(self, host, clock):
        wire = host.wire("SET_BAUD", struct.pack("<I", 921_600))
        first = host.board.receive(wire)
        clock.wait(3.0)
        assert host.board.receive(wire) == first
        clock.wait(0.5)
        assert host.board.baud_rate == 115_200


def test_the_converter_rounds_halves_up_clips_and_marks_saturation():
    converter = Converter(1000, 65_535)
    values = np.array([0.0, 0.4994e-9, 0.5006e-9, -1e-9, 65_534.4e-9, 65_534.6e-9, 1.0])
    assert converter.averaged(values, 1) == [0, 0, 1000, 0, 65_534_000, OVERRANGE, OVERRANGE]
    assert converter.averaged(np.array([1.3334e-9]), 3) == [1333]


@pytest.mark.parametrize("averages", [1, 3, 8])
def test_the_window_of_currents_is_that_of_the_codes(averages):
    """Random targets and tolerances, seed 4: what reads as within the tolerance is what lies in the window."""
    generator = np.random.default_rng(4)
    converter = Converter(1000, 65_535)
    for _ in range(200):
        target, tolerance = int(generator.integers(0, 9_000)), int(generator.integers(0, 3_000))
        middle, half = converter.window(target, tolerance, averages)
        probes = generator.uniform(0.0, 14e-9, 200)
        read = np.array(converter.averaged(probes, averages))
        np.testing.assert_array_equal(np.abs(read - target) <= tolerance, np.abs(probes - middle) <= half)
        outside = np.abs(read - target) > tolerance
        np.testing.assert_array_equal((read < target)[outside], (probes < middle)[outside])
