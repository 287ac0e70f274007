"""The chooser: groups, search, and the station that a protocol needs."""

from typing import ClassVar

import pytest

from labctl.capabilities import Digitizer
from labctl.gui.chooser import ProtocolChooser
from labctl.protocol import Plan, Steps

PAPERS = ("Yao", "Kim", "Wan", "Ielmini", "Sebastian", "Burr", "Strukov")
DEVICES = ("PCM", "RRAM", "Selector")


@pytest.fixture
def many(lab, qtbot, light):
    """A chooser with 60 protocols of three devices."""

    def made(number):
        return type(
            f"Made{number}",
            (lab.protocol,),
            {
                "__doc__": f"Number {number} of many.",
                "name": f"made-{number}",
                "title": f"Protocol {number}",
                "source": f"Paper of {PAPERS[number % 7]}",
                "device": f"{DEVICES[number % 3]} cell",
                "purpose": f"Purpose {number % 4}",
            },
        )

    chooser = ProtocolChooser()
    qtbot.addWidget(chooser)
    chooser.show()
    chooser.show_protocols({f"made-{n}": made(n) for n in range(60)})
    return chooser


def visible(chooser):
    return [item.text(0) for item in chooser.items() if not item.isHidden()]


def test_protocols_are_grouped_by_device_and_purpose(many):
    tree = many.tree
    devices = [tree.topLevelItem(i).text(0) for i in range(tree.topLevelItemCount())]
    assert devices == ["PCM cell", "RRAM cell", "Selector cell"]
    first = tree.topLevelItem(0)
    assert [first.child(i).text(0) for i in range(first.childCount())] == [f"Purpose {i}" for i in range(4)]
    assert len(list(many.items())) == 60


def test_every_word_of_a_search_counts_and_empty_groups_go(many):
    many.search.setText("ielmini RRAM")
    numbers = sorted(int(name.split()[1]) for name in visible(many))
    assert numbers == [n for n in range(60) if n % 7 == 3 and n % 3 == 1]
    assert many.tree.topLevelItem(0).isHidden()
    assert not many.tree.topLevelItem(1).isHidden()
    many.search.setText("nothing like it")
    assert visible(many) == []
    many.search.clear()
    assert len(visible(many)) == 60


def test_a_choice_describes_the_protocol_and_tells_it(many, qtbot):
    with qtbot.waitSignal(many.chosen) as told:
        many.choose("made-17")
    assert told.args[0].name == "made-17"
    assert many.description.text() == "Number 17 of many."
    assert many.source.text() == "made-17 \N{MIDDLE DOT} source: Paper of Ielmini"


def test_a_group_is_no_choice(many):
    before = many.description.text()
    many.tree.setCurrentItem(many.tree.topLevelItem(2))
    assert many.description.text() == before


class Scoped:
    """Mixed into the tiny protocol: needs an instrument that the tiny station lacks."""

    name: ClassVar[str] = "scoped"
    title: ClassVar[str] = "Needs a scope"
    station: ClassVar[str] = "full-lab"

    def plan(self, scope: Digitizer) -> Plan:
        return Plan(1.0, 0, 0.0, 0.0, 0.0, 1)

    def run(self, scope: Digitizer) -> Steps:
        yield from ()


def test_a_protocol_that_the_station_cannot_run_offers_its_own(window, lab, qtbot):
    scoped = type("NeedsScope", (Scoped, lab.protocol), {"__doc__": "Needs a scope."})
    window.chooser.show_protocols({"ramp": lab.protocol, "scoped": scoped}, "ramp")
    qtbot.waitUntil(lambda: window.conductor.plan is not None)
    assert not window.chooser.offer.isVisible()
    window.chooser.choose("scoped")
    qtbot.waitUntil(lambda: window.chooser.offer.isVisible())
    assert window.chooser.take_station.text() == "Take the station full-lab"
    assert "lacks an instrument" in window.chooser.offer_words.text()
    wanted = []
    window.laboratory.choose = lambda name, **options: wanted.append((name, options["simulate"]))
    window.chooser.take_station.click()
    assert wanted == [("full-lab", True)]
    window.chooser.choose("ramp")
    qtbot.waitUntil(lambda: not window.chooser.offer.isVisible())


def test_the_window_describes_the_protocol_that_is_chosen(window):
    assert window.chooser.description.text() == "Read cells level by level."
    assert window.chooser.source.text() == "ramp \N{MIDDLE DOT} source: made up for tests"
