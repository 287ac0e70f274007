"""A clock that only waits, terminals that remember, and sessions that talk to a front-end as a host does."""

import numpy as np
import pytest

from simulated_instruments.keysight_33600a import SimulatedKeysight33600A
from simulated_instruments.keysight_msox3104 import SimulatedKeysightMsox3104
from simulated_instruments.terminals import ResistiveTerminal


class ManualClock:
    def __init__(self):
        self.time = 0.0

    def now(self):
        return self.time

    def wait(self, seconds):
        assert seconds >= 0.0
        self.time += seconds


class LastDrive:
    """A terminal that keeps what it was told last, and shows a signal of the test's own."""

    def __init__(self):
        self.told = None
        self.times = self.volts = None
        self.signal = np.zeros_like
        self.edges = []

    def force(self, volts, *, ohms=0.0, limit=np.inf):
        self.told = ("force", volts, ohms)

    def play(self, times, volts, *, ohms=0.0, count=1, period=np.inf):
        assert times[0] == 0.0
        assert np.all(np.diff(times) > 0.0)
        assert np.all(np.isfinite(volts))
        self.told = ("play", ohms) if count == 1 else ("play", ohms, count, period)
        self.times, self.volts = times, volts

    def release(self):
        self.told = ("release",)

    def at(self, times):
        return np.interp(times, self.times, self.volts)

    def trace(self, times):
        return self.signal(times), np.zeros(len(times))

    def crossing(self, level, *, rising, after):
        return next((time for time, up in self.edges if up == rising and time >= after), None)


class Session:
    """Talks to a front-end in whole messages."""

    def __init__(self, front_end):
        self.front_end = front_end

    def raw(self, message):
        data = message if isinstance(message, bytes) else message.encode("ascii")
        return self.front_end.receive(data + b"\n")

    def send(self, *messages):
        for message in messages:
            assert self.raw(message) == b""

    def ask(self, message):
        reply = self.raw(message)
        assert reply.endswith(b"\n")
        return reply[:-1].decode("ascii")

    def number(self, message):
        return float(self.ask(message))

    def error(self):
        return self.ask("SYST:ERR?")

    def codes(self):
        found = []
        while (error := self.error()) != '+0,"No error"':
            found.append(int(error.split(",")[0]))
        return found


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def terminals():
    return {"ch1": LastDrive(), "ch2": LastDrive()}


@pytest.fixture
def generator(clock, terminals):
    return Session(SimulatedKeysight33600A(clock, terminals, serial="MY59002437"))


@pytest.fixture
def inputs():
    return {"chan1": LastDrive(), "chan2": LastDrive(), "ext": LastDrive()}


@pytest.fixture
def scope(clock, inputs):
    return Session(SimulatedKeysightMsox3104(clock, inputs, serial="MY12345678"))


@pytest.fixture
def shared_node(clock):
    """A node with nothing but the two instruments on it: the generator's channel 1 and the scope's channel 1."""
    node = ResistiveTerminal(clock)
    generator = SimulatedKeysight33600A(clock, {"ch1": node})
    scope = SimulatedKeysightMsox3104(clock, {"chan1": node})
    return Session(generator), Session(scope)


@pytest.fixture
def make_generator(clock):
    def make(**options):
        return Session(SimulatedKeysight33600A(clock, {}, **options))

    return make


@pytest.fixture
def make_scope(clock, inputs):
    def make(**options):
        return Session(SimulatedKeysightMsox3104(clock, inputs, **options))

    return make
