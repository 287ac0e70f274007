import pytest
from hypothesis import given
from hypothesis import strategies as st

from labctl.errors import ConfigError
from labctl.units import format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("50n", "s", 50e-9),
        ("50 ns", "s", 50e-9),
        ("0.2V", "V", 0.2),
        ("2.5 kohm", "ohm", 2500.0),
        ("2.5 k\u03a9", "ohm", 2500.0),
        ("2 min", "s", 120.0),
        ("20 \u00b5S", "S", 20e-6),
        ("1e3", "", 1000.0),
        ("5 %", "%", 5.0),
        ("1_000", "", 1000.0),
        ("100MSa/s", "Sa/s", 100e6),
        ("-1.2 V", "V", -1.2),
        (3, "V", 3.0),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str | float, unit: str, value: float) -> None:
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "says"),
    [
        ("50 V", "s", "'V' was given, expected one in s"),
        ("fast", "V", "is not a number with a unit"),
        ("", "V", "is not a number with a unit"),
        ("1 V", "", "expected a plain number"),
        ("1..2", "V", "is not a number with a unit"),
        ("50k", "%", "'k' was given"),
    ],
)
def test_a_wrong_unit_or_number_is_named(text: str, unit: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_quantity(text, unit)


@given(st.floats(min_value=1e-15, max_value=1e12), st.sampled_from(["s", "V", "A", "ohm", "S", "Hz"]))
def test_what_is_shown_reads_back_as_the_same_value(value: float, unit: str) -> None:
    assert parse_quantity(format_quantity(value, unit, digits=17), unit) == pytest.approx(value, rel=1e-15)
