"""A simulated serial instrument behind a real pseudo-terminal: any serial program can open it."""

import contextlib
import os
import select
import threading
import tty

from labctl.errors import LinkError
from labctl.simulation.hosting import HostedInstrument

_CHUNK = 65536


class PseudoTerminal:
    """Serves one hosted instrument on a pseudo-terminal, in a thread of its own, until closed.

    Args:
        hosted: What answers there.
    """

    def __init__(self, hosted: HostedInstrument) -> None:
        self.hosted = hosted
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self._theirs = theirs  # kept open, so that a client may come and go
        self.path = os.ttyname(theirs)
        self._wake_read, self._wake_write = os.pipe()
        hosted.attend(self._arrived)
        if hasattr(hosted.front_end, "warm_up"):
            hosted.front_end.warm_up()  # a host waits in real time
        self._thread = threading.Thread(target=self._serve, name=f"pty {hosted.role}", daemon=True)
        self._thread.start()

    @property
    def resource_name(self) -> str:
        """The VISA resource name that opens it."""
        return f"ASRL{self.path}::INSTR"

    def close(self) -> None:
        """End the thread and the terminal; whoever has it open sees the line go."""
        if self._thread.is_alive():
            os.write(self._wake_write, b"x")
            self._thread.join()
        for descriptor in (self._ours, self._theirs, self._wake_read, self._wake_write):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _arrived(self) -> bytes:
        return os.read(self._ours, _CHUNK) if select.select([self._ours], [], [], 0.0)[0] else b""

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._ours, self._wake_read], [], [])
            if self._wake_read in ready:
                return
            try:
                answer = self.hosted.exchange(os.read(self._ours, _CHUNK))
                while answer:
                    answer = answer[os.write(self._ours, answer) :]
            except (LinkError, OSError):
                os.close(self._ours)  # as an unplugged cable: whoever reads or writes there sees its end
                return
