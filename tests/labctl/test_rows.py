from typing import Any

import numpy as np
import pytest

from labctl.rows import Row, column


class Sample(Row, stream="samples"):
    """Every kind of column."""

    number: int = column(doc="number")
    voltage: float = column("V", "voltage")
    good: bool = column()
    what: str = column(default="x")


def test_a_row_packs_as_its_dtype_says() -> None:
    row = np.frombuffer(Sample(number=-3, voltage=0.25, good=True, what="\u00b5").to_bytes(), Sample.dtype)[0]
    assert row["number"] == -3
    assert row["voltage"] == 0.25
    assert row["good"]
    assert row["what"].decode() == "\u00b5"


def test_a_block_gives_the_same_bytes_as_its_rows() -> None:
    block = Sample.block(number=[1, 2], voltage=0.5, good=[True, False], what=["a", "b"])
    rows = [Sample(number=1, voltage=0.5, good=True, what="a"), Sample(number=2, voltage=0.5, good=False, what="b")]
    assert block.rows.tobytes() == b"".join(row.to_bytes() for row in rows)


def test_a_text_that_does_not_fit_is_refused_and_not_cut() -> None:
    with pytest.raises(ValueError, match="takes 33 bytes, but a text column holds 32"):
        Sample(number=1, voltage=0.0, good=True, what="x" * 33).to_bytes()
    with pytest.raises(ValueError, match="takes 40 bytes, but a text column holds 32"):
        Sample.block(number=1, voltage=0.0, good=True, what=["x" * 40])


def test_a_block_with_a_wrong_column_names_it() -> None:
    with pytest.raises(ValueError, match="missing or unknown: current, good"):
        Sample.block(number=1, voltage=0.0, current=1.0, what="x")


def test_a_unit_outside_the_closed_list_is_refused() -> None:
    with pytest.raises(ValueError, match="'parsec' is not a unit that labctl knows"):
        column("parsec")


def test_a_column_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="a column is float, int, bool or str"):

        class Wrong(Row):
            number: int = column()
            values: list[Any] = column()


def test_a_stream_cannot_take_a_name_that_the_run_file_needs() -> None:
    with pytest.raises(TypeError, match="a stream cannot be called 'steps'"):

        class Steps(Row):
            number: int = column()
            value: float = column()
