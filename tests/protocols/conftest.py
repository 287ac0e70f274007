"""A short write-verify run, and stations with faults."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import labctl
from labctl import api, plugins
from labctl.events import Event, Progress
from labctl.runfile.reader import RunData
from labctl.runner import Run
from labctl.stations.model import shipped_stations
from labctl.stations.station import Station


@pytest.fixture
def write_verify() -> Any:
    return plugins.load("protocols", "write-verify")


@pytest.fixture
def run_on(tmp_path: Path) -> Callable[..., Run]:
    """Run a protocol on a simulated board, and return the run."""

    def run(protocol: Any, *, seed: int = 1, station: str | Path = "pe-board", transport: Any = None) -> Run:
        with labctl.open_station(station, simulate=True, seed=seed, transport=transport) as lab:
            return labctl.run(protocol, lab, seed=seed, output=tmp_path / "runs")

    return run


@pytest.fixture
def cut_and_resumed(tmp_path: Path) -> Callable[..., RunData]:
    """Stop a run after so many steps, resume it on a lab of its own, as in another process, and return it."""

    def run(protocol: Any, steps: int, *, seed: int, station: str) -> RunData:
        with labctl.open_station(station, simulate=True, seed=seed) as lab:
            prepared = api.prepare(protocol, lab, seed=seed, output=tmp_path / str(steps))

            def stop(event: Event) -> None:
                if isinstance(event, Progress) and event.done == steps:
                    prepared.stop()

            prepared.listen(stop)
            prepared.start()
            prepared.join()
        assert prepared.file is not None
        with api.station_of(prepared.file) as lab:
            api.drive(api.resume(prepared.file, station=lab))
        return RunData(prepared.file)

    return run


@pytest.fixture
def station_with(tmp_path: Path) -> Callable[..., Path]:
    """Write a station file whose simulated board has faults."""

    def write(**faults: float) -> Path:
        table = "\n".join(f"{name} = {value}" for name, value in faults.items())
        path = tmp_path / "station.toml"
        shipped = shipped_stations()["pe-board"].read_text()
        path.write_text(f"{shipped}\n[simulation.instruments.pe-board.faults]\n{table}\n")
        return path

    return write


@pytest.fixture
def lab() -> Iterator[Station]:
    with labctl.open_station("pe-board", simulate=True, seed=1) as station:
        yield station
