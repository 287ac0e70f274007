"""Interleaved timing: every contestant is measured in turn, several times over, and the medians are compared."""

import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], int | tuple[int, float]]


def compare(title: str, contestants: Mapping[str, Work], unit: str, rounds: int = 5) -> dict[str, float]:
    """Time each contestant ``rounds`` times in turn, print rates and ratios to the last one, and return the rates.

    Args:
        title: What is measured.
        contestants: By name; each does a piece of work and returns how much it was, and the seconds it took if that is
            not all of the call.
        unit: Of the work.
        rounds: How often each is measured; a first round is not counted.
    """
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, work in contestants.items():
            start = time.perf_counter()
            amount = work()
            done, seconds = amount if isinstance(amount, tuple) else (amount, time.perf_counter() - start)
            if turn:
                rates[name].append(done / seconds)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    reference = list(medians)[-1]
    print(f"\n{title}")
    for name, rate in medians.items():
        print(f"  {name:<44} {rate:>14,.0f} {unit:<12} {rate / medians[reference]:6.2f} x {reference}")
    return medians
