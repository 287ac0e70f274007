"""Numbers, data lines, answers and staircases of the B1500A driver."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.b1500_flex.data import Datum, parse, readings, value_of
from drivers.b1500_flex.modules import parse_units
from drivers.b1500_flex.session import command, number, parse_channels, parse_error
from drivers.b1500_flex.sweeps import MOST_STEPS, staircases
from labctl.errors import FrameError


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_the_same(value: float) -> None:
    text = number(value)
    assert float(text) == value
    assert re.fullmatch(r"-?\d+(\.\d+)?(E[+-]\d+)?", text)


def test_a_command_is_its_name_and_its_parameters() -> None:
    assert command("DV", 1, 0, 0.2, 1e-7) == "DV 1,0,0.2,1E-07"
    assert command("XE") == "XE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('+0,"No Error."', (0, "No Error.")),
        ('0,"No error"', (0, "No error")),
        ('+100,"Undefined GPIB command."', (100, "Undefined GPIB command.")),
        ("+122", (122, "")),
    ],
)
def test_errors_are_read_in_every_spelling(text: str, expected: tuple[int, str]) -> None:
    assert parse_error(text) == expected


@pytest.mark.parametrize("text", ["", "No error", "NAI+000.000E-06"])
def test_what_is_no_error_answer_is_refused(text: str) -> None:
    with pytest.raises(FrameError):
        parse_error(text)


def test_the_format_of_13_digits_and_that_of_12_are_read() -> None:
    line = "NAI+000.000E-06,CbV-1.23456E+00,VcI+199.999E+99,WZT+0.1234567E+00,"
    assert parse(line) == [
        Datum("N", 1, "I", 0.0),
        Datum("C", 202, "V", -1.23456),
        Datum("V", 302, "I", 1.99999e101),
        Datum("W", 0, "T", 0.1234567),
    ]


@pytest.mark.parametrize("line", ["", "NAI", "NA+1.0E-6", "QAI+000.000E-06", "NAI+000.000E-06,,NAI+000.000E-06", "0,0"])
def test_what_is_no_data_is_refused(line: str) -> None:
    with pytest.raises(FrameError):
        parse(line)


@given(st.text(max_size=60))
def test_any_text_is_data_or_refused(line: str) -> None:
    try:
        data = parse(line)
    except FrameError:
        return
    assert all(isinstance(datum.value, float) for datum in data)


@pytest.mark.parametrize("status", ["N", "T", "C"])
def test_readings_that_hold_are_kept(status: str) -> None:
    assert value_of(Datum(status, 1, "I", -1e-6)) == -1e-6


def test_over_range_is_infinite_and_an_unsettled_reading_is_nan() -> None:
    assert value_of(Datum("V", 1, "I", -1e-6)) == -math.inf
    assert value_of(Datum("T", 1, "I", 1.99999e101)) == math.inf
    assert math.isnan(value_of(Datum("X", 1, "I", 1e-6)))
    assert math.isnan(value_of(Datum("F", 1, "I", 1e-6)))


def test_missing_readings_are_refused() -> None:
    with pytest.raises(FrameError, match="2 readings of channel 1 were asked for; 1 came"):
        readings(parse("NAI+000.000E-06"), 1, np.zeros(2))


def test_units_are_found_by_slot() -> None:
    assert parse_units("B1511B,0;0,0;B1530A,0;0,0;0,0;0,0;0,0;0,0;0,0;0,0") == {1: "B1511B", 3: "B1530A"}
    with pytest.raises(FrameError):
        parse_units("B1511B")


@pytest.mark.parametrize(
    ("text", "expected"), [("CL", set()), ("CN1,2", {1, 2}), ("CN 101,202", {1, 202}), ("CN", set())]
)
def test_switches_are_read(text: str, expected: set[int]) -> None:
    assert parse_channels(text) == expected


def test_what_is_no_list_of_switches_is_refused() -> None:
    with pytest.raises(FrameError):
        parse_channels("DV1,0,0")


def test_a_loop_is_four_staircases() -> None:
    up = np.linspace(0.0, 2.0, 21)
    loop = np.concatenate([up, up[-2::-1], -up[1:], -up[-2::-1]])
    assert [len(piece) for piece in staircases(loop)] == [21, 40, 20]


def test_a_long_staircase_is_cut_at_the_most_steps() -> None:
    assert [len(piece) for piece in staircases(np.zeros(MOST_STEPS + 5))] == [MOST_STEPS, 5]


@given(st.lists(st.floats(-10.0, 10.0), min_size=1, max_size=40))
def test_staircases_put_together_are_the_voltages(voltages: list[float]) -> None:
    pieces = staircases(np.array(voltages))
    assert np.concatenate(pieces).tolist() == voltages
    tolerance = 1e-8 * max(map(abs, voltages)) + 1e-300
    for piece in pieces:
        np.testing.assert_allclose(piece, np.linspace(piece[0], piece[-1], len(piece)), rtol=0.0, atol=tolerance)
