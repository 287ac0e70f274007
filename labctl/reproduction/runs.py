"""Running the cases: each seed of each case is one run on the simulated lab, in processes beside each other."""

import concurrent.futures
import dataclasses
import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from labctl import api, plugins
from labctl.errors import ConfigError, LabctlError
from labctl.protocol import Protocol
from labctl.reproduction.cases import Case, Headline
from labctl.runfile.reader import RunData
from labctl.stations.station import open_station

NO_REASON = "no reason is known yet"
"""Of a figure that does not hold."""


@dataclasses.dataclass(frozen=True)
class Job:
    """One run: a case of a paper with one seed."""

    paper: str
    case: Case
    seed: int


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a job gave.

    Attributes:
        job: The job.
        file: Its run file; empty where there is none.
        summary: The figures of its analysis.
        error: Why it failed; empty where it did not.
        seconds: Real time that it took.
    """

    job: Job
    file: str
    summary: Mapping[str, float | int]
    error: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Row:
    """One published figure beside the measured one; a line of the table.

    Attributes:
        paper: Short name.
        letters: The paper's protocol.
        case: The case that it was measured in.
        headline: What was published.
        values: One of each seed; NaN where the run failed or has no such figure.
        error: Why there is no value, where there is none.
    """

    paper: str
    letters: str
    case: Case
    headline: Headline
    values: tuple[float, ...]
    error: str

    @property
    def measured(self) -> float:
        """Mean over the seeds."""
        return math.fsum(self.values) / len(self.values)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; 0 for one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 and math.isfinite(self.measured) else 0.0

    @property
    def holds(self) -> bool:
        """Whether the mean is what was published, within the tolerance."""
        return self.headline.holds(self.measured)

    @property
    def note(self) -> str:
        """Why there is no value, or, where the figure does not hold, what is known of that."""
        return self.error or ("" if self.holds else self.headline.note or NO_REASON)

    def plain(self) -> dict[str, Any]:
        """Return the row as the command line's JSON has it; a figure that could not be measured is null."""
        line = self.headline
        return {
            "paper": self.paper,
            "letters": self.letters,
            "protocol": self.case.protocol,
            "figure": line.figure,
            "published": line.published,
            "measured": self.measured if math.isfinite(self.measured) else None,
            "spread": self.spread,
            "tolerance": line.tolerance,
            "bound": line.bound,
            "reason": line.reason,
            "holds": self.holds,
            "put_in": line.put_in,
            "note": self.note,
            "seeds": list(self.case.seeds),
        }


def cases_of(papers: Sequence[str], data: str = "") -> list[tuple[str, Case]]:
    """Return the cases of the papers, of all where none is named; each fits its protocol.

    Args:
        papers: Short names.
        data: File that goes to each protocol with a parameter ``data``.

    Raises:
        ConfigError: There is no such paper, or a case does not fit its protocol.
    """
    found = []
    for paper in papers or sorted(plugins.table("reproductions")):
        for case in plugins.load("reproductions", paper.lower()):
            protocol: type[Protocol] = plugins.load("protocols", case.protocol)
            given = {**case.with_data, "data": data} if data and "data" in protocol.model_fields else {}
            parameters = {**case.parameters, **given}
            protocol.from_mapping(parameters)
            found.append((paper.lower(), dataclasses.replace(case, parameters=parameters)))
    return found


def reproduce(
    cases: Sequence[tuple[str, Case]], folder: Path, *, workers: int | None = None,
    done: Callable[[Outcome, int, int], None] = lambda outcome, number, total: None,
) -> list[Outcome]:  # fmt: skip
    """Run every seed of every case; a run that fails becomes an outcome with its error.

    Args:
        cases: Paper and case.
        folder: Run files go into a folder for each paper in it.
        workers: Processes; as many as there are cores if not given.
        done: Called with each outcome, how many there are so far, and how many there will be.

    Returns:
        The outcomes, in the cases' order.
    """
    jobs = [Job(paper, case, seed) for paper, case in cases for seed in case.seeds]
    outcomes: dict[int, Outcome] = {}
    for index, outcome in _in_processes(jobs, folder, workers or os.cpu_count() or 1):
        outcomes[index] = outcome
        done(outcome, len(outcomes), len(jobs))
    return [outcomes[index] for index in sorted(outcomes)]


def run_job(job: Job, folder: Path) -> Outcome:
    """Run one job in this process."""
    began = time.perf_counter()
    file, summary, error = "", {}, ""
    try:
        protocol: Protocol = plugins.load("protocols", job.case.protocol).from_mapping(job.case.parameters)
        with open_station(job.case.station or protocol.station, simulate=True, seed=job.seed) as station:
            ended = api.run(protocol, station, seed=job.seed, output=folder / job.paper, operator="labctl reproduce")
        file = str(ended.file or "")
        summary = dict(RunData(file).summary)
    except LabctlError as problem:
        error = str(problem)
    return Outcome(job, file, summary, error, time.perf_counter() - began)


def rows_of(cases: Iterable[tuple[str, Case]], outcomes: Sequence[Outcome]) -> list[Row]:
    """Return the table: a row for each headline of each case."""
    rows = []
    for paper, case in cases:
        mine = [outcome for outcome in outcomes if outcome.job.paper == paper and outcome.job.case is case]
        error = next((outcome.error for outcome in mine if outcome.error), "")
        for line in case.headlines:
            values = tuple(float(outcome.summary.get(line.measured, math.nan)) for outcome in mine) or (math.nan,)
            missing = f"the analysis has no figure {line.measured!r}" if not error and math.isnan(sum(values)) else ""
            rows.append(Row(paper, case.letters, case, line, values, error or missing))
    return rows


def _in_processes(jobs: Sequence[Job], folder: Path, workers: int) -> Iterator[tuple[int, Outcome]]:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(min(workers, max(len(jobs), 1)), mp_context=context) as pool:
        running = {pool.submit(run_job, job, folder): index for index, job in enumerate(jobs)}
        try:
            for future in concurrent.futures.as_completed(running):
                index = running[future]
                outcome = future.result()
                # The process has a copy of the job; the caller knows the original.
                yield index, dataclasses.replace(outcome, job=jobs[index])
        except concurrent.futures.BrokenExecutor as problem:
            raise ConfigError(f"a process of the simulated lab ended on its own: {problem}") from problem
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
