"""Sample, die, device, operator and note: from the entries into each file, and offered again."""

import dataclasses
import json
import shutil

import h5py
import pytest
from PyQt6.QtCore import Qt

import labctl
from labctl.events import RunState
from labctl.gui.history.model import Filter
from labctl.gui.labels import LabelEntry

TEXTS = {"sample": "wafer 3", "die": "C4", "device": "D17", "operator": "Ada", "note": "after the anneal"}


def fill(window, **texts):
    for name, text in texts.items():
        window.run_bar.labels[name].setText(text)


def run(window, run_through):
    run_through(window)
    assert window.session.state is RunState.DONE
    return labctl.load(window.result.path.text())


def shown(entry):
    """Return what the entry's open list shows."""
    completer = entry._all
    return [completer.completionModel().index(i, 0).data() for i in range(completer.completionCount())]


def test_what_is_entered_is_in_the_file_in_its_own_places(window, run_through):
    fill(window, **TEXTS)
    data = run(window, run_through)
    assert {name: getattr(data.header, name) for name in TEXTS} == TEXTS
    with h5py.File(data.path) as file:
        entry = file["entry"]
        found = {name: entry[f"sample/{name}"].asstr()[()] for name in ("name", "die", "device")}
        assert found == {"name": "wafer 3", "die": "C4", "device": "D17"}
        assert entry["user/name"].asstr()[()] == "Ada"
        assert entry["notes/data"].asstr()[()] == "after the anneal"


def test_the_queue_takes_them_along(window, lab, qtbot):
    fill(window, **TEXTS)
    window.queue_panel.add.click()
    fill(window, sample="another", die="", device="", operator="Grace", note="")
    window.queue_panel.start.click()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: bool(window.queue.model.entries[0].file) and not window.laboratory.is_busy)
    header = labctl.load(window.queue.model.entries[0].file).header
    assert {name: getattr(header, name) for name in TEXTS} == TEXTS


def test_those_used_last_are_offered_on_the_next_day_and_can_be_taken(make_window, qtbot, run_through):
    first = make_window()
    fill(first, **TEXTS)
    run(first, run_through)
    fill(first, sample="wafer 4", die="A1")
    run(first, run_through)
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible())
    second = make_window(connect=False)
    bar = second.run_bar
    assert {name: entry.text() for name, entry in bar.labels.items()} == {
        **TEXTS, "sample": "wafer 4", "die": "A1", "note": "",
    }  # fmt: skip
    assert bar.sample.offers == ["wafer 4", "wafer 3"]
    assert bar.labels["note"].offers == ["after the anneal"]
    bar.sample.setFocus()
    qtbot.keyClick(bar.sample, Qt.Key.Key_Down)
    assert shown(bar.sample) == ["wafer 4", "wafer 3"]
    popup = bar.sample._all.popup()
    assert popup.isVisible()
    popup.setCurrentIndex(popup.model().index(1, 0))
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert bar.sample.text() == "wafer 3"
    assert bar.entries().sample == "wafer 3"


def test_what_is_typed_narrows_the_offers(qtbot):
    entry = LabelEntry()
    qtbot.addWidget(entry)
    entry.offered.setStringList(["wafer 4", "die 3", "wafer 3"])
    entry.show()
    entry.setFocus()
    qtbot.keyClicks(entry, "WAF")
    completer = entry.completer()
    assert completer is not None
    assert completer.completionCount() == 2
    completer.popup().hide()


def test_the_history_finds_a_run_by_die_device_and_note(window, qtbot, run_through):
    fill(window, **TEXTS)
    data = run(window, run_through)
    qtbot.waitUntil(lambda: data.path in window.runs.runs and window.runs.runs[data.path].status == "done")
    facts = window.runs.runs[data.path]
    assert Filter(words="c4 D17 anneal").passes(facts)
    assert not Filter(words="C5").passes(facts)
    named = dataclasses.replace(facts, path=data.path.with_name("2026-11-23T07-01-02_ramp_7c5d0f.h5"))
    assert not Filter(words="C5").passes(named)
    for whole in ("7C5d0f", "2026-11 ramp .h5", named.path.name, named.path.stem):
        assert Filter(words=whole).passes(named)
    window.history.choose(data.path)
    qtbot.waitUntil(lambda: window.history.preview.facts.rowCount() > 0)
    table = window.history.preview.facts
    rows = {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount())}
    assert {name: rows[name] for name in TEXTS} == TEXTS


@pytest.mark.parametrize("missing", [("die",), ("die", "device", "note")])
def test_a_file_of_before_there_were_dies_and_notes_is_read(window, tmp_path, missing, run_through):
    fill(window, **TEXTS)
    path = tmp_path / "old.h5"
    shutil.copy(run(window, run_through).path, path)
    with h5py.File(path, "r+") as file:
        header = json.loads(file["entry"].attrs["labctl_header"])
        for name in missing:
            del header[name]
        file["entry"].attrs["labctl_header"] = json.dumps(header)
    data = labctl.load(path)
    assert [getattr(data.header, name) for name in missing] == [""] * len(missing)
    assert data.header.sample == "wafer 3"


def test_a_list_of_offers_that_is_damaged_is_no_offer(make_window, store):
    store.setValue("used/sample", "{broken")
    assert make_window(connect=False).run_bar.sample.offers == []
