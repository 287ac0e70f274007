"""The common commands of IEEE 488.2 and the SYSTem and STATus ones that every SCPI instrument has.

Source: IEEE 488.2 chapter 10; SCPI-99 volume 2 chapters 20 (STATus) and 21 (SYSTem).
"""

from collections.abc import Callable
from typing import Protocol

from simulated_instruments.scpi.commands import Call, Command
from simulated_instruments.scpi.parameters import Number
from simulated_instruments.scpi.status import Register, Status

_BYTE = Number(low=0, high=255, integer=True)
_WORD = Number(low=0, high=65535, integer=True)
_MESSAGE_AVAILABLE = 16


class Instrument(Protocol):
    """What the common commands act on."""

    status: Status

    def reset(self) -> None:
        """``*RST``."""

    def clear_status(self) -> None:
        """``*CLS``."""

    def save(self, location: int) -> None:
        """``*SAV``."""

    def recall(self, location: int) -> None:
        """``*RCL``."""

    def trigger(self) -> None:
        """``*TRG``."""

    def finish(self) -> None:
        """Let pending operations end."""

    def announce_completion(self) -> None:
        """``*OPC``."""

    def reply_waits(self) -> bool:
        """Whether the message at hand has a reply already."""


def signed(number: float) -> str:
    """Write a whole number with its sign (NR1)."""
    return f"{round(number):+d}"


def common_commands(instrument: Instrument, *, identity: str, options: str, version: str, saves: int) -> list[Command]:
    """Return the rows that every instrument's table starts with.

    Args:
        instrument: What they act on.
        identity: The reply to ``*IDN?``.
        options: The reply to ``*OPT?``.
        version: The reply to ``SYSTem:VERSion?``.
        saves: How many locations ``*SAV`` and ``*RCL`` have, from 0 on.
    """
    status = instrument.status
    location = Number(low=0, high=saves - 1, integer=True)

    def set_event_enable(call: Call, value: float) -> None:
        status.event_enable = int(value)

    def set_service_enable(call: Call, value: float) -> None:
        status.service_enable = int(value) & ~64

    def status_byte(call: Call) -> str:
        return signed(status.byte() | (_MESSAGE_AVAILABLE if instrument.reply_waits() else 0))

    def completed(call: Call) -> str:
        instrument.finish()
        return "1"

    return [
        Command("*IDN", query=lambda call: identity),
        Command("*OPT", query=lambda call: options),
        Command("*RST", write=_call(instrument.reset)),
        Command("*CLS", write=_call(instrument.clear_status)),
        Command("*ESE", [_BYTE], set_event_enable, lambda call: signed(status.event_enable)),
        Command("*ESR", query=lambda call: signed(status.take_event())),
        Command("*SRE", [_BYTE], set_service_enable, lambda call: signed(status.service_enable)),
        Command("*STB", query=status_byte),
        Command("*OPC", write=_call(instrument.announce_completion), query=completed),
        Command("*WAI", write=_call(instrument.finish)),
        Command("*TST", query=lambda call: signed(0)),
        Command("*TRG", write=_call(instrument.trigger)),
        Command("*SAV", [location], lambda call, place: instrument.save(int(place))),
        Command("*RCL", [location], lambda call, place: instrument.recall(int(place))),
        Command("SYSTem:ERRor[:NEXT]", query=lambda call: status.errors.pop()),
        Command("SYSTem:VERSion", query=lambda call: version),
    ]


def register_commands(header: str, register: Register) -> list[Command]:
    """Return the rows of one SCPI status register, ``"STATus:OPERation"`` or ``"STATus:QUEStionable"``."""

    def set_enable(call: Call, value: float) -> None:
        register.enable = int(value)

    return [
        Command(f"{header}:CONDition", query=lambda call: signed(register.condition)),
        Command(f"{header}[:EVENt]", query=lambda call: signed(register.take_event())),
        Command(f"{header}:ENABle", [_WORD], set_enable, lambda call: signed(register.enable)),
    ]


def _call(action: Callable[[], None]) -> Callable[[Call], None]:
    return lambda call: action()
