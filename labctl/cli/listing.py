"""``labctl protocols``, ``drivers`` and ``stations``."""

import inspect
import json as json_module
from typing import Any

from labctl import plugins
from labctl.api import parameter_units
from labctl.errors import ConfigError
from labctl.instrument import Instrument
from labctl.protocol import Protocol
from labctl.resources import wanted_capabilities
from labctl.settings import settings_of
from labctl.stations.model import read_station, shipped_stations
from labctl.units import format_quantity

_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


def protocol_facts(name: str) -> dict[str, Any]:
    """Return what there is to know of a protocol, in plain values."""
    protocol: type[Protocol] = plugins.load("protocols", name)
    return {
        "name": name,
        "title": protocol.title,
        "source": protocol.source,
        "device": protocol.device,
        "purpose": protocol.purpose,
        "station": protocol.station,
        "description": inspect.getdoc(protocol) or "",
        "needs": {argument: c.__name__ for argument, c in wanted_capabilities(protocol).items()},
        "parameters": _parameters(protocol.model_json_schema(), parameter_units(protocol)),
    }


def show_protocols(*, json: bool) -> None:
    """List the protocols."""
    facts = [protocol_facts(name) for name in sorted(plugins.table("protocols"))]
    if json:
        print(json_module.dumps({"protocols": facts}))
        return
    for protocol in facts:
        print(f"{protocol['name']}: {protocol['title']} ({protocol['source']})")
        print(f"    {protocol['description']}")
        for name, parameter in protocol["parameters"].items():
            print(f"    {name:<24} {_default(parameter):<16} {_bounds(parameter):<34} {parameter['description']}")


def show_drivers(*, json: bool) -> None:
    """List the drivers."""
    facts: list[dict[str, Any]] = []
    for name in sorted(plugins.table("drivers")):
        driver: type[Instrument] = plugins.load("drivers", name)
        settings = {
            key: {"unit": s.unit, "doc": s.doc, "reads": s.read is not None, "writes": s.write is not None}
            for key, s in settings_of(driver).items()
        }
        facts.append({"name": name, "vendor": driver.vendor, "models": list(driver.models), "settings": settings})
    if json:
        print(json_module.dumps({"drivers": facts}))
        return
    for driver_facts in facts:
        print(f"{driver_facts['name']}: {driver_facts['vendor']} {', '.join(driver_facts['models'])}")
        for key, setting in driver_facts["settings"].items():
            print(f"    {key:<24} {setting['unit']:<6} {setting['doc']}")


def show_stations(*, json: bool) -> None:
    """List the shipped stations."""
    facts: list[dict[str, Any]] = []
    for name, path in shipped_stations().items():
        try:
            station, _ = read_station(path)
        except ConfigError as error:
            facts.append({"name": name, "file": str(path), "error": str(error)})
            continue
        roles = {role: table.driver for role, table in station.instruments.items()}
        facts.append({"name": name, "file": str(path), "description": station.description, "instruments": roles})
    if json:
        print(json_module.dumps({"stations": facts}))
        return
    for entry in facts:
        print(f"{entry['name']}: {entry.get('description') or entry.get('error')}")
        print(f"    {entry['file']}")


def _parameters(schema: dict[str, Any], units: dict[str, str], prefix: str = "") -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    definitions = schema.get("$defs", {})
    for name, field in schema.get("properties", {}).items():
        reference = field.get("$ref") or next((part["$ref"] for part in field.get("allOf", []) if "$ref" in part), "")
        if reference:
            nested = {**definitions[reference.rsplit("/", 1)[-1]], "$defs": definitions}
            for key, parameter in _parameters(nested, units, f"{prefix}{name}.").items():
                found[key] = {**parameter, "default": field.get("default", {}).get(key.rsplit(".", 1)[-1])}
            continue
        found[prefix + name] = {
            "type": field.get("type", "choice" if "enum" in field else "any"),
            "unit": units.get(prefix + name, ""),
            "default": field.get("default"),
            "description": field.get("description", ""),
            **{bound: field[bound] for bound in _BOUNDS if bound in field},
            **({"choices": field["enum"]} if "enum" in field else {}),
        }
    return found


def _default(parameter: dict[str, Any]) -> str:
    value = parameter["default"]
    return format_quantity(value, parameter["unit"]) if isinstance(value, float) else str(value)


def _bounds(parameter: dict[str, Any]) -> str:
    if "choices" in parameter:
        return "one of " + ", ".join(parameter["choices"])
    words = [
        f"{word} {format_quantity(parameter[b], parameter['unit'])}" for b, word in _BOUNDS.items() if b in parameter
    ]
    return ", ".join(words)
