"""Rows per second into a run file, durable at once, beside raw writes and h5py appends of the same rows."""

import os
import tempfile
import time
from pathlib import Path

import h5py
import numpy as np
from timing import compare

from labctl.clock import VirtualClock
from labctl.protocol import Protocol, Step, Steps
from labctl.rows import Row, column
from labctl.runfile.header import RunEnding, RunHeader
from labctl.runfile.writer import RunFileWriter
from labctl.runner import Run


class Point(Row):
    """What every logger in the comparison writes."""

    t: float = column("s", "time")
    v: float = column("V", "voltage")
    i: float = column("A", "current")
    g: float = column("S", "conductance")


HEADER = RunHeader("p", "t", "s", {}, {}, 1, True, "b", "", "", "", "2026-01-01T00:00:00+00:00", "0", {}, {})


def appends(chunk: int, total: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        block = Point.block(t=np.arange(chunk), v=1.0, i=2.0, g=3.0)
        point = Point(t=0.0, v=1.0, i=2.0, g=3.0)
        data = point.to_bytes() * chunk
        count = total // chunk

        def labctl_rows() -> tuple[int, float]:
            writer = RunFileWriter.create(Path(folder) / "run.h5", HEADER, (Point,))
            start = time.perf_counter()
            for _ in range(count):
                writer.append(point) if chunk == 1 else writer.append_block(block)
                writer.flush_if_due()
            writer.flush()
            seconds = time.perf_counter() - start
            writer.close(RunEnding("done"))
            writer.path.unlink()
            return count * chunk, seconds

        def h5py_rows() -> int:
            with h5py.File(Path(folder) / "peer.h5", "w", libver="latest") as file:
                dataset = file.create_dataset("rows", (0,), Point.dtype, maxshape=(None,), chunks=(1024,))
                file.swmr_mode = True
                for number in range(max(count // 20, 20)):
                    dataset.resize((number * chunk + chunk,))
                    dataset[number * chunk :] = block.rows
                    dataset.flush()
            return max(count // 20, 20) * chunk

        def raw_writes() -> int:
            file = os.open(Path(folder) / "raw", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            for _ in range(count):
                os.write(file, data)
            os.close(file)
            return count * chunk

        compare(
            f"rows of 32 bytes, {chunk} at a time (labctl compresses when it closes; not counted)",
            {"labctl journal and HDF5": labctl_rows, "h5py append, flushed": h5py_rows, "raw write": raw_writes},
            "rows/s",
        )


class Empty(Protocol):
    """A loop that does nothing but yield rows."""

    name = "empty"
    title = "Empty"
    source = "made up"
    rows = (Point,)
    points: int = 200_000

    def run(self) -> Steps:
        for number in range(self.points):
            yield Point(t=float(number), v=1.0, i=2.0, g=3.0)
        yield Step(1, 1)


def empty_loop() -> None:
    with tempfile.TemporaryDirectory() as folder:

        def through_the_runner() -> int:
            path = Path(folder) / "run.h5"
            run = Run(
                Empty(), {}, clock=VirtualClock(), seed=1,
                open_file=lambda: RunFileWriter.create(path, HEADER, (Point,)),
            )  # fmt: skip
            run.listen(lambda event: None)
            run.start()
            run.join()
            path.unlink()
            return Empty().points

        def bare() -> int:
            return sum(1 for _ in Empty().run()) - 1

        compare(
            "empty loop through the runner, every point durable, a listener on",
            {"labctl": through_the_runner, "bare generator": bare},
            "points/s",
        )


if __name__ == "__main__":
    for chunk, total in ((1, 200_000), (10, 1_000_000), (100, 4_000_000), (1000, 10_000_000)):
        appends(chunk, total)
    empty_loop()
