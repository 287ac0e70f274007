import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drivers.keithley_tsp.blocks import BlockFormat, ByteOrder, DataFormat, parse_block, to_readings
from drivers.keithley_tsp.scripts import level_lines, number
from labctl.errors import FrameError

FORMATS: list[tuple[DataFormat, ByteOrder, str]] = [
    ("real64", "little", "<f8"), ("real64", "big", ">f8"), ("real32", "little", "<f4"), ("real32", "big", ">f4"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "order", "dtype"), FORMATS)
def test_a_block_reads_back_in_either_byte_order(data: DataFormat, order: ByteOrder, dtype: str) -> None:
    rows = np.arange(12.0).reshape(3, 4) - 0.5
    form = BlockFormat(data, order)
    block = b"#0" + rows.astype(dtype).tobytes() + b"\n"
    assert form.size(3) == len(block)
    np.testing.assert_array_equal(parse_block(block, 3, form), rows)


def test_the_codes_are_those_of_the_manual() -> None:
    assert [(f.data_code, f.byte_order_code) for f in (BlockFormat(d, o) for d, o, _ in FORMATS)] == [
        (3, 1), (3, 0), (2, 1), (2, 0),
    ]  # fmt: skip


def test_no_reading_is_no_block() -> None:
    assert parse_block(b"", 0, BlockFormat()).shape == (0, 4)
    assert len(to_readings(np.empty((0, 4))).times) == 0


@pytest.mark.parametrize("block", [b"#0" + bytes(31) + b"\n", b"#1" + bytes(32) + b"\n", b"#0" + bytes(33), b""])
def test_a_damaged_block_is_refused(block: bytes) -> None:
    with pytest.raises(FrameError, match="block of 1 readings"):
        parse_block(block, 1, BlockFormat())


@given(arrays(np.float64, (5, 4), elements=st.floats(allow_nan=False)))
def test_any_numbers_survive_the_block(rows: np.ndarray) -> None:
    block = b"#0" + rows.astype(">f8").tobytes() + b"\n"
    np.testing.assert_array_equal(parse_block(block, 5, BlockFormat("real64", "big")), rows)


def test_an_overflow_is_infinite_and_the_compliance_bit_is_found_among_others() -> None:
    rows = np.array([[5.0, 0.1, 9.91e37, 0x40], [6.0, -9.91e37, 1e-9, 0x94], [7.5, 0.2, -1e-9, 0xC4]])
    found = to_readings(rows)
    assert found.times.tolist() == [0.0, 1.0, 2.5]
    assert found.currents.tolist() == [np.inf, 1e-9, -1e-9]
    assert found.voltages.tolist() == [0.1, -np.inf, 0.2]
    assert found.in_compliance.tolist() == [True, False, True]


@given(st.lists(st.floats(-200.0, 200.0), min_size=1, max_size=400))
def test_levels_keep_order_and_digits_in_short_lines(levels: list[float]) -> None:
    found: list[float] = []
    for line in level_lines(np.array(levels)):
        assert len(line) <= 900
        first, _, texts = line.removeprefix("labctl.points(").removesuffix("})").partition(", {")
        assert int(first) == len(found) + 1
        found += map(float, texts.split(","))
    assert found == levels


def test_numbers_are_as_short_as_they_can_be_and_lose_nothing() -> None:
    values = (1e-7, np.float64(0.1), np.float32(0.5), True, np.int64(7), 1 / 3)
    assert [number(v) for v in values] == ["1e-07", "0.1", "0.5", "1", "7", "0.3333333333333333"]
    assert all(float(number(v)) == v for v in itertools.chain(values, np.geomspace(1e-12, 200.0, 50)))
