import math
import random
import time

import numpy as np
import pytest

from simulated_instruments.keysight_b1500 import SimulatedKeysightB1500
from simulated_instruments.terminals import Floats

NAMES = (
    "*IDN? *RST *OPC? *STB? *SRE *SRE? *LRN? *TST? *CLS CN CL CNX IN DZ RZ DV DI TDV TDI TI TV TIV TTI TTV TTIV TSR "
    "TSQ RI RV RM CMM AAD AIT AV AZ CM TSC PAD WAT PA AB ACH SSR FL FMT MM XE WV WI WSV WSI WT WM MT ML MSC MV MI MCC "
    "BC ERR? ERRX? EMG? UNT? NUB? ZZZ"
).split()
VALID = (
    "CN 1,2;DV 1,0,0.5,1E-3;DI 2,0,1E-5,5;TI 1;TV 2,0;TTIV 1,0,0;FMT 1,1;FMT 21,2;MM 1,1,2;MM 2,1;MM 10,1,2;XE;XE;XE;"
    "WV 1,3,0,0,1,11,1E-3;WI 2,1,0,0,1E-4,5,5;WSV 2,0,0,1,1E-3;WT 0,0.01;WM 2,1;TSC 1;MT 0,0.01,20;MV 1,0,0,0.5,1E-3;"
    "AIT 0,2,1;AV -1;AAD 1,1;CMM 1,4;RI 1,-15;DZ;RZ;SSR 1,1;*LRN? 33;NUB?;ERR?;TSR;TSQ;ACH 1,5;BC"
).split(";")
WORDS = [
    "0",
    "1",
    "2",
    "3",
    "10",
    "-14",
    "-1",
    "0.5",
    "1E-3",
    "1e999",
    "",
    "-",
    "nan",
    "201",
    "1E400",
    "abc",
    "20",
    " 4 ",
]
SEED = 20261122


class _Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert 0.0 <= seconds < 1e9
        self.time += seconds


class _Load:
    """A resistor without a history, so that a million outputs cost nothing."""

    def __init__(self) -> None:
        self.volts, self.amps = 0.0, 0.0

    def force(self, volts: float, *, ohms: float = 0.0, limit: float = math.inf) -> None:
        self.amps = min(max(volts / (1e4 + ohms), -limit), limit)
        self.volts = self.amps * 1e4

    def force_current(self, amps: float, *, limit: float = math.inf) -> None:
        self.volts = min(max(amps * 1e4, -limit), limit)
        self.amps = self.volts / 1e4

    def play(self, times: Floats, volts: Floats, *, ohms: float = 0.0) -> None:
        raise AssertionError("an SMU plays no waveform")

    def release(self) -> None:
        self.volts = self.amps = 0.0

    def sense(self) -> tuple[float, float]:
        return self.volts, self.amps

    def trace(self, times: Floats) -> tuple[Floats, Floats]:
        return np.full(len(times), self.volts), np.full(len(times), self.amps)

    def crossing(self, level: float, *, rising: bool, after: float) -> float | None:
        return None


def _message(rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(40))
    commands = []
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.7:
            commands.append(_mutated(rng, rng.choice(VALID)))
            continue
        parameters = ",".join(rng.choice(WORDS) for _ in range(rng.randrange(8)))
        commands.append(rng.choice(NAMES) + rng.choice(["", " "]) + parameters)
    return ";".join(commands).encode() + rng.choice([b"\r\n", b"\n", b"\r\n", b"\n", b"\n", b""])


def _mutated(rng: random.Random, command: str) -> str:
    parts = command.split(",")
    if rng.random() < 0.3:
        parts[rng.randrange(len(parts))] = rng.choice(WORDS)
    return ",".join(parts)


def _fuzz(count: int, rng: random.Random, instrument: SimulatedKeysightB1500) -> tuple[float, int]:
    """Return the longest time (s) that a message took, and how many bytes of data came out."""
    longest, data = 0.0, 0
    for n in range(count):
        message = _message(rng)
        if n % 50 == 0:
            message = b"CN;DV1,0,0.5,1E-3;WV1,1,0,0,1,3,1E-3;MM2,1\r\n"
        started = time.perf_counter()
        instrument.receive(message, end=rng.random() < 0.1)
        longest = max(longest, time.perf_counter() - started)
        if rng.random() < 0.2:
            data += len(instrument.receive(b""))
    return longest, data


def test_two_thousand_random_messages_neither_raise_nor_hang() -> None:
    instrument = SimulatedKeysightB1500(_Clock(), {f"smu{n}": _Load() for n in range(1, 5)}, seed=1)
    longest, data = _fuzz(2000, random.Random(SEED), instrument)
    assert longest < 10.0
    assert data > 10_000
    instrument.clear()
    assert instrument.receive(b"*RST;ERR?;*IDN?\r\n").endswith(b"\r\n")
    assert instrument.receive(b"ERRX?\r\n") == b'+0,"No Error."\r\n'


def test_the_output_buffer_is_bounded_and_keeps_the_newest_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulated_instruments.keysight_b1500_flex.mainframe.BUFFER_ELEMENTS", 10)
    instrument = SimulatedKeysightB1500(_Clock(), {"smu1": _Load()}, seed=1)
    instrument.receive(b"CN 1\n" + b"TI 1\n" * 50 + b"DV 1,0,1,1E-3\nTI 1\n")
    assert instrument.receive(b"NUB?\n") == b"10\r\n"
    data = [instrument.receive(b"") for _ in range(11)]
    assert data[10] == b""
    assert float(data[9][3:]) == pytest.approx(1e-4, rel=0.01)
