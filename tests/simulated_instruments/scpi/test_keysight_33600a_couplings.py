"""How the 33600A's settings give way to each other: levels, load, limits, frequency, pulse timing, channels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st


def test_the_declared_load_only_scales_what_is_shown(generator, terminals):
    generator.send("FUNC DC;:VOLT:OFFS 1;:OUTP ON")
    assert terminals["ch1"].told == ("force", 2.0, 50.0)
    generator.send("OUTP1:LOAD INF")
    assert generator.number("VOLT:OFFS?") == 2.0
    assert generator.number("VOLT?") == pytest.approx(0.2)
    assert generator.number("VOLT:LIM:HIGH?") == 10.0
    generator.send("OUTP1:LOAD 75")
    assert generator.number("VOLT:OFFS?") == pytest.approx(1.2)
    assert terminals["ch1"].told == ("force", 2.0, 50.0)


def test_high_and_low_keep_each_other(generator):
    generator.send("VOLT:HIGH 3", "VOLT:LOW 1")
    assert generator.number("VOLT?") == pytest.approx(2.0)
    assert generator.number("VOLT:OFFS?") == pytest.approx(2.0)
    generator.send("VOLT:LOW 0")
    assert [generator.number(q) for q in ("VOLT:HIGH?", "VOLT?")] == pytest.approx([3.0, 3.0])
    assert generator.codes() == []


def test_a_high_level_below_the_low_one_moves_it_with_a_conflict(generator):
    generator.send("VOLT:LOW -1;HIGH 2", "VOLT:HIGH -2")
    assert generator.number("VOLT:HIGH?") == pytest.approx(-2.0)
    assert generator.number("VOLT:LOW?") == pytest.approx(-2.001)
    assert generator.codes() == [-221]


def test_an_offset_that_leaves_no_room_reduces_the_amplitude(generator):
    generator.send("VOLT 4", "VOLT:OFFS 4")
    assert generator.codes() == [-221]
    assert generator.number("VOLT?") == pytest.approx(2.0)
    assert generator.number("VOLT:OFFS?") == pytest.approx(4.0)


def test_an_amplitude_beyond_the_room_is_clipped(generator):
    generator.send("VOLT:OFFS 3", "VOLT 9")
    assert generator.error() == '-222,"Data out of range; value clipped to upper limit"'
    assert generator.number("VOLT?") == pytest.approx(4.0)
    generator.send("VOLT 0")
    assert generator.error() == '-222,"Data out of range; value clipped to lower limit"'


def test_limits_clip_levels_and_hold_the_load(generator):
    generator.send("VOLT:LIM:HIGH 2;LOW -1;STAT ON", "VOLT:HIGH 3")
    assert generator.codes() == [-222]
    assert generator.number("VOLT:HIGH?") == pytest.approx(2.0)
    generator.send("OUTP:LOAD INF")
    assert generator.codes() == [-221]
    assert generator.number("OUTP:LOAD?") == 50.0


@pytest.mark.parametrize(
    ("function", "unit", "shown"),
    [("SIN", "VRMS", 0.70710678), ("SIN", "DBM", 10.0), ("SQU", "VRMS", 1.0), ("RAMP", "VRMS", 0.57735027)],
)
def test_amplitudes_are_shown_in_the_chosen_unit(generator, function, unit, shown):
    generator.send(f"FUNC {function};:VOLT 2;:VOLT:UNIT {unit}")
    assert generator.number("VOLT?") == pytest.approx(shown, rel=1e-3)
    generator.send(f"VOLT {shown}", "VOLT:UNIT VPP")
    assert generator.number("VOLT?") == pytest.approx(2.0, rel=1e-3)


def test_a_width_that_the_edges_outgrow_is_increased_and_says_so(generator):
    generator.send("FUNC PULS;:FUNC:PULS:PER 1e-3;WIDT 1e-6;TRAN:BOTH 1e-8")
    generator.send("FUNC:PULS:TRAN:BOTH 1e-6")
    assert "pulse width increased due to edge time" in generator.error()


def test_a_large_amplitude_has_slower_fastest_edges(generator):
    for volts, seconds in ((4.0, 2.9e-9), (4.1, 3.3e-9)):
        generator.send("*RST", f"FUNC PULS;:VOLT {volts}")
        assert generator.number("FUNC:PULS:TRAN:LEAD? MIN") == pytest.approx(seconds)


def test_a_suffix_overrides_the_unit_and_dbm_needs_a_load(generator):
    generator.send("VOLT 1 VRMS")
    assert generator.number("VOLT?") == pytest.approx(2.8284271247)
    generator.send("VOLT:UNIT DBM", "OUTP:LOAD INF")
    assert generator.ask("VOLT:UNIT?") == "VPP"
    generator.send("VOLT:UNIT DBM")
    assert generator.codes() == [-221, -221]


@pytest.mark.parametrize(
    ("function", "volts", "highest"),
    [("SIN", 4, 120e6), ("SIN", 8, 80e6), ("SIN", 10, 60e6), ("SQU", 4, 100e6), ("PULS", 5, 50e6), ("RAMP", 1, 800e3)],
)
def test_the_highest_frequency_goes_by_function_and_amplitude(generator, function, volts, highest):
    generator.send(f"FUNC {function};:VOLT {volts};:FREQ 500e6")
    assert generator.codes()[0] == -222
    assert generator.number("FREQ?") == pytest.approx(highest)


def test_a_new_function_or_amplitude_brings_the_frequency_down_with_a_conflict(generator):
    generator.send("FREQ 100e6", "VOLT 6")
    assert generator.codes() == [-221]
    assert generator.number("FREQ?") == 80e6
    generator.send("FUNC RAMP")
    assert generator.codes() == [-221]
    assert generator.number("FREQ?") == 800e3


def test_leaving_dc_brings_the_offset_back_into_the_waveforms_range(generator):
    generator.send("FUNC DC;:VOLT:OFFS 5;:FUNC SIN")
    assert generator.codes() == [-221]
    assert generator.number("VOLT:HIGH?") == pytest.approx(5.0)


def test_a_shorter_period_shortens_a_held_width_with_the_real_text(generator):
    generator.send("FUNC PULS;:FREQ 500;:FUNC:PULS:WIDT 1.5e-3;:FREQ 1000")
    assert generator.error() == '-221,"Settings conflict; pulse width decreased due to period"'
    assert generator.number("FUNC:PULS:WIDT?") == pytest.approx(1e-3 - 5e-9)


def test_a_held_duty_cycle_scales_the_width_in_peace(generator):
    generator.send("FUNC PULS;:FREQ 500;:FUNC:PULS:HOLD DCYC;WIDT 1.5e-3;:FREQ 1000")
    assert generator.codes() == []
    assert generator.number("FUNC:PULS:WIDT?") == pytest.approx(0.75e-3)
    assert generator.number("FUNC:PULS:DCYC?") == pytest.approx(75.0)


def test_longer_edges_widen_the_pulse_and_a_narrow_width_is_clipped(generator):
    generator.send("FUNC PULS;:FUNC:PULS:PER 1e-6;WIDT 1e-8;TRAN:BOTH 50e-9")
    assert generator.number("FUNC:PULS:WIDT?") == pytest.approx(62.5e-9)
    assert generator.codes()[-1] == -221
    generator.send("FUNC:PULS:WIDT 2e-9")
    assert generator.codes() == [-222]
    assert generator.number("FUNC:PULS:WIDT?") == pytest.approx(62.5e-9)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["PER", "WIDT", "DCYC", "TRAN:LEAD", "TRAN:TRA", "TRAN:BOTH"]),
            st.floats(-10, 2).map(lambda power: 10.0**power),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_set_the_pulse_still_fits_its_period(make_fresh, settings):
    session = make_fresh()
    session.send("FUNC PULS")
    for name, value in settings:
        session.raw(f"FUNC:PULS:{name} {value!r}")
        period, width, lead, trail = (
            session.number(f"FUNC:PULS:{q}?") for q in ("PER", "WIDT", "TRAN:LEAD", "TRAN:TRA")
        )
        least = max(5e-9, 0.625 * (lead + trail)) * (1 - 1e-6)
        assert least <= width <= period - least


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["VOLT", "VOLT:OFFS", "VOLT:HIGH", "VOLT:LOW", "OUTP:LOAD"]),
            st.floats(-12, 12, allow_nan=False),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_is_set_the_levels_stay_within_ten_volts_open(make_fresh, settings):
    session = make_fresh()
    for header, value in settings:
        session.raw(f"{header} {value!r}")
        gain = session.number("OUTP:LOAD?") / (session.number("OUTP:LOAD?") + 50.0)
        high, low = session.number("VOLT:HIGH?") / gain, session.number("VOLT:LOW?") / gain
        assert -10.0 - 1e-9 <= low < high <= 10.0 + 1e-9


@pytest.fixture(scope="module")
def make_fresh():
    from simulated_instruments.keysight_33600a import SimulatedKeysight33600A

    class Still:
        def now(self):
            return 0.0

    class Fresh:
        def __init__(self):
            self.front_end = SimulatedKeysight33600A(Still(), {})

        def raw(self, message):
            return self.front_end.receive(message.encode() + b"\n")

        def send(self, message):
            assert self.raw(message) == b""

        def number(self, message):
            return float(self.raw(message))

    return Fresh


def test_tracking_copies_one_channel_to_the_other_and_can_invert_it(generator, terminals):
    generator.send("SOUR1:TRAC INV", "FUNC DC;:VOLT:OFFS 1.5", "OUTP1 ON;:OUTP2 ON")
    assert generator.ask("SOUR2:FUNC?;VOLT:OFFS?;:OUTP2:POL?") == "DC;+1.5000000000000E+00;INV"
    assert terminals["ch2"].told[0] == "force"


def test_coupled_frequencies_and_levels_follow_each_other(generator):
    generator.send("FREQ:COUP:MODE RAT;RAT 2;STAT ON", "SOUR1:FREQ 3e3")
    assert generator.number("SOUR2:FREQ?") == 6e3
    generator.send("SOUR2:FREQ 10e3")
    assert generator.number("SOUR1:FREQ?") == 5e3
    generator.send("VOLT:COUP ON", "SOUR2:VOLT:HIGH 2;LOW 0")
    assert generator.number("SOUR1:VOLT:HIGH?") == 2.0


def test_the_burst_period_grows_to_fit_the_burst(generator):
    generator.send("FREQ 1e3", "BURS:STAT ON", "BURS:NCYC 50")
    assert generator.codes() == [-221]
    assert generator.number("BURS:INT:PER?") == pytest.approx(50e-3 + 1e-6)


@pytest.mark.parametrize(("level", "way"), [("HIGH 3", "upper"), ("LOW -3", "lower")])
def test_a_level_beyond_its_limit_says_which_way_it_was_clipped(generator, level, way):
    generator.send("VOLT:LIM:HIGH 1", "VOLT:LIM:LOW -1", "VOLT:LIM:STAT ON", f"VOLT:{level}")
    assert generator.error() == f'-222,"Data out of range; value clipped to {way} limit"'


def test_a_burst_has_up_to_a_hundred_million_cycles(generator):
    assert generator.number("BURS:NCYC? MAX") == 1e8
