"""Acquisitions: arming, triggers, single shots, digitise, records in every format, conversion."""

import math

import numpy as np
import pytest

SETUP = ":CHAN1:SCAL 0.5;OFFS 1;:TIM:SCAL 1e-6;REF LEFT;:TRIG:SWE NORM;:TRIG:EDGE:LEV 1"


def _sine(frequency, amplitude=1.0, offset=1.0):
    return lambda times: offset + amplitude * np.sin(2 * np.pi * frequency * times)


def _step(at, volts):
    return lambda times: np.where(times >= at, volts, 0.0)


def _words(scope, form=">u2"):
    reply = scope.raw(":WAV:DATA?")
    size = int(reply[2:10])
    assert reply[:2] == b"#8"
    assert len(reply) == 10 + size + 1
    return np.frombuffer(reply[10:-1], dtype=form)


def _preamble(scope):
    names = "format type points count xinc xorg xref yinc yorg yref".split()
    return dict(zip(names, map(float, scope.ask(":WAV:PRE?").split(",")), strict=True))


def _volts(scope):
    scope.send(":WAV:FORM WORD;BYT MSBF;UNS 1")
    scale = _preamble(scope)
    return (_words(scope).astype(float) - scale["yref"]) * scale["yinc"] + scale["yorg"]


def test_a_single_shot_goes_from_arming_through_its_trigger_to_a_record(scope, inputs, clock):
    clock.wait(1.0)
    scope.send(SETUP, ":STOP;*CLS", ":SING")
    assert scope.ask(":OPER:COND?") == "+40"
    assert scope.ask(":AER?") == "+1"
    assert scope.ask(":AER?") == "+0"
    assert scope.ask(":TER?") == "+0"
    edge = clock.now() + 1e-3
    inputs["chan1"].edges, inputs["chan1"].signal = [(edge, True)], _step(edge, 2.0)
    clock.wait(2e-3)
    assert scope.ask(":TER?") == "+1"
    assert scope.ask(":OPER:COND?") == "+0"
    scope.send(":WAV:POIN:MODE RAW;:WAV:POIN MAX")
    volts, scale = _volts(scope), _preamble(scope)
    times = np.arange(len(volts)) * scale["xinc"] + scale["xorg"]
    assert scale["xorg"] == pytest.approx(-1e-6)
    assert volts[times < -1e-8] == pytest.approx(np.zeros(np.count_nonzero(times < -1e-8)), abs=0.1)
    assert volts[times > 1e-8] == pytest.approx(np.full(np.count_nonzero(times > 1e-8), 2.0), abs=0.1)


def test_an_edge_before_the_pre_trigger_is_full_is_lost(scope, inputs, clock):
    scope.send(SETUP, ":TIM:SCAL 1;:STOP;:SING")
    inputs["chan1"].edges = [(clock.now() + 0.5, True)]
    clock.wait(100.0)
    assert scope.ask(":OPER:COND?") == "+40"


def test_auto_triggers_after_its_time_out_and_normal_does_not(scope, clock):
    scope.send(SETUP, ":SING")
    clock.wait(10.0)
    assert scope.ask(":OPER:COND?") == "+40"
    scope.send(":TRIG:SWE AUTO;:SING")
    clock.wait(1.0)
    assert scope.ask(":OPER:COND?") == "+0"


def test_force_triggers_at_once(scope, clock):
    scope.send(SETUP, ":SING")
    clock.wait(1.0)
    scope.send(":TRIG:FORC")
    clock.wait(1.0)
    assert scope.ask(":TER?;:OPER:COND?") == "+1;+0"


@pytest.mark.parametrize(("inverted", "rising"), [(0, True), (1, False)])
def test_an_inverted_channel_triggers_on_the_other_edge(scope, inputs, clock, inverted, rising):
    clock.wait(1.0)
    scope.send(SETUP, f":CHAN1:INV {inverted};:STOP;*CLS", ":SING")
    inputs["chan1"].edges = [(clock.now() + 0.1, not rising)]
    clock.wait(1.0)
    assert scope.ask(":TER?") == "+0"
    inputs["chan1"].edges = [(clock.now() + 0.1, rising)]
    clock.wait(1.0)
    assert scope.ask(":TER?") == "+1"


def test_digitise_holds_the_parser_until_its_trigger_or_a_clear(scope, inputs, clock):
    scope.send(SETUP)
    assert scope.raw(":DIG CHAN1;*OPC?") == b""
    assert scope.raw("*IDN?") == b""
    inputs["chan1"].edges = [(clock.now(), True)]
    clock.wait(1.0)
    first, second = scope.front_end.receive(b"").decode().splitlines()
    assert first == "1"
    assert second.startswith("AGILENT")
    inputs["chan1"].edges = []
    assert scope.raw(":DIG CHAN1;*OPC?") == b""
    scope.front_end.clear()
    assert scope.ask("*OPC?") == "1"


def test_digitise_in_auto_returns_with_a_record(scope):
    assert scope.ask(":TRIG:SWE AUTO;:DIG CHAN1;*OPC?") == "1"
    assert scope.ask(":WAV:POIN?") == "+1000"


def test_without_a_record_there_is_no_data(scope):
    scope.send(SETUP, ":SING")
    assert scope.ask(":WAV:POIN?") == "+0"
    assert scope.raw(":WAV:DATA?") == b""
    assert scope.raw(":WAV:PRE?") == b""
    assert scope.codes() == [-230, -230]
    assert scope.ask(":MEAS:VPP?") == "+9.9E+37"


def test_a_new_single_shot_forgets_the_record_before(scope):
    assert scope.ask(":TRIG:SWE AUTO;:DIG CHAN1;*OPC?;:WAV:POIN?") == "1;+1000"
    scope.send(":TRIG:SWE NORM;:SING")
    assert scope.ask(":WAV:POIN?") == "+0"
    assert scope.raw(":WAV:DATA?") == b""
    assert scope.codes() == [-230]


def test_the_operation_event_tells_what_came_on_since_it_was_asked(scope, inputs, clock):
    scope.send(SETUP, ":STOP")
    scope.ask(":OPER?")
    scope.send(":SING")
    clock.wait(1.0)
    assert scope.ask(":OPER?;:OPER?") == "+40;+0"
    inputs["chan1"].edges = [(clock.now(), True)]
    clock.wait(1.0)
    assert scope.ask(":OPER?;:OPER:COND?") == "+0;+0"
    inputs["chan1"].edges = []
    scope.send(":SING")
    clock.wait(1.0)
    assert scope.ask(":OPER:EVEN?") == "+40"


@pytest.mark.parametrize(("kind", "count"), [("AVER", 64), ("NORM", 1)])
def test_the_preamble_has_the_number_of_records_that_were_averaged(scope, kind, count):
    scope.send(f":ACQ:TYPE {kind};COUN 64;:TRIG:SWE AUTO;:DIG CHAN1")
    assert _preamble(scope)["count"] == count


def test_a_running_scope_shows_what_is_there_now(scope, inputs, clock):
    scope.send(":CHAN1:SCAL 0.5;OFFS 1")
    inputs["chan1"].signal = lambda times: np.full(len(times), 1.5)
    assert np.mean(_volts(scope)) == pytest.approx(1.5, abs=0.01)
    inputs["chan1"].signal = lambda times: np.full(len(times), 0.5)
    clock.wait(1.0)
    assert np.mean(_volts(scope)) == pytest.approx(0.5, abs=0.01)


def test_the_preamble_scales_as_a_real_one(scope):
    scope.send("*RST", ":WAV:FORM WORD")
    scale = _preamble(scope)
    assert scale["yinc"] == 0.0007851759
    assert scale["yref"] == 32768
    scope.send(":WAV:FORM BYTE")
    assert _preamble(scope)["yinc"] == pytest.approx(40 / 199, rel=1e-6)
    assert _preamble(scope)["yref"] == 128
    scope.send(":WAV:FORM ASC")
    assert _preamble(scope)["format"] == 4


@pytest.fixture
def held(scope, inputs, clock):
    inputs["chan1"].signal = _sine(1e6)
    inputs["chan1"].edges = [(0.5, True)]
    scope.send(SETUP)
    clock.wait(0.4)
    scope.send(":SING")
    clock.wait(0.6)
    assert scope.ask(":OPER:COND?") == "+0"
    return scope


def test_every_format_carries_the_same_voltages(held):
    held.send(":WAV:POIN:MODE RAW;:WAV:POIN 1000")
    volts = _volts(held)
    held.send(":WAV:BYT LSBF")
    assert np.array_equal((_words(held, "<u2").astype(float) - 32768) * _preamble(held)["yinc"] + 1.0, volts)
    held.send(":WAV:UNS 0")
    assert _preamble(held)["yref"] == 0
    assert _words(held, "<i2") * _preamble(held)["yinc"] + 1.0 == pytest.approx(volts)
    held.send(":WAV:UNS 1;FORM BYTE")
    scale = _preamble(held)
    assert (_words(held, "u1").astype(float) - 128) * scale["yinc"] + 1.0 == pytest.approx(volts, abs=1e-6)
    held.send(":WAV:FORM ASC")
    text = held.raw(":WAV:DATA?")[10:-1].decode()
    assert [float(number) for number in text.split(",")] == pytest.approx(volts, abs=1e-5)


@pytest.mark.parametrize(("asked", "sent"), [(100, 100), (1000, 1000), (1200, 1000), (6000, 5000), (50_000, 50_000)])
def test_the_point_count_is_rounded_to_one_that_exists(held, asked, sent):
    held.send(f":WAV:POIN:MODE RAW;:WAV:POIN {asked}")
    assert held.ask(":WAV:POIN?") == f"+{sent}"
    assert len(_volts(held)) == sent == _preamble(held)["points"]
    assert _preamble(held)["xinc"] * sent == pytest.approx(10e-6)


def test_max_points_switches_the_mode_and_more_than_there_are_is_refused(held):
    held.send(":WAV:POIN MAX")
    assert held.ask(":WAV:POIN:MODE?;:ACQ:POIN?;:ACQ:SRAT?") == "MAX;+50000;+5.000000000000E+09"
    assert held.ask(":WAV:POIN?") == "+50000"
    held.send(":WAV:POIN 100000")
    assert held.codes() == [-222]


def test_a_second_channel_of_the_pair_halves_rate_and_depth(make_scope, inputs, clock):
    session = make_scope(memory_points=100_000)
    session.send(SETUP, ":TIM:SCAL 1e-3")
    inputs["chan1"].edges = [(1.0, True), (2.0, True)]
    for displayed, points in ((0, 100_000), (1, 50_000)):
        session.send(f":CHAN2:DISP {displayed};:SING")
        clock.wait(1.0 - clock.now() % 1.0 + 0.1)
        assert session.ask(":ACQ:POIN?") == f"+{points}"


def test_a_million_points_arrive_whole(make_scope, inputs, clock):
    session = make_scope(memory_points=1_000_000)
    inputs["chan1"].signal, inputs["chan1"].edges = _sine(100.0), [(0.5, True)]
    session.send(SETUP, ":TIM:SCAL 10e-3;:SING")
    clock.wait(1.0)
    session.send(":WAV:POIN:MODE RAW;:WAV:POIN MAX")
    volts = _volts(session)
    assert len(volts) == 1_000_000
    times = 0.5 - 0.01 + np.arange(1_000_000) * 1e-7
    assert np.abs(volts - _sine(100.0)(times)).max() < 0.12


def test_the_screen_spans_199_of_256_codes_and_what_is_beyond_is_clipped(scope, inputs):
    scope.send(":CHAN1:SCAL 0.1;OFFS 0;:WAV:FORM BYTE")
    inputs["chan1"].signal = lambda times: np.where(np.arange(len(times)) % 2, 9.0, -9.0)
    codes = _words(scope, "u1")
    assert set(codes) == {1, 255}
    inputs["chan1"].signal = lambda times: np.full(len(times), 0.4)
    scope.front_end.clock.wait(1.0)
    assert np.mean(_words(scope, "u1")) == pytest.approx(128 + 99.5, abs=1.0)


def test_noise_is_seeded_and_averaging_lowers_it(make_scope, clock):
    def spread(seed, kind):
        session = make_scope(seed=seed)
        session.send(f":CHAN1:SCAL 0.1;:ACQ:TYPE {kind};COUN 64;:TRIG:SWE AUTO;:DIG CHAN1")
        return _volts(session)

    assert np.array_equal(spread(3, "NORM"), spread(3, "NORM"))
    assert not np.array_equal(spread(3, "NORM"), spread(4, "NORM"))
    assert spread(3, "AVER").std() < 0.5 * spread(3, "NORM").std()


def test_peak_detection_sends_pairs(held, inputs, clock):
    inputs["chan1"].edges = [(2.0, True)]
    held.send(":ACQ:TYPE PEAK;:SING")
    clock.wait(2.0)
    held.send(":WAV:POIN:MODE RAW;:WAV:POIN 1000")
    volts = _volts(held)
    assert len(volts) == 2000
    assert np.all(volts[1::2] >= volts[::2])
    assert _preamble(held)["type"] == 1


def test_the_bandwidth_limit_takes_a_fast_sine_down_as_one_pole_does(held, inputs, clock):
    inputs["chan1"].signal, inputs["chan1"].edges = _sine(100e6), [(2.0, True), (4.0, True)]
    held.send(":TIM:SCAL 50e-9;:CHAN1:SCAL 0.25")
    swings = []
    for limited in (0, 1):
        held.send(f":CHAN1:BWL {limited};:SING")
        clock.wait(2.0)
        held.send(":WAV:POIN:MODE RAW;:WAV:POIN MAX")
        volts = _volts(held)
        swings.append(np.std(volts[len(volts) // 2 :]))
    assert swings[1] / swings[0] == pytest.approx(math.hypot(1, 0.1) / math.hypot(1, 5), rel=0.1)


def test_a_pulse_width_trigger_takes_only_pulses_of_the_width(scope, inputs, clock):
    scope.send(SETUP, ":TRIG:MODE GLIT;GLIT:SOUR CHAN1;QUAL RANG;RANG 2e-6,1e-6;POL POS;LEV 1", ":SING")
    clock.wait(1.0)
    inputs["chan1"].edges = [(0.5, True), (0.5 + 5e-6, False), (0.6, True), (0.6 + 1.5e-6, False)]
    assert scope.ask(":OPER:COND?") == "+0"
    assert scope.front_end.acquisition.record.trigger_time == pytest.approx(0.6 + 1.5e-6)
