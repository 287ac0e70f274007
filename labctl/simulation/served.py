"""A simulated lab served to other programs: sockets, HiSLIP and serial pseudo-terminals, whatever suits a role."""

import os
from types import TracebackType
from typing import Self

from labctl.simulation.hislip_server import HislipServer
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.lab import SimulatedLab
from labctl.simulation.pty_line import PseudoTerminal
from labctl.simulation.tcp_server import SocketServer

Line = SocketServer | HislipServer | PseudoTerminal


class ServedLab:
    """Serves every instrument of a simulated lab that speaks over a wire, until closed; a context manager.

    A serial instrument is behind a pseudo-terminal, every other behind a raw socket and behind HiSLIP.

    Args:
        lab: What is served.
        host: Address to listen on.

    Attributes:
        resources: VISA resource name by role and kind of line: ``socket``, ``hislip``, ``serial``.
    """

    def __init__(self, lab: SimulatedLab, host: str = "127.0.0.1") -> None:
        self.resources: dict[str, dict[str, str]] = {}
        self._lines: list[Line] = []
        try:
            for role, hosted in lab.hosted.items():
                if not hasattr(hosted.front_end, "receive"):
                    continue  # a library of functions speaks over no wire
                lines = self._lines_for(hosted, host)
                self.resources[role] = {kind: line.resource_name for kind, line in lines.items()}
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every line; whoever has one open sees it go."""
        while self._lines:
            self._lines.pop().close()

    def _lines_for(self, hosted: HostedInstrument, host: str) -> dict[str, Line]:
        lines: dict[str, Line] = {}
        if hosted.baud_rate is None:
            lines["socket"] = SocketServer(hosted, host)
            self._lines.append(lines["socket"])
            lines["hislip"] = HislipServer(hosted, host)
            self._lines.append(lines["hislip"])
        elif os.name == "posix":
            lines["serial"] = PseudoTerminal(hosted)
            self._lines.append(lines["serial"])
        return lines
