"""The parts around the channels: display, beeper, timer, digital lines, and the node itself.

Source: Series 2600B Reference Manual, command reference.
"""

from collections.abc import Callable
from functools import partial

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp.errors import DATA_TYPE, InstrumentError
from simulated_instruments.keithley_tsp.nodes import Indexed, Node, Value, integer_in, number_in, text
from simulated_instruments.keithley_tsp.triggers import FIRST_DIGITAL

DIGITAL_LINES = 14
SCREENS = {"SMUA": 0, "SMUB": 1, "SMUA_SMUB": 2, "USER": 3}  # codes unconfirmed
FUNCTIONS = {"MEASURE_DCAMPS": 0, "MEASURE_DCVOLTS": 1, "MEASURE_OHMS": 2, "MEASURE_WATTS": 3}
DIGITS = {"DIGITS_4_5": 4, "DIGITS_5_5": 5, "DIGITS_6_5": 6}
LONGEST_TEXT = 256


class Display(Node):
    """``display``: keeps what a script shows."""

    def __init__(self, channels: str) -> None:
        super().__init__()
        self.shown = ""
        self.screen = SCREENS["SMUA"]
        self.locallockout = 0
        self.members.update(SCREENS | FUNCTIONS | DIGITS)
        self.members.update({
            "clear": self.clear, "settext": self._settext, "gettext": lambda *_: self.shown,
            "setcursor": self._setcursor, "sendkey": self._sendkey,
        })  # fmt: skip
        self.setting("screen", self, integer_in(0, 3))
        self.setting("locallockout", self, integer_in(0, 1))
        for letter in channels:
            self.members[f"smu{letter}"] = _display_channel()

    def clear(self) -> None:
        """Clear the display and go to the user screen."""
        self.shown, self.screen = "", SCREENS["USER"]

    def _settext(self, shown: Value) -> None:
        self.shown, self.screen = (self.shown + text(shown))[-LONGEST_TEXT:], SCREENS["USER"]

    def _setcursor(self, row: Value, column: Value, *_style: Value) -> None:
        integer_in(1, 2)(row), integer_in(1, 32)(column)

    def _sendkey(self, key: Value) -> None:
        """Press a key; the twin's front panel has the EXIT key's effect alone: the user screen goes away."""
        integer_in(0, 1_000)(key)
        self.screen = SCREENS["SMUA"]


class _Fields(Node):
    """A node whose attributes are plain numbers."""

    def __init__(self, **fields: tuple[float, Callable[[Value], Value]]) -> None:
        super().__init__()
        for name, (value, check) in fields.items():
            setattr(self, name, value)
            self.setting(name, self, check)


def _display_channel() -> Node:
    node = _Fields(digits=(5, integer_in(4, 6)))
    node.members["measure"] = _Fields(func=(1, integer_in(0, 3)))
    return node


def beeper() -> Node:
    """Return ``beeper``, which nobody hears."""

    def beep(seconds: Value, hertz: Value) -> None:
        number_in(0.001, 100.0)(seconds), number_in(20.0, 8000.0)(hertz)

    node = _Fields(enable=(1, integer_in(0, 1)))
    node.members["beep"] = beep
    return node


def timer(clock: Clock) -> Node:
    """Return ``timer``."""
    started = [clock.now()]

    def reset() -> None:
        started[0] = clock.now()

    node, measure = Node(), Node()
    measure.members["t"] = lambda: clock.now() - started[0]
    node.members.update({"reset": reset, "measure": measure})
    return node


def digital() -> Node:
    """Return ``digio``: the lines read back what was written; nothing is wired to them."""
    port = [0]

    def write_bit(line: Value, value: Value) -> None:
        bit = 1 << (integer_in(1, DIGITAL_LINES)(line) - 1)
        port[0] = port[0] | bit if integer_in(0, 1)(value) else port[0] & ~bit

    def write_port(value: Value) -> None:
        port[0] = integer_in(0, (1 << DIGITAL_LINES) - 1)(value)

    node = Node()
    node.members.update({
        "trigger": Indexed({line: _line(line) for line in range(1, DIGITAL_LINES + 1)}), "writebit": write_bit,
        "readbit": lambda line: port[0] >> (integer_in(1, DIGITAL_LINES)(line) - 1) & 1,
        "writeport": write_port, "readport": lambda: port[0],
    })  # fmt: skip
    return node


def _line(number: int) -> Node:
    node = _Fields(
        mode=(0, integer_in(0, 8)), pulsewidth=(1e-5, number_in(0.0, 1.0)), stimulus=(0, integer_in(0, 1_000))
    )
    node.members.update({
        "EVENT_ID": FIRST_DIGITAL + number, "assert": lambda: None, "clear": lambda: None, "release": lambda: None,
        "wait": lambda *_seconds: False,
    })  # fmt: skip
    return node


class LocalNode(Node):
    """``localnode``: who the instrument is, and how it talks."""

    def __init__(self, model: str, serial: str, firmware: str, line_hz: float) -> None:
        super().__init__()
        self.linefreq = line_hz
        self.prompts = 0
        self.prompts4882 = 1
        self.showerrors = 0
        self.autolinefreq = 1
        self.description = f"Keithley Instruments SMU {model} - {serial}"
        for name, value in {"model": model, "serialno": serial, "revision": firmware, "version": firmware}.items():
            self.attribute(name, partial(str, value))
        self.setting("linefreq", self, _mains)
        self.setting("description", self, text)
        for name in ("prompts", "prompts4882", "showerrors", "autolinefreq"):
            self.setting(name, self, integer_in(0, 1))


def _mains(value: Value) -> float:
    if value not in (50, 60):
        raise InstrumentError(DATA_TYPE)
    return float(value)
