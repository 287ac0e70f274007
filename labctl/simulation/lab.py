"""The simulated lab: the twins of a station's instruments under one clock, and the lines that lead to them."""

import sys
from typing import Any

import pyvisa

from labctl import plugins
from labctl.clock import Clock, VirtualClock
from labctl.errors import ConfigError
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.visa import library_for
from labctl.stations.model import SimulatedTable, StationFile, Transport


class SimulatedLab:
    """Twins of every instrument of a station.

    Args:
        station: The station file; the same that the real lab has.
        seed: Of all random numbers; ``None`` takes the station file's.
        transport: How the twins are reached; ``None`` takes the station file's.
        clock: Virtual unless given.
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
        self.hosted = {
            role: self._host(role, table.driver, station.simulation.instruments.get(role, SimulatedTable()))
            for role, table in station.instruments.items()
        }
        self._names = {role: table.link for role, table in station.instruments.items()}
        messages = {role: hosted for role, hosted in self.hosted.items() if hasattr(hosted.front_end, "receive")}
        self._library = library_for({self._names[role]: hosted for role, hosted in messages.items()})
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
        return pyvisa.ResourceManager("@py" if role in self._terminals else self._library)

    def _host(self, role: str, driver: str, table: SimulatedTable) -> HostedInstrument:
        twin = plugins.load("simulated_instruments", driver)
        try:
            front_end = twin(self.clock, seed=self.seed, **table.options)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"simulation.instruments.{role}.options: {error}") from error
        return HostedInstrument(role, front_end, self.clock, table.faults)
