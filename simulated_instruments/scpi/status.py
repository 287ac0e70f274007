"""The status model of IEEE 488.2 and SCPI: registers, their enables, and the status byte."""

from dataclasses import dataclass, field

from simulated_instruments.scpi.errors import ErrorQueue, ScpiError

OPERATION_COMPLETE = 1
POWER_ON = 128
_SUMMARY = 64
_EVENT_SUMMARY = 32


@dataclass
class Register:
    """A condition with its event and enable registers; a bit that rises is kept in ``event`` until it is read."""

    condition: int = 0
    event: int = 0
    enable: int = 0

    def update(self, condition: int) -> None:
        """Set the condition; what rose is latched."""
        self.event |= condition & ~self.condition
        self.condition = condition

    def take_event(self) -> int:
        """Return and clear the event register."""
        event, self.event = self.event, 0
        return event

    @property
    def summary(self) -> bool:
        """Whether an enabled event is latched."""
        return bool(self.event & self.enable)


@dataclass
class Status:
    """The registers behind ``*STB?``.

    Args:
        errors: The instrument's error queue.
        error_bit: Weight of "error queue not empty" in the status byte, 0 where the instrument has none.
        registers: Weight in the status byte -> the register that it sums up.
    """

    errors: ErrorQueue
    error_bit: int = 4
    registers: dict[int, Register] = field(default_factory=dict)
    event: int = POWER_ON
    event_enable: int = 0
    service_enable: int = 0

    def report(self, error: ScpiError) -> None:
        """Queue an error and set its bit in the standard event register."""
        self.errors.push(error)
        self.event |= error.event_bit

    def take_event(self) -> int:
        """Return and clear the standard event register."""
        event, self.event = self.event, 0
        return event

    def byte(self) -> int:
        """Return the status byte as ``*STB?`` does, master summary included."""
        byte = self.error_bit if len(self.errors) else 0
        byte |= _EVENT_SUMMARY if self.event & self.event_enable else 0
        for weight, register in self.registers.items():
            byte |= weight if register.summary else 0
        return byte | (_SUMMARY if byte & self.service_enable & ~_SUMMARY else 0)

    def clear(self) -> None:
        """What ``*CLS`` does: forget events and errors, keep the enables."""
        self.event = 0
        self.errors.clear()
        for register in self.registers.values():
            register.event = 0
