"""The simulated prober, byte by byte."""

import random

import pytest

from labctl.clock import VirtualClock
from simulated_instruments.cell_prober import SimulatedCellProber


@pytest.fixture
def twin() -> SimulatedCellProber:
    return SimulatedCellProber(VirtualClock(), cells=5)


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"*IDN?\n", b"labctl,cell prober,SIM0001,1.0\n"),
        (b"CELLS?\n", b"OK 5\n"),
        (b"CELL?\n", b"OK NONE\n"),
        (b"MOVE 4\nCELL?\n", b"OK 4\nOK 4\n"),
        (b"MOVE 4\r\nLIFT\r\nCELL?\r\n", b"OK 4\nOK\nOK NONE\n"),
        (b"MOVE 5\nCELL?\n", b"ERROR 3 there are the cells 0 to 4\nOK NONE\n"),
        (b"MOVE -1\n", b"ERROR 2 MOVE takes the number of a cell\n"),
        (b"MOVE 1.0\n", b"ERROR 2 MOVE takes the number of a cell\n"),
        (b"MOVE\n", b"ERROR 1 there are *IDN?, CELLS?, CELL?, MOVE n and LIFT\n"),
        (b"move 1\n", b"ERROR 1 there are *IDN?, CELLS?, CELL?, MOVE n and LIFT\n"),
        (b"x" * 200 + b"\n", b"ERROR 4 a line has 80 characters at most\n"),
    ],
)
def test_each_line_has_its_answer(twin: SimulatedCellProber, sent: bytes, answer: bytes) -> None:
    assert twin.receive(sent) == answer


def test_messages_may_be_cut_anywhere(twin: SimulatedCellProber) -> None:
    assert b"".join(twin.receive(bytes([byte])) for byte in b"MOVE 2\nCELL?\n") == b"OK 2\nOK 2\n"
    assert twin.receive(b"MOVE 3", end=True) == b"OK 3\n"


def test_a_device_clear_drops_the_line_that_has_begun_and_leaves_the_needles(twin: SimulatedCellProber) -> None:
    twin.receive(b"MOVE 1\nMOVE ")
    twin.clear()
    assert twin.receive(b"CELL?\n") == b"OK 1\n"


def test_rubbish_is_answered_and_harms_nothing(twin: SimulatedCellProber) -> None:
    rng = random.Random(1)
    for _ in range(2000):
        answer = twin.receive(rng.randbytes(rng.randrange(120)))
        assert all(line.startswith((b"OK", b"ERROR", b"labctl")) for line in answer.splitlines())
    twin.receive(b"\n")
    assert twin.receive(b"CELLS?\n") == b"OK 5\n"


def test_a_prober_of_no_cells_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SimulatedCellProber(VirtualClock(), cells=0)
