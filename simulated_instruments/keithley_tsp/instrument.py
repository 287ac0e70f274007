"""The instrument behind the wire: its channels, its namespace, and the services that they share."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from simulated_instruments.frontend import Clock
from simulated_instruments.keithley_tsp import panel
from simulated_instruments.keithley_tsp.errors import ErrorQueue
from simulated_instruments.keithley_tsp.machine import Listener, LuaMachine
from simulated_instruments.keithley_tsp.models import Model
from simulated_instruments.keithley_tsp.nodes import Indexed, Node, Value, number_in
from simulated_instruments.keithley_tsp.overlap import Overlap
from simulated_instruments.keithley_tsp.printing import Format, print_functions
from simulated_instruments.keithley_tsp.smu import SourceMeasureUnit
from simulated_instruments.keithley_tsp.status import Status
from simulated_instruments.keithley_tsp.sweep import Sweep
from simulated_instruments.keithley_tsp.triggers import COMMAND_EVENT, Events
from simulated_instruments.terminals import Terminal

LONGEST_DELAY = 100_000.0
"""Longest ``delay()`` in s: *unconfirmed*."""
WAIT_SLICE = 0.1
"""A wait looks for a device clear this often (s), or a thousand times."""
WAIT_CHARGE = 20
"""Instructions that one such look counts for."""


class Instrument:
    """Everything but the wire; ``listener`` takes the output and the errors and knows of device clears."""

    def __init__(
        self, clock: Clock, terminals: Mapping[str, Terminal], model: Model, node: panel.LocalNode, listener: Listener,
        errors: ErrorQueue, *, seed: int, instructions: int,
    ) -> None:  # fmt: skip
        self.clock = clock
        self.node = node
        self.format = Format()
        self.events = Events(clock)
        self._listener = listener
        self.jobs = Overlap(clock, self.events, self.wait, listener.queue)
        letters = "ab"[: model.channels]
        self.units = [SourceMeasureUnit(letter, model, terminals[f"smu{letter}"], self, seed) for letter in letters]
        self.sweeps = [Sweep(unit, self.events) for unit in self.units]
        self.status = Status(
            [_flags(unit) for unit in self.units],
            [_sweeping(sweep) for sweep in self.sweeps],
            errors.__len__,
            self.look,
        )
        self.display = panel.Display(letters)
        self._completing = False
        self.machine = LuaMachine(listener, instructions=instructions, seed=seed)
        for name, value in self._names(model, errors).items():
            self.machine.define(name, value)
        self.machine.run(Path(__file__).with_name("factory.lua").read_text(encoding="ascii"))

    def line_hz(self) -> float:
        """Return the mains frequency in Hz."""
        return self.node.linefreq

    def wait(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Stopped: A device clear came, or the message takes too long.
        """
        piece = max(WAIT_SLICE, seconds / 1000)
        self.machine.charge()
        while seconds > 0:
            self.machine.charge(WAIT_CHARGE)
            self.clock.wait(min(piece, seconds))
            seconds -= piece

    def look(self) -> None:
        """Let overlapped work go on, because the host looks at it."""
        self.jobs.look()

    def overlap(self, job: Iterator[object]) -> None:
        """Take overlapped work."""
        self.jobs.start(job)

    def busy(self) -> bool:
        """Return whether overlapped work is under way."""
        return self.jobs.busy()

    def reap(self) -> None:
        """Find the buffers that no script can reach any more."""
        self.machine.reap()

    def finish(self, *_group: Value) -> None:
        """Wait for overlapped work."""
        self.jobs.finish()

    def complete(self) -> None:
        """Set the operation-complete bit once overlapped work is done."""
        self._completing = True
        self.settle()

    def settle(self) -> None:
        """Bring the status registers up to date."""
        if self._completing and not self.jobs.busy():
            self._completing = False
            self.status.standard.happen(1)
        self.status.update()

    def reset(self) -> None:
        """Take the default settings, as ``reset()`` and ``*RST`` do."""
        self.jobs.abort()
        self.events.reset()
        self.format.reset()
        for unit, sweep in zip(self.units, self.sweeps, strict=True):
            unit.reset()
            sweep.reset()

    def _names(self, model: Model, errors: ErrorQueue) -> dict[str, Node | Callable[..., Value]]:
        names: dict[str, Node | Callable[..., Value]] = {}
        for unit, sweep in zip(self.units, self.sweeps, strict=True):
            unit.members.update({"trigger": sweep, "abort": self._abort(sweep), "reset": _both(unit, sweep)})
            names[f"smu{unit.letter}"] = unit
        trigger = self.events.node()
        trigger.members["wait"] = self._wait_for_trigger
        names |= {
            "status": self.status, "display": self.display, "format": self.format, "trigger": trigger,
            "beeper": panel.beeper(), "timer": panel.timer(self.clock), "errorqueue": _error_node(errors),
            "localnode": self.node, "reset": self.reset, "delay": self._delay, "waitcomplete": self.finish,
            "opc": self.complete,
        }  # fmt: skip
        if model.digital_io:
            names["digio"] = panel.digital()
        names |= print_functions(self.format, self._listener.emit, self.finish)
        self.node.members.update(
            {name: value for name, value in names.items() if isinstance(value, Node) and value is not self.node}
        )
        self.node.members["reset"] = self.reset
        return names | {"node": Indexed({1: self.node})}

    def _delay(self, seconds: Value) -> None:
        end = self.clock.now() + number_in(0.0, LONGEST_DELAY)(seconds)
        self.jobs.run_until(end)
        self.wait(end - self.clock.now())

    def _wait_for_trigger(self, seconds: Value) -> bool:
        """Wait for ``*TRG``; one that comes later than this message cannot be heard in time."""
        limit = number_in(0.0, LONGEST_DELAY)(seconds)
        if not self.events.command.latched:
            self.wait(limit)
        seen, self.events.command.latched = self.events.command.latched, False
        return seen

    def trigger(self) -> None:
        """Make the event of ``*TRG``."""
        self.events.fire(COMMAND_EVENT)

    def _abort(self, sweep: Sweep) -> Callable[[], None]:
        def abort() -> None:
            if sweep.sweeping:
                self.jobs.abort()
            sweep.end()

        return abort


def _both(unit: SourceMeasureUnit, sweep: Sweep) -> Callable[[], None]:
    def reset() -> None:
        sweep.end()
        sweep.reset()
        unit.reset()

    return reset


def _flags(unit: SourceMeasureUnit) -> Callable[[], tuple[bool, bool, bool, bool]]:
    return lambda: (*unit.source.limited(), unit.meter.overflow, any(buffer.rows for buffer in unit.buffers))


def _sweeping(sweep: Sweep) -> Callable[[], bool]:
    return lambda: sweep.sweeping


def _error_node(errors: ErrorQueue) -> Node:
    def following() -> tuple[float, str, float, float]:
        entry = errors.next()
        return entry.code, entry.message, entry.severity, 1

    node = Node()
    node.attribute("count", errors.__len__)
    node.members.update({"next": following, "clear": errors.clear})
    return node
