"""The operator's window beside PyMeasure's managed window, on the same work, in one run.

    python benchmarks/gui_compare.py [--pymeasure PYTHON] [--rounds 3] [--hours 8]

``--pymeasure`` names an interpreter that has pymeasure and PyQt6; without it ours is measured alone. Each piece of work
runs in a process of its own, ours and PyMeasure's in turn; the medians are printed.

What is alike: the same rows at the same rate, plots of the same size, Qt drawn offscreen. What is not: ours draws a
map, 32 distributions and a trace and writes HDF5, PyMeasure's one curve from its CSV file. PyMeasure has no virtual
time, so its memory is measured over fewer rows, as fast as it takes them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
OURS, THEIRS = HERE / "gui_work.py", HERE / "gui_pymeasure_work.py"
POINTS = (10_000, 100_000, 1_000_000)
PYMEASURE_ROWS = 200_000


def once(python: str, script: Path, *work: object) -> dict[str, float]:
    """Do a piece of work in a process of its own; ``seconds`` is how long until it has told its result."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    environment["PYTHONPATH"] = str(HERE.parent) if script == OURS else ""
    begun = time.perf_counter()
    done = subprocess.run(
        [python, str(script), *map(str, work)], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{script.name} {work} failed:\n{done.stderr}")
    return {**json.loads(done.stdout.splitlines()[-1]), "seconds": seconds}


def in_turn(pymeasure: str, rounds: int, *work: object) -> list[dict[str, float]]:
    """Return the medians of ours and, where there is an interpreter for it, of PyMeasure's."""
    sides = [(sys.executable, OURS)] + ([(pymeasure, THEIRS)] if pymeasure else [])
    found: list[list[dict[str, float]]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, (python, script) in zip(found, sides, strict=True):
            side.append(once(python, script, *work))
    return [{key: statistics.median(turn[key] for turn in side) for key in side[0]} for side in found]


def tell(what: str, values: list[float], unit: str) -> None:
    """Print ours, theirs and the ratio."""
    text = f"{what:<38} ours {values[0]:>9,.1f} {unit}"
    if len(values) > 1:
        text += f"   PyMeasure {values[1]:>9,.1f} {unit}   ours / PyMeasure {values[0] / values[1]:.2f}"
    print(text, flush=True)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pymeasure", default="", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=8)
    given = parser.parse_args()
    found = in_turn(given.pymeasure, given.rounds, "start")
    tell("process start to first window", [side["seconds"] for side in found], "s")
    for points in POINTS:
        found = in_turn(given.pymeasure, given.rounds, "frames", points)
        tell(f"trace of {points:,} points that grows", [side["rate"] for side in found], "frames/s")
    found = in_turn(given.pymeasure, given.rounds, "stream", given.seconds, given.rate)
    for name in ("median", "95 %", "99 %", "worst"):
        tell(f"event loop late at {given.rate:,} rows/s, {name}", [side[name] for side in found], "ms")
    own = once(sys.executable, OURS, "memory", given.hours, 100)
    parts = ", ".join(f"{name} {value:,.0f}" for name, value in own.items() if name not in {"rows", "seconds"})
    print(f"memory over {given.hours} h of virtual time, {own['rows']:,.0f} rows, MiB: {parts}")
    if given.pymeasure:
        theirs = once(given.pymeasure, THEIRS, "memory", PYMEASURE_ROWS, 0)
        grown = (theirs["end"] - theirs["start"]) * 2**20 / theirs["rows"]
        ours = (own["end"] - own["1/2"]) * 2**20 / (own["rows"] / 2)
        print(f"  each further row keeps: ours {ours:.1f} B (second half), PyMeasure {grown:.1f} B")


if __name__ == "__main__":
    main()
