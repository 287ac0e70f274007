"""Writes a run file and tells each accepted row on standard output, until test_kill.py kills it."""

import os
import struct
import sys
from pathlib import Path

from labctl.protocol import Step
from labctl.rows import Row, column
from labctl.runfile.header import RunEnding, RunHeader
from labctl.runfile.writer import RunFileWriter


class Reading(Row):
    """A made-up reading."""

    number: int = column(doc="number of the reading")
    value: float = column("V", "made up")


def main(path: Path, rows: int) -> None:
    header = RunHeader("p", "t", "s", {}, {}, 1, True, "b", "", "", "", "2026-01-01T00:00:00+00:00", "0", {}, {})
    os.write(1, struct.pack("<q", -1))
    writer = RunFileWriter.create(path, header, (Reading,))
    for number in range(rows):
        writer.append(Reading(number=number, value=number * 0.5))
        os.write(1, struct.pack("<q", number + 1))
        if number % 50 == 49:
            writer.step(float(number), Step((number + 1) // 50, rows // 50, f"state {number + 1}".encode()))
            writer.flush()
    writer.close(RunEnding("done"))
    os.write(1, struct.pack("<q", -2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
