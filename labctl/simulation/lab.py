"""The simulated lab: the twins of a station's instruments under one clock, and the lines that lead to them."""

import functools
import inspect
import io
import logging
import math
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyvisa

from labctl import plugins
from labctl.clock import Clock, VirtualClock
from labctl.errors import ConfigError
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.visa import library_for
from labctl.stations.model import SimulatedTable, StationFile, Transport

BENCH = "bench"
"""Short name of the virtual wiring in the tables of simulated instruments."""
_log = logging.getLogger(__name__)


class SimulatedLab:
    """Twins of every instrument of a station, wired as its ``[simulation.bench]`` says.

    Two instruments that drive one net at once are reported: as an error in the log of ``labctl.simulation.lab``, and in
    ``bench.conflicts``.

    Args:
        station: The station file; the same that the real lab has.
        seed: Of all random numbers; ``None`` takes the station file's.
        transport: How the twins are reached; ``None`` takes the station file's.
        clock: Virtual unless given.

    Attributes:
        hosted: The twins by role. One that its maker's library alone can reach has no line.

    Raises:
        ConfigError: An option, a device or a terminal that there is none of.
    """

    def __init__(
        self,
        station: StationFile,
        seed: int | None = None,
        transport: Transport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.transport = transport or station.simulation.transport
        if self.transport == "serial" and sys.platform == "win32":
            raise ConfigError("Windows has no pseudo-terminals: use the transport 'in-process' there")
        self.seed = station.simulation.seed if seed is None else seed
        self._nets = station.simulation.bench
        self.hosted: dict[str, HostedInstrument] = {}
        for role, table in station.instruments.items():
            twin = station.simulation.instruments.get(role, SimulatedTable())
            self.hosted[role] = self._host(role, table.driver, twin)
        self._names = {role: table.link for role, table in station.instruments.items()}
        messages = {role: hosted for role, hosted in self.hosted.items() if hasattr(hosted.front_end, "receive")}
        self.library = library_for({self._names[role]: hosted for role, hosted in messages.items()})
        self._terminals: dict[str, Any] = {}

    def front_end(self, role: str) -> Any:
        """Return a twin's front-end, for looking behind the wire in tests."""
        return self.hosted[role].front_end

    def start(self) -> None:
        """Open the pseudo-terminals, where there are any."""
        if self.transport == "serial" and not self._terminals:
            from labctl.simulation.pty_line import PseudoTerminal

            for role, hosted in self.hosted.items():
                if hosted.baud_rate is not None:
                    self._terminals[role] = PseudoTerminal(hosted)

    def settle(self) -> None:
        """Let time pass up to a full second, at least one; on a real clock do nothing."""
        if isinstance(self.clock, VirtualClock):
            self.clock.move_to(float(math.ceil(self.clock.now()) + 1))

    def saved(self) -> bytes:
        """Return the state of the twins' devices and the time, for `load` in another process.

        Twins without a ``saved`` of their own are left out: they keep settings, which a driver sets again, and no state
        that a measurement goes on from.
        """
        arrays = {
            f"{role}.{name}": array
            for role, hosted in self.hosted.items()
            if hasattr(hosted.front_end, "saved")
            for name, array in hosted.front_end.saved().items()
        }
        file = io.BytesIO()
        np.savez_compressed(file, now=np.array(self.clock.now()), **arrays)
        return file.getvalue()

    def load(self, state: bytes) -> None:
        """Bring devices and time to what `saved` returned, on a lab of the same station and seed.

        Raises:
            ConfigError: It is of another station, or the lab's clock is real.
        """
        if not isinstance(self.clock, VirtualClock):
            raise ConfigError("a simulated lab on a real clock cannot be brought back to an earlier state")
        try:
            with np.load(io.BytesIO(state)) as file:
                arrays = {name: file[name] for name in file.files}
            self.clock.move_to(float(arrays.pop("now")))
            for role in {name.partition(".")[0] for name in arrays}:
                head = f"{role}."
                mine = {name.removeprefix(head): array for name, array in arrays.items() if name.startswith(head)}
                self.front_end(role).load(mine)
        except (OSError, KeyError, ValueError, AttributeError) as error:
            raise ConfigError(f"the saved state is not of this simulated lab: {error}") from error

    def close(self) -> None:
        """Close the pseudo-terminals."""
        for terminal in self._terminals.values():
            terminal.close()
        self._terminals.clear()

    def resource_name(self, role: str) -> str:
        """Return the VISA resource name of a twin; a pseudo-terminal has one from `start` on."""
        self.start()
        terminal = self._terminals.get(role)
        return str(terminal.resource_name) if terminal else self._names[role]

    def manager(self, role: str) -> pyvisa.ResourceManager:
        """Return the PyVISA resource manager that reaches a twin."""
        return pyvisa.ResourceManager("@py" if role in self._terminals else self.library)

    def _host(self, role: str, driver: str, table: SimulatedTable) -> HostedInstrument:
        twin = plugins.load("simulated_instruments", driver)
        try:
            given = self._terminals_for(role, twin) | self._other_twins(table.options)
            front_end = twin(self.clock, seed=self.seed, **given)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"simulation.instruments.{role}.options: {error}") from error
        return HostedInstrument(role, front_end, self.clock, table.faults)

    @functools.cached_property
    def bench(self) -> Any:
        """The wiring; made when something is wired or can be."""
        bench = plugins.load("simulated_instruments", BENCH)
        try:
            wired = bench(self.clock, {name: dict(table) for name, table in self._nets.items()}, seed=self.seed)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"simulation.bench: {error}") from error
        wired.on_conflict = lambda conflict: _log.error("%s", conflict)
        return wired

    def _terminals_for(self, role: str, twin: Any) -> dict[str, Any]:
        """Return the ``terminals`` argument of a twin that has terminals, wired or open."""
        names = {str(name): name for name in getattr(twin, "terminal_names", ())}
        if not names and not self._nets:
            return {}
        wired = self.bench.terminals(role)
        unknown = wired.keys() - names.keys()
        if unknown:
            there = f"there are {', '.join(names)}" if names else "it has none that can be wired"
            raise ConfigError(f"simulation.bench: {role} has no terminal {min(unknown)!r}; {there}")
        if "terminals" not in inspect.signature(twin).parameters or not wired:
            return {"terminals": {}} if names else {}
        if hasattr(twin, "needed_terminals"):
            needed = twin.needed_terminals({names[name] for name in wired})
            return {"terminals": {key: wired.get(str(key)) or self.bench.open_terminal() for key in needed}}
        return {"terminals": {names[name]: terminal for name, terminal in wired.items()}}

    def _other_twins(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options, with the twin itself where ``mainframe`` names the role of another one."""
        if "mainframe" not in options:
            return dict(options)
        role = options["mainframe"]
        if role not in self.hosted:
            raise ValueError(f"mainframe = {role!r} is no instrument that comes before this one")
        return {**options, "mainframe": self.front_end(role)}
