import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labctl.clock import RealClock
from labctl.errors import DataFileError, RunStoppedError, StateError
from labctl.events import Ended, Event, LogLine, Progress, RowsAdded, RunState, StateChanged
from labctl.protocol import Step
from labctl.runfile.reader import load
from labctl.runner import Run

MakeRun = Callable[..., Run]


def until(run: Run, wanted: Callable[[Event], bool]) -> threading.Event:
    """Return a flag that is set at the first event that is wanted."""
    flag = threading.Event()
    run.listen(lambda event: flag.set() if wanted(event) else None)
    return flag


def is_step(number: int) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, Progress) and event.done >= number


def test_a_run_writes_every_row_and_its_results(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=4, each=3))
    run.start()
    data = run.result().data
    assert run.state is RunState.DONE
    assert data.status == "done"
    assert data["reading"]["number"].tolist() == list(range(12))
    assert data["event"]["what"].tolist() == ["first", "second"] * 4
    assert data["reading"].attrs["units"] == {"time": "s", "resistance": "ohm"}
    assert data.summary["readings"] == 12
    assert data.table("trace").axes == "time"
    assert [m.decode() if isinstance(m, bytes) else m for m in data.log["message"]] == [
        f"counted {i}" for i in range(4)
    ]
    assert data["reading"]["time"].max() == 3.0


def test_the_same_seed_gives_the_same_rows(make_run: MakeRun, counting: Any, tmp_path: Path) -> None:
    values = []
    for _ in range(2):
        run = make_run(counting())
        run.start()
        values.append(run.result().data.arrays("reading")["resistance"])
        (tmp_path / "run.h5").unlink()
    assert np.array_equal(*values)


def test_listeners_get_every_row_in_order_and_the_states(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=5))
    events: list[Event] = []
    run.listen(events.append)
    run.start()
    run.result()
    numbers = np.concatenate([e.rows["number"] for e in events if isinstance(e, RowsAdded) and e.stream == "reading"])
    assert numbers.tolist() == list(range(15))
    assert [e.state for e in events if isinstance(e, StateChanged)] == [RunState.RUNNING, RunState.DONE]
    assert [e.done for e in events if isinstance(e, Progress)] == [1, 2, 3, 4, 5]
    assert sum(isinstance(e, LogLine) for e in events) == 5
    assert isinstance(events[-1], Ended)
    assert events[-1].summary["readings"] == 15


def test_a_listener_that_raises_does_not_hurt_the_run(
    make_run: MakeRun, counting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(event: Event) -> None:
        raise ValueError("a listener's own trouble")

    run = make_run(counting(steps=2))
    run.listen(broken)
    run.start()
    run.result()
    assert run.state is RunState.DONE
    assert "a listener's own trouble" in caplog.text


def test_pausing_holds_the_run_and_resuming_goes_on(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=40, wait=0.01), clock=RealClock())
    third = until(run, is_step(3))
    steps: list[int] = []
    run.listen(lambda event: steps.append(event.done) if isinstance(event, Progress) else None)
    run.start()
    assert third.wait(10.0)
    run.pause()
    assert not run.join(0.1)
    held = len(steps)
    assert not run.join(0.2)
    assert len(steps) - held <= 1
    assert run.state is RunState.PAUSED
    run.resume()
    assert run.result().state is RunState.DONE
    assert steps == list(range(1, 41))


def test_stopping_finishes_the_step_and_keeps_its_rows(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=1000, wait=0.01), clock=RealClock())
    second = until(run, is_step(2))
    run.start()
    assert second.wait(10.0)
    run.stop()
    data = run.result().data
    step = data.last_step()
    assert run.state is RunState.STOPPED
    assert step is not None
    assert 2 <= step["done"] < 1000
    assert data.lengths["reading"] == step["rows_reading"] == 3 * step["done"]
    assert data.summary["readings"] == data.lengths["reading"]


def test_stopping_a_paused_run_finishes_its_step(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=1000, wait=0.01), clock=RealClock())
    first = until(run, is_step(1))
    run.start()
    assert first.wait(10.0)
    run.pause()
    run.stop()
    assert run.result().state is RunState.STOPPED


def test_aborting_ends_a_long_wait_at_once(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(wait=100.0), clock=RealClock())
    running = until(run, lambda event: isinstance(event, RowsAdded))
    run.start()
    assert running.wait(10.0)
    run.abort()
    assert run.join(5.0)
    assert run.state is RunState.ABORTED
    assert load(run.file or "").status == "aborted"
    with pytest.raises(RunStoppedError, match="aborted"):
        run.result()


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "abort"])
def test_a_verb_that_does_not_fit_is_refused(make_run: MakeRun, counting: Any, verb: str) -> None:
    run = make_run(counting(steps=1))
    with pytest.raises(StateError, match=f"cannot {verb} a run that is ready"):
        getattr(run, verb)()
    run.start()
    run.result()
    with pytest.raises(StateError, match=f"cannot {verb} a run that is done"):
        getattr(run, verb)()


def test_a_failing_protocol_keeps_its_rows_and_says_why(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(fail_at=2))
    run.start()
    with pytest.raises(RuntimeError, match="failed on purpose"):
        run.result()
    data = run.data
    assert data.status == "failed"
    assert "failed on purpose" in data.reason
    assert data.lengths["reading"] == 6
    assert any("Traceback" in message for message in data.log["message"])


def test_a_run_goes_on_from_its_step_with_the_clock_where_it_was(make_run: MakeRun, counting: Any) -> None:
    run = make_run(counting(steps=5), resume=(Step(3, 5, b"state 3"), 3.0))
    run.start()
    data = run.result().data
    assert data["reading"]["number"].tolist() == list(range(9, 15))
    assert data["reading"]["time"].tolist()[0] == 3.0


def test_a_folder_that_cannot_be_written_fails_the_run_with_its_name(make_run: MakeRun, counting: Any) -> None:
    def open_file() -> Any:
        from labctl.runfile.writer import RunFileWriter

        return RunFileWriter.create(Path("/proc/nowhere/run.h5"), None, ())  # type: ignore[arg-type]

    run = make_run(counting(), open_file=open_file)
    run.start()
    with pytest.raises(DataFileError, match="/proc/nowhere"):
        run.result()
    assert run.state is RunState.FAILED


class CancellableInstrument:
    """The little that a run asks of an instrument, and how often its wait was cancelled."""

    role = "array"
    is_open = False

    def __init__(self) -> None:
        self.link = self
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1

    def forget_cancel(self) -> None:
        self.cancelled = 0

    def link_counters(self) -> dict[str, int]:
        return {}

    def snapshot(self) -> dict[str, int]:
        return {}


def test_an_abort_while_the_run_ends_cancels_nothing_that_makes_safe(
    make_run: MakeRun, counting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    instrument, analysing, go_on = CancellableInstrument(), threading.Event(), threading.Event()
    run = make_run(counting(steps=1))
    run._instruments = {"array": instrument}
    monkeypatch.setattr("labctl.runner.run_arguments", lambda *_, rng, clock, resume: {"rng": rng, "clock": clock})
    analyse = counting.analyse

    def slow_analysis(data: Any) -> Any:
        analysing.set()
        assert go_on.wait(5.0)
        return analyse(data)

    monkeypatch.setattr(counting, "analyse", slow_analysis)
    run.start()
    assert analysing.wait(5.0)
    run.abort()
    assert instrument.cancelled == 0
    go_on.set()
    assert run.result().state is RunState.DONE
