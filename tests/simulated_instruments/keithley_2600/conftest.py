"""A bench of one 2600B: channel A on 1 kOhm, channel B on 1 MOhm."""

from collections.abc import Callable

import pytest

from simulated_instruments.keithley_2600 import SimulatedKeithley2600
from simulated_instruments.terminals import ResistiveTerminal

NO_ERROR = "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00"


class VirtualClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


class RecordingTerminal(ResistiveTerminal):
    """Also remembers what the instrument did to it."""

    def __init__(self, clock: VirtualClock, ohms: float) -> None:
        super().__init__(clock, ohms)
        self.actions: list[tuple[str, float, float]] = []

    def force(self, volts: float, *, ohms: float = 0.0, limit: float = float("inf")) -> None:
        self.actions.append(("force", volts, limit))
        super().force(volts, ohms=ohms, limit=limit)

    def force_current(self, amps: float, *, limit: float = float("inf")) -> None:
        self.actions.append(("force_current", amps, limit))
        super().force_current(amps, limit=limit)

    def release(self) -> None:
        self.actions.append(("release", 0.0, 0.0))
        super().release()


class Host:
    """What a controller does: write a line, read a line."""

    def __init__(self, clock: VirtualClock, **options: object) -> None:
        self.clock = clock
        self.terminals = {"smua": RecordingTerminal(clock, 1e3), "smub": RecordingTerminal(clock, 1e6)}
        self.twin = SimulatedKeithley2600(clock, self.terminals, **options)  # type: ignore[arg-type]

    def send(self, *lines: str) -> str:
        """Send lines and return all that comes back, without the last line feed."""
        reply = b"".join(self.twin.receive(line.encode("latin-1") + b"\n") for line in lines)
        return reply.decode("latin-1").removesuffix("\n")

    def number(self, expression: str) -> float:
        return float(self.send(f"print({expression})"))

    def error(self) -> tuple[int, str]:
        code, message, _, _ = self.send("print(errorqueue.next())").split("\t")
        return int(float(code)), message

    def expect_no_error(self) -> None:
        assert self.send("print(errorqueue.next())") == NO_ERROR


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def make_host(clock: VirtualClock) -> Callable[..., Host]:
    return lambda **options: Host(clock, **options)


@pytest.fixture
def host(make_host: Callable[..., Host]) -> Host:
    return make_host()
