"""The status model: register sets, their summary bits, and the status byte.

Source: Series 2600B Reference Manual, appendices D and E. Bit positions other than those of the limits, of the standard
events and of the error queue are *unconfirmed*.
"""

from collections.abc import Callable

from simulated_instruments.keithley_tsp.nodes import Node, integer_in

MSB, SSB, EAV, QSB, MAV, ESB, MSS, OSB = (1 << bit for bit in range(8))
OPC, QYE, DDE, EXE, CME, URQ, PON = 1, 4, 8, 16, 32, 64, 128
VOLTAGE_LIMIT, CURRENT_LIMIT, OVERFLOW, BUFFER = 1, 2, 128, 256
INSTRUMENT = 1 << 13
SWEEPING = 1 << 3
ALL = 0xFFFF


class Register(Node):
    """A register set: condition, event, enable and transition filters."""

    def __init__(self, condition: Callable[[], int], read: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._condition = condition
        self._last = 0
        self._event = 0
        self.reset()
        word = integer_in(0, ALL)
        self.attribute("condition", self._seen(self.update, read))
        self.attribute("event", self._seen(self.take, read))
        for name in ("enable", "ptr", "ntr"):
            self.setting(name, self, word)

    def reset(self) -> None:
        """Take the default filters."""
        self.enable, self.ptr, self.ntr = 0, ALL, 0

    def clear(self) -> None:
        """Forget the events."""
        self.update()
        self._event = 0

    def update(self) -> int:
        """Latch what changed and return the condition."""
        now = self._condition()
        self._event |= (now & ~self._last & self.ptr) | (self._last & ~now & self.ntr)
        self._last = now
        return now

    def take(self) -> int:
        """Return the events and forget them."""
        self.update()
        event, self._event = self._event, 0
        return event

    def summary(self) -> bool:
        """Return whether an enabled event stands."""
        self.update()
        return bool(self._event & self.enable)

    @staticmethod
    def _seen(get: Callable[[], int], read: Callable[[], None]) -> Callable[[], int]:
        def look() -> int:
            value = get()
            read()
            return value

        return look


class Standard(Register):
    """The standard event register: its events come one by one."""

    def __init__(self) -> None:
        super().__init__(lambda: 0)
        self._event = PON
        names = {"OPC": OPC, "QYE": QYE, "DDE": DDE, "EXE": EXE, "CME": CME, "URQ": URQ, "PON": PON}
        self.members.update(names)

    def happen(self, bits: int) -> None:
        """Set event bits."""
        self._event |= bits

    def error(self, code: int) -> None:
        """Set the bit of an error's class: *unconfirmed*, as IEEE 488.2 groups the numbers."""
        self.happen({1: CME, 2: EXE, 3: DDE, 4: QYE}.get(-code // 100, DDE))


class Status(Node):
    """``status``: ``limits`` gives (voltage, current, overflow, buffer) of each channel, ``sweeping`` its sweep."""

    def __init__(
        self,
        limits: list[Callable[[], tuple[bool, bool, bool, bool]]],
        sweeping: list[Callable[[], bool]],
        errors: Callable[[], int],
        look: Callable[[], None],
    ) -> None:
        super().__init__()
        self._errors = errors
        self.standard = Standard()
        self.request_enable = 0
        bits = (VOLTAGE_LIMIT, CURRENT_LIMIT, OVERFLOW, BUFFER)
        units = [Register(_mask(limit, bits), look) for limit in limits]
        instrument = Register(lambda: _channels([unit.update() != 0 for unit in units]), look)
        self._sweep = Register(lambda: _channels([state() for state in sweeping]), look)
        self.measurement = Register(lambda: _any(limits, bits) | (INSTRUMENT if instrument.summary() else 0), look)
        self.operation = Register(lambda: SWEEPING if self._sweep.summary() else 0, look)
        self.questionable = Register(lambda: 0)
        self._all = [
            *units,
            instrument,
            self._sweep,
            self.measurement,
            self.operation,
            self.questionable,
            self.standard,
        ]
        instrument.members.update({f"smu{letter}": unit for letter, unit in zip("ab", units, strict=False)})
        self.measurement.members["instrument"] = instrument
        for number, name in enumerate(("voltage_limit", "current_limit", "reading_overflow", "buffer_available")):
            part = Register(_one(limits, number), look)
            self._all.append(part)
            self.measurement.members[name] = part
        self.operation.members["sweeping"] = self._sweep
        self.members.update({
            "measurement": self.measurement, "operation": self.operation, "questionable": self.questionable,
            "standard": self.standard, "reset": self.reset,
        })  # fmt: skip
        self.members.update(
            {"MSB": MSB, "SSB": SSB, "EAV": EAV, "QSB": QSB, "MAV": MAV, "ESB": ESB, "MSS": MSS, "OSB": OSB}
        )
        self.attribute("condition", self.byte)
        self.setting("request_enable", self, integer_in(0, 255))

    def byte(self) -> int:
        """Return the status byte."""
        parts = {MSB: self.measurement, QSB: self.questionable, ESB: self.standard, OSB: self.operation}
        byte = sum(bit for bit, register in parts.items() if register.summary()) + (EAV if self._errors() else 0)
        return byte | (MSS if byte & self.request_enable else 0)

    def update(self) -> None:
        """Latch what changed since the last message."""
        for register in self._all:
            register.update()

    def clear(self) -> None:
        """Forget all events, as ``*CLS`` does."""
        for register in self._all:
            register.clear()

    def reset(self) -> None:
        """Take the default enables and filters."""
        self.clear()
        self.request_enable = 0
        for register in self._all:
            register.reset()


def _channels(states: list[bool]) -> int:
    return sum(2 << number for number, state in enumerate(states) if state)


def _mask(flags: Callable[[], tuple[bool, ...]], bits: tuple[int, ...]) -> Callable[[], int]:
    return lambda: sum(bit for bit, flag in zip(bits, flags(), strict=True) if flag)


def _any(limits: list[Callable[[], tuple[bool, bool, bool, bool]]], bits: tuple[int, ...]) -> int:
    return sum(bit for number, bit in enumerate(bits) if any(limit()[number] for limit in limits))


def _one(limits: list[Callable[[], tuple[bool, bool, bool, bool]]], number: int) -> Callable[[], int]:
    return lambda: _channels([limit()[number] for limit in limits])
