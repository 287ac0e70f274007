"""Thousands of messages, right, wrong and garbled: no exception, no hang, no growing memory. Seeded."""

import random
import time

import pytest

from simulated_instruments.scpi.parameters import Number

MESSAGES = 2_000
SEED = 20_260
WORDS = (
    "ON OFF 0 1 -1 1e3 1e-9 MIN MAX DEF INF 1E400 -1e400 PULS SIN ARB DC BUS EXT CHAN1 VPP 1MV 20NS 3MHZ 'x' \"y\" "
    "#15abcde #10 #0abc #H1F abc INV GAT WORD RAW PEAK 1000 3.3 0.5 ''' \" # ; : ?"
).split(" ")


def _headers(front_end):
    found = []

    def walk(node, path):
        if node.command is not None:
            found.append((path, node.command))
        for word, (child, suffix) in node.children.items():
            number = RANDOM.choice(["", "1", "2", "9"]) if suffix else ""
            walk(child, f"{path}:{word}{number}" if not word.startswith("*") else word)

    walk(front_end._table.root.node, "")
    return found


RANDOM = random.Random(SEED)


def _argument(kind):
    if isinstance(kind, Number):
        return RANDOM.choice(["MIN", "MAX", "DEF", f"{RANDOM.uniform(-10, 10):g}", f"{10 ** RANDOM.uniform(-9, 8):g}"])
    words = getattr(kind, "_short", None)
    return RANDOM.choice(list(words) if words else ["ON", "a1", '"text"', "#14abcd", "CHAN1", "1"])


def _message(headers):
    if RANDOM.random() < 0.1:
        return RANDOM.randbytes(RANDOM.randrange(60))
    units = []
    for _ in range(RANDOM.randint(1, 3)):
        header, command = RANDOM.choice(headers)
        question = RANDOM.random() < 0.4
        kinds = command.query_params if question else command.params
        fitting = RANDOM.random() < 0.75
        words = [_argument(kind) for kind in kinds] if fitting else RANDOM.choices(WORDS, k=RANDOM.randrange(4))
        units.append(f"{header}{'?' * question} {','.join(words)}")
    message = bytearray(";".join(units).encode("ascii"))
    if RANDOM.random() < 0.1:
        message[RANDOM.randrange(len(message))] = RANDOM.randrange(256)
    return bytes(message)


@pytest.mark.parametrize("twin", ["generator", "scope"])
def test_no_message_breaks_a_twin(twin, request, make_scope, clock):
    front_end = (make_scope(memory_points=20_000) if twin == "scope" else request.getfixturevalue(twin)).front_end
    headers = _headers(front_end)
    RANDOM.seed(SEED)
    start = time.perf_counter()
    answered = 0
    for number in range(MESSAGES):
        answered += len(front_end.receive(_message(headers) + b"\n", end=RANDOM.random() < 0.3)) > 0
        clock.wait(10 ** RANDOM.uniform(-9, 0))
        if number % 5 == 0 or front_end.holds():
            front_end.clear()
        if number % 50 == 0:
            front_end.receive(b"\n", end=True)
            front_end.clear()
            assert b"MY" in front_end.receive(b"*IDN?\n")
        assert len(front_end.status.errors) <= 30
        assert len(front_end._framer._buffer) < 10_000
        assert len(front_end._waiting) < 1_000
    assert answered > MESSAGES / 20
    assert time.perf_counter() - start < 120


@pytest.mark.parametrize("header", ["FREQ", "DATA:ARB:DAC x,", "DISP:TEXT", "A" * 300, "A:" * 300 + "B"])
@pytest.mark.parametrize("filler", ["1", " ", "'", '"', "#", ",", ":", "E", ".", "A"])
def test_long_runs_of_one_character_take_no_long_time(generator, header, filler):
    start = time.perf_counter()
    generator.raw(f"{header} {filler * 100_000}!")
    generator.raw(f"{header}{filler * 100_000}!?")
    assert time.perf_counter() - start < 5.0
    generator.front_end.clear()
    assert generator.codes()
