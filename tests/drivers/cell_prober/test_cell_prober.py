"""The prober's driver: its dialogue, its refusals, and its twin on the bench."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import labctl
from drivers.cell_prober import CellProber
from labctl.errors import ConfigError, FrameError, InstrumentError, LimitError, RunStoppedError
from labctl.links import Link
from labctl.stations.model import shipped_stations
from labctl.stations.station import Station


class Scripted(Link):
    """A line on which each message has one answer."""

    def __init__(self, *dialogue: tuple[str, str]) -> None:
        super().__init__("nowhere", lambda: None)
        self.dialogue = list(dialogue)
        self.waits: list[float | None] = []

    def query(self, text: str, *, timeout: float | None = None) -> str:
        if self._cancelled.is_set():
            raise RunStoppedError("the wait was ended")
        self.waits.append(timeout)
        asked, answer = self.dialogue.pop(0)
        assert text == asked
        return answer


def prober(*dialogue: tuple[str, str], cells: int = 200) -> CellProber:
    return CellProber(Scripted(*dialogue), role="prober", options={"cells": cells})


@pytest.fixture
def wafer() -> Iterator[Station]:
    with labctl.open_station("pcm-wafer", simulate=True, seed=1) as lab:
        yield lab


def resistance(lab: Station) -> float:
    smu: Any = lab["smu"]
    readings = smu.measure_current(0.2, compliance=1e-4)
    return float(readings.voltages[0] / readings.currents[0]) if readings.currents[0] > 1e-12 else np.inf


def test_the_dialogue_is_that_of_the_document() -> None:
    identity = prober(("*IDN?", "labctl,cell prober,A1,1.0"), ("CELLS?", "OK 200")).identify()
    assert (identity.model, identity.serial) == ("cell prober", "A1")
    prober(("MOVE 17", "OK 17")).move_to(17)
    assert prober(("CELL?", "OK NONE")).ask_cell() == -1
    assert prober(("LIFT", "OK"), ("CELL?", "OK NONE")).make_safe() == {"cell": -1}


@pytest.mark.parametrize(
    ("dialogue", "says"),
    [
        ((("*IDN?", "KEITHLEY,2602B,1,2"),), "is no cell prober"),
        ((("*IDN?", "labctl,cell prober,A1,1.0"), ("CELLS?", "OK 100")), "it reaches 100 cells, but the station file"),
    ],
)
def test_another_instrument_or_too_few_cells_are_refused(dialogue: tuple[tuple[str, str], ...], says: str) -> None:
    with pytest.raises(InstrumentError, match=says):
        prober(*dialogue).identify()


def test_what_goes_wrong_is_told() -> None:
    with pytest.raises(InstrumentError, match="3") as caught:
        prober(("MOVE 5", "ERROR 3 there are the cells 0 to 4")).move_to(5)
    assert "there are the cells 0 to 4" in str(caught.value)
    with pytest.raises(InstrumentError, match="landed on cell 6"):
        prober(("MOVE 5", "OK 6")).move_to(5)
    with pytest.raises(FrameError, match="which is no number"):
        prober(("MOVE 5", "OK five")).move_to(5)
    with pytest.raises(FrameError, match="was answered by 'what'"):
        prober(("LIFT", "what")).lift()
    with pytest.raises(InstrumentError, match="still touch cell 3"):
        prober(("LIFT", "OK"), ("CELL?", "OK 3")).make_safe()


def test_a_move_may_take_half_a_minute() -> None:
    needles: Any = prober(("MOVE 17", "OK 17"))
    needles.move_to(17)
    assert needles.link.waits == [30.0]


def test_the_needles_are_lifted_after_a_cancel_too() -> None:
    needles = prober(("LIFT", "OK"), ("CELL?", "OK NONE"))
    needles.link.cancel()
    assert needles.make_safe() == {"cell": -1}


def test_the_panel_offers_the_cells_that_there_are_and_none() -> None:
    assert prober().settings()["cell"].limits == (-1, 199)


def test_a_cell_that_is_not_there_is_refused_before_anything_is_sent() -> None:
    for cell in (-1, 200):
        with pytest.raises(LimitError, match="the cells are 0 to 199"):
            prober().move_to(cell)
    with pytest.raises(ConfigError, match="at least 1"):
        prober(cells=0)


def test_the_needles_choose_the_cell_that_is_measured(wafer: Station) -> None:
    needles: Any = wafer["prober"]
    assert resistance(wafer) == np.inf
    found = []
    for cell in (0, 1, 0):
        needles.move_to(cell)
        found.append(resistance(wafer))
    assert found[0] == pytest.approx(found[2], rel=0.05)  # the noise of two reads, 1 % each
    assert found[0] != pytest.approx(found[1], rel=1e-3)
    assert wafer.lab is not None
    truth = wafer.lab.bench.device("cell").cells.resistance(wafer.clock.now())
    assert found == pytest.approx(truth[[0, 1, 0]], rel=0.05)


def test_cells_drift_while_another_is_measured(wafer: Station) -> None:
    from labctl.capabilities import Pulse

    needles: Any = wafer["prober"]
    pulser: Any = wafer["pulser"]
    needles.move_to(4)
    pulser.send_pulses(Pulse(height=5.0, rise=5e-9, width=60e-9, fall=5e-9))
    before = resistance(wafer)
    needles.move_to(5)
    wafer.clock.wait(1000.0)
    needles.move_to(4)
    assert resistance(wafer) == pytest.approx(before * (1000.0 / 0.05) ** 0.1, rel=0.4)


def test_a_move_takes_time_and_staying_takes_none(wafer: Station) -> None:
    needles: Any = wafer["prober"]
    start = wafer.clock.now()
    needles.move_to(3)
    assert wafer.clock.now() - start == pytest.approx(0.5)
    needles.move_to(3)
    assert wafer.clock.now() - start == pytest.approx(0.5)
    needles.cell.set(-1)
    assert needles.cell.get() == -1


def test_a_net_without_cells_has_nothing_to_choose(tmp_path: Path) -> None:
    text = shipped_stations()["pcm-wafer"].read_text()
    path = tmp_path / "station.toml"
    path.write_text(text.replace('device = "pcm"\noptions = { cells = 200 }', 'device = "resistor"'))
    with pytest.raises(ConfigError, match="no cells to choose from"):
        labctl.open_station(path, simulate=True)
