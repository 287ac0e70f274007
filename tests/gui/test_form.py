"""The form in both directions: change the entry and the protocol follows, show a protocol and the entries follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtWidgets import QApplication

from labctl.gui.form import ProtocolForm
from labctl.gui.texts import exact_text, range_text
from labctl.units import parse_quantity


@pytest.fixture
def form(qtbot, lab, light):
    form = ProtocolForm(lab.protocol)
    qtbot.addWidget(form)
    form.show()
    return form


def entry(form, *place):
    return form.rows[place].editor.widget


def test_a_range_that_finds_no_room_beside_its_entry_is_below_it(form):
    row = form.rows["bias", "height"]
    for width, below in ((420, False), (240, True), (420, False)):
        form.resize(width, 600)
        QApplication.processEvents()
        assert (row.range.y() >= row.editor.geometry().bottom()) is below
        assert row.range.width() >= row.range.fontMetrics().horizontalAdvance(row.range.text())


def test_a_new_form_shows_the_defaults_and_holds_the_default_protocol(form, lab):
    assert form.protocol == lab.protocol()
    assert entry(form, "top").text() == "2 uA"
    assert entry(form, "bias", "width").text() == "50 ns"
    assert entry(form, "gain").text() == ""
    assert entry(form, "points").text() == "1, 2.5"


@pytest.mark.parametrize(
    ("place", "text", "value"),
    [
        (("top",), "50n", 50e-9),
        (("top",), "0.2 uA", 0.2e-6),
        (("bias", "height"), "200 mV", 0.2),
        (("bias", "width"), "1e-6", 1e-6),
        (("steps",), "12", 12),
        (("gain",), "4", 4),
        (("gain",), "", None),
        (("points",), "3, 4.5 ,5", [3.0, 4.5, 5.0]),
    ],
)
def test_a_typed_entry_is_in_the_protocol(form, place, text, value):
    entry(form, *place).setText(text)
    at = form.protocol
    for part in place:
        at = getattr(at, part)
    assert at == value


def test_a_switch_and_a_choice_are_in_the_protocol(form):
    entry(form, "twice").setChecked(True)
    assert entry(form, "twice").text() == "on"
    entry(form, "order").setCurrentIndex(1)
    assert (form.protocol.twice, form.protocol.order) == (True, "down")


def test_a_protocol_is_shown_as_it_is(form, lab):
    given_protocol = lab.protocol(
        steps=7, top=123.456e-9, order="down", twice=True, gain=3, points=[0.1], bias={"height": 2.5, "width": 1e-6}
    )
    form.show_protocol(given_protocol)
    assert form.protocol == given_protocol
    assert entry(form, "top").text() == "123.456 nA"
    assert entry(form, "order").currentText() == "down"
    form.show_defaults()
    assert form.protocol == lab.protocol()


@pytest.mark.parametrize(
    ("place", "text", "words"),
    [
        (("steps",), "0", "at least 1"),
        (("top",), "2 A", "at most 1 mA"),
        (("top",), "2 V", "'V' was given"),
        (("bias", "height"), "5.1", "at most 5 V"),
        (("steps",), "many", "not a number"),
        (("points",), "1, x", "item 2"),
    ],
)
def test_a_wrong_entry_says_what_is_wrong_beside_the_field(form, place, text, words):
    entry(form, *place).setText(text)
    assert form.protocol is None
    assert words in form.rows[place].error.text()
    assert form.rows[place].error.isVisible()
    assert entry(form, *place).property("wrong") is True
    assert [row for row in form.rows.values() if row.error.text()] == [form.rows[place]]
    form.show_defaults()
    assert form.protocol is not None
    assert not form.rows[place].error.isVisible()
    assert entry(form, *place).property("wrong") is False


def test_what_is_wrong_with_several_entries_together_is_said_above_them(form):
    entry(form, "bias", "height").setText("4.5 V")
    entry(form, "twice").setChecked(True)
    assert form.protocol is None
    assert "above 4 V a cell is not read twice" in form.general.text()
    assert form.general.isVisible()
    entry(form, "twice").setChecked(False)
    assert form.protocol is not None
    assert not form.general.isVisible()


def test_the_bounds_and_the_description_are_in_sight(form, lab):
    assert form.rows["bias", "height"].range.text() == "0 V to 5 V"
    assert form.rows[("top",)].range.text() == "> 0 A to 1 mA"
    assert range_text(lab.protocol.model_fields["gain"]) == "at least 1"
    assert form.rows["bias", "height"].toolTip() == "how high\nrange: 0 V to 5 V\nunit: V"


@given(value=st.floats(allow_nan=False, allow_infinity=False), unit=st.sampled_from(["", "V", "s", "%"]))
def test_a_number_shown_reads_back_as_the_same_number(value, unit):
    assert parse_quantity(exact_text(value, unit), unit) == value


def test_a_wrong_entry_disables_run_and_a_right_one_brings_it_back(window, qtbot):
    steps = entry(window.form, "steps")
    steps.setText("0")
    assert not window.run_bar.actions_by_name["run"].isEnabled()
    assert "marked" in window.run_bar.plan.text()
    steps.setText("5")
    qtbot.waitUntil(lambda: window.run_bar.actions_by_name["run"].isEnabled())
    assert "pulses per device at most 5" in window.run_bar.plan.text()
    assert "about 1 min 5 s" in window.run_bar.plan.text()
    for name, text in window.conductor.plan.plan.describe().items():
        if name != "estimated duration":
            assert f"{name} {text}" in window.run_bar.plan.text()
    entry(window.form, "bias", "height").setText("2.5 V")
    qtbot.waitUntil(lambda: "2.5 V" in window.run_bar.plan.text())


def test_what_the_sample_does_not_stand_is_refused_beside_run(window, qtbot):
    entry(window.form, "bias", "height").setText("3.5 V")
    qtbot.waitUntil(lambda: "Cannot be run" in window.run_bar.plan.text())
    assert "3.5 V, but the station's sample stands 3 V" in window.run_bar.plan.text()
    assert not window.run_bar.actions_by_name["run"].isEnabled()
