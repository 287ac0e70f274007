"""Requests per second over a real pseudo-terminal and in process, beside pyvisa-py's own calls on the same line."""

import os
from typing import Any

import numpy as np
import pyvisa
from timing import compare

import labctl
from labctl.clock import VirtualClock
from labctl.links import Link
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.pty_line import PseudoTerminal

COUNT = 1000


class Answerer:
    """Answers each line with ten numbers."""

    def receive(self, data: bytes, *, end: bool = False) -> bytes:
        return b",".join(b"%.6e" % n for n in range(10)) + b"\n"

    def clear(self) -> None:
        """Nothing to clear."""


def ten_numbers_over_a_terminal() -> None:
    terminal = PseudoTerminal(HostedInstrument("answerer", Answerer(), VirtualClock()))
    manager = pyvisa.ResourceManager("@py")
    resource: Any = manager.open_resource(terminal.resource_name, read_termination="\n", write_termination="\n")
    link = Link(terminal.resource_name, lambda: manager)

    def peer() -> int:
        for _ in range(COUNT // 5):
            resource.query_ascii_values("?")
        return COUNT // 5

    def ours() -> int:
        for _ in range(COUNT):
            np.fromstring(link.query("?"), sep=",")
        return COUNT

    compare("ten numbers over a pseudo-terminal: pyvisa-py", {"pyvisa-py query_ascii_values": peer}, "queries/s")
    resource.close()
    link.open()
    compare("ten numbers over a pseudo-terminal: labctl", {"labctl Link.query, into an array": ours}, "queries/s")
    link.close()
    terminal.close()


def board() -> None:
    for transport in ("serial", "in-process"):
        with labctl.open_station("pe-board", simulate=True, seed=1, transport=transport) as lab:
            array: Any = lab["pe-board"]
            one, whole = np.array([5]), np.arange(1024)

            def ping(array: Any = array) -> int:
                for _ in range(COUNT):
                    array.ping()
                return COUNT

            def read_one(array: Any = array, one: Any = one) -> int:
                for _ in range(COUNT):
                    array.read_cells(one, voltage=0.2)
                return COUNT

            def read_many(array: Any = array, whole: Any = whole) -> int:
                for _ in range(100):
                    array.read_cells(whole, voltage=0.2)
                return 100 * len(whole)

            compare(f"PE board, {transport}", {"ping": ping, "read of one cell": read_one}, "requests/s")
            compare(f"PE board, {transport}", {"cells read 1,024 at a time": read_many}, "cells/s")


if __name__ == "__main__":
    os.sched_setaffinity(0, {0})  # a wake-up across cores costs 30 us each way and hides what the software costs
    ten_numbers_over_a_terminal()
    board()
