"""What every driver, simulated twin and protocol that is registered keeps to; a loop over all, and no exceptions."""

import ast
import dataclasses
import importlib
import inspect
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from labctl import plugins
from labctl.api import dry_run
from labctl.errors import StateError
from labctl.instrument import Instrument
from labctl.links import LibraryLink, Link
from labctl.plots import ArrayMap, CumulativeDistribution, Matrix
from labctl.protocol import Protocol
from labctl.settings import Setting
from labctl.simulation.hosting import HostedInstrument
from labctl.simulation.lab import BENCH, SimulatedLab
from labctl.stations.model import read_station, shipped_stations
from labctl.stations.station import Station, open_station
from labctl.units import UNITS

DRIVERS = sorted(plugins.table("drivers"))
TWINS = sorted(set(plugins.table("simulated_instruments")) - {BENCH})
PROTOCOLS = sorted(plugins.table("protocols"))

each_driver = pytest.mark.parametrize("name", DRIVERS)
each_twin = pytest.mark.parametrize("name", TWINS)
each_protocol = pytest.mark.parametrize("name", PROTOCOLS)


def touched(*arguments: Any, **keywords: Any) -> NoReturn:
    pytest.fail("the instrument was touched")


def unopened(name: str) -> Instrument:
    """Return a driver on a line that fails the test when it is opened."""
    driver: type[Instrument] = plugins.load("drivers", name)
    return driver(driver.link_type("nowhere", touched))


def place_of(name: str) -> tuple[str, str]:
    """Return the shipped station, and the role in it, that has the driver ``name``."""
    for station in sorted(shipped_stations()):
        for role, table in read_station(station)[0].instruments.items():
            if table.driver == name:
                return station, role
    pytest.fail(f"no shipped station has an instrument with the driver {name!r}")


@dataclasses.dataclass
class Simulated:
    station: Station
    role: str

    @property
    def instrument(self) -> Instrument:
        return self.station[self.role]


@pytest.fixture
def simulated(name: str) -> Iterator[Simulated]:
    """The driver ``name`` in front of its twin, in process; not open yet."""
    station, role = place_of(name)
    made = Simulated(open_station(station, simulate=True, seed=3, transport="in-process"), role)
    yield made
    made.station.close()


def sent(instrument: Instrument) -> list[bytes]:
    return [entry.data for entry in instrument.link.transcript if entry.direction == ">"]


# -- drivers --------------------------------------------------------------------------------------------------------


@each_driver
def test_making_a_driver_touches_no_instrument(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for link in (Link, LibraryLink):
        monkeypatch.setattr(link, "open", touched)
        monkeypatch.setattr(link, "send", touched)
    monkeypatch.setattr(LibraryLink, "call", touched)
    instrument = unopened(name)
    assert not instrument.is_open
    assert not instrument.link.is_open
    assert not instrument.link.transcript


@each_driver
def test_a_driver_names_its_vendor_its_models_and_its_idle_policies(name: str) -> None:
    instrument = unopened(name)
    assert instrument.vendor.strip()
    assert instrument.models
    assert all(model.strip() for model in instrument.models)
    assert instrument.idle in instrument.idle_policies


@each_driver
def test_each_setting_has_a_unit_of_the_closed_list_and_says_what_it_is(name: str) -> None:
    settings = unopened(name).settings()
    assert settings
    for key, bound in settings.items():
        assert bound.name == key
        assert bound.setting.unit in UNITS, key
        assert bound.setting.doc.strip(), key
        assert bound.setting.read or bound.setting.write, key


def is_bare_number(setting: Setting) -> bool:
    return setting.kind in {"float", "int"} and setting.choices is None


@each_driver
def test_each_number_that_can_be_set_has_limits_or_choices(simulated: Simulated) -> None:
    with simulated.instrument as instrument:
        for key, bound in instrument.settings().items():
            if bound.setting.write is not None and is_bare_number(bound.setting):
                assert bound.limits is not None, key
                low, high = bound.limits
                assert low <= high, key


@each_driver
def test_a_driver_has_its_own_safe_state(name: str) -> None:
    driver = type(unopened(name))
    assert driver.make_safe is not Instrument.make_safe
    assert driver.identify is not Instrument.identify


@each_driver
def test_a_driver_says_what_it_was_checked_against_and_where_its_facts_are_from(name: str) -> None:
    words = inspect.getdoc(importlib.import_module(type(unopened(name)).__module__)) or ""
    assert "hecked against" in words
    assert "simulation" in words
    assert "no real" in words
    assert "Source: " in words


@each_driver
def test_a_driver_has_a_simulated_twin_and_a_shipped_station(name: str) -> None:
    assert name in TWINS
    station, role = place_of(name)
    assert read_station(station)[0].instruments[role].driver == name


# -- a driver and its twin --------------------------------------------------------------------------------------------


@each_driver
def test_a_snapshot_takes_no_setting_that_disturbs_a_device(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    with simulated.instrument as instrument:
        settings = instrument.settings()
        for bound in settings.values():
            if bound.setting.disturbs:
                monkeypatch.setitem(vars(bound.setting), "read", touched)
        expected = {key for key, b in settings.items() if b.setting.read is not None and not b.setting.disturbs}
        snapshot = instrument.snapshot()
    assert set(snapshot) == expected
    assert all(isinstance(value, float | int | bool | str) for value in snapshot.values())


@each_driver
def test_a_driver_opens_restores_its_own_snapshot_unchanged_makes_safe_and_closes(simulated: Simulated) -> None:
    instrument = simulated.instrument
    instrument.open()
    assert instrument.identity is not None
    assert instrument.identity.model in instrument.models
    assert instrument.restore(instrument.snapshot()) == []
    states = instrument.make_safe()
    assert states, "make_safe read nothing back"
    assert all(isinstance(value, float | int | bool | str) for value in states.values())
    instrument.close()
    assert not instrument.is_open
    assert not instrument.link.is_open
    instrument.close()


@each_driver
def test_a_driver_opens_again_after_it_was_closed(simulated: Simulated) -> None:
    instrument = simulated.instrument
    for _ in range(2):
        with instrument:
            assert instrument.is_open
    assert sent(instrument)


@each_driver
def test_a_closed_driver_sends_nothing(simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostedInstrument, "exchange", touched)
    with pytest.raises(StateError, match="closed"):
        simulated.instrument.snapshot()


# -- twins ------------------------------------------------------------------------------------------------------------


@each_twin
def test_a_twin_stands_in_for_a_driver(name: str) -> None:
    assert name in DRIVERS


@each_twin
def test_a_twin_speaks_the_wire_or_has_the_functions_of_its_library(name: str) -> None:
    station, role = place_of(name)
    front_end = SimulatedLab(read_station(station)[0], seed=3).front_end(role)
    if plugins.load("drivers", name).link_type is LibraryLink:
        link = unopened(name).link
        assert isinstance(link, LibraryLink)
        assert link.signatures
        assert not [function for function in link.signatures if not hasattr(front_end, function)]
    else:
        assert isinstance(front_end.receive(b"\n"), bytes)
        front_end.clear()


@each_twin
def test_a_twin_shares_no_code_with_its_driver(name: str) -> None:
    module = importlib.import_module(plugins.load("simulated_instruments", name).__module__)
    imported = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
    assert not imported & {"drivers", "labctl", "pyvisa", "serial", "socket"}


@each_twin
def test_a_twin_says_where_its_facts_are_from(name: str) -> None:
    module = importlib.import_module(plugins.load("simulated_instruments", name).__module__)
    assert "Source" in (inspect.getdoc(module) or "") or "docs/" in (inspect.getdoc(module) or "")


# -- protocols --------------------------------------------------------------------------------------------------------


def as_toml(value: Any) -> str:
    """Return a value as TOML has it, tables in one line."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)} = {as_toml(item)}" for key, item in value.items() if item is not None)
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)


@each_protocol
def test_a_protocol_survives_toml(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    made = protocol.from_mapping({})
    values = made.model_dump()
    text = "\n".join(f"{key} = {as_toml(value)}" for key, value in values.items() if value is not None)
    assert protocol.from_mapping(tomllib.loads(text)) == made
    assert values


@each_protocol
def test_a_protocol_has_a_name_a_title_a_source_and_rows(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    assert protocol.name == name
    assert protocol.title.strip()
    assert protocol.source.strip()
    assert protocol.rows
    assert all(column.unit in UNITS for row in protocol.rows for column in row.columns)
    assert all(column.doc.strip() for row in protocol.rows for column in row.columns)


@each_protocol
def test_each_parameter_of_a_protocol_says_what_it_is(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    assert not [key for key, field in protocol.model_fields.items() if not field.description]


@each_protocol
def test_a_protocol_plots_columns_that_its_rows_have(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    for plot in protocol.plots:
        assert plot.row in protocol.rows
        wanted: set[str | None]
        if isinstance(plot, ArrayMap):
            wanted = {plot.cell, plot.value}
        elif isinstance(plot, CumulativeDistribution):
            wanted = {plot.x, plot.group}
        elif isinstance(plot, Matrix):
            wanted = {plot.down, plot.across, plot.value, *plot.moment}
        else:
            wanted = {plot.x, plot.y, plot.group, plot.goal} - {None}
        assert wanted <= {column.name for column in plot.row.columns}, plot.title
        assert plot.title.strip()


@each_protocol
def test_a_protocol_documents_itself_and_has_a_generator(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    assert inspect.getdoc(protocol) not in {None, inspect.getdoc(Protocol)}
    assert inspect.isgeneratorfunction(getattr(protocol, "run", None))
    assert protocol.plan is not Protocol.plan


@each_protocol
def test_a_protocol_has_its_page_and_stands_in_the_index(name: str) -> None:
    pages = Path(__file__).parent.parent / "docs" / "protocols"
    assert (pages / f"{name}.md").read_text(encoding="utf-8").startswith(f"# {name}")
    assert f"[{name}]({name}.md)" in (pages / "README.md").read_text(encoding="utf-8")


@each_protocol
def test_a_protocol_plans_its_defaults_on_its_own_station(name: str) -> None:
    protocol: type[Protocol] = plugins.load("protocols", name)
    assert protocol.station in shipped_stations()
    plan = dry_run(protocol.from_mapping({}), open_station(protocol.station, simulate=True))
    assert plan.duration > 0.0
    assert plan.work > 0
    assert protocol.device.strip()
    assert protocol.purpose.strip()
