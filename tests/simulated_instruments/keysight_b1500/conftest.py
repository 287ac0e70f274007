from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from simulated_instruments.keysight_b1500 import SimulatedKeysightB1500
from simulated_instruments.terminals import ResistiveTerminal


@dataclass
class VirtualClock:
    time: float = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        assert seconds >= 0.0
        self.time += seconds


@dataclass
class Analyzer:
    """A B1500A with 10 kOhm on SMU 1, 1 MOhm on SMU 2, and open SMUs 3 and 4, and a host that talks to it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    serial: str = "0"

    def __post_init__(self) -> None:
        self.loads = {"smu1": ResistiveTerminal(self.clock, 1e4), "smu2": ResistiveTerminal(self.clock, 1e6)}
        self.front_end = SimulatedKeysightB1500(self.clock, self.loads, serial=self.serial, seed=5)

    def write(self, *messages: str) -> None:
        for message in messages:
            assert self.front_end.receive(message.encode() + b"\r\n") == b""

    def ask(self, query: str) -> str:
        answer = self.front_end.receive(query.encode() + b"\r\n")
        assert answer.endswith(b"\r\n")
        return answer[:-2].decode()

    def read(self) -> str:
        return self.front_end.receive(b"").decode()

    def error(self) -> int:
        return int(self.ask("ERRX? 1"))

    def values(self) -> list[float]:
        return [float(element[3:]) for element in self.read().strip().split(",")]


@pytest.fixture
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture
def make_analyzer() -> Callable[..., Analyzer]:
    return Analyzer
