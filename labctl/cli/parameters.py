"""Protocol parameters from the command line and from TOML files."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from labctl import plugins
from labctl.errors import ConfigError
from labctl.protocol import Protocol


def gather(name: str, file: Path | None, assignments: Sequence[str]) -> Protocol:
    """Return the protocol ``name`` with the parameters of a file and, over them, those given as ``key=value``.

    Raises:
        ConfigError: Unknown protocol or parameter, a value that does not fit, or a file that cannot be read.
    """
    protocol: type[Protocol] = plugins.load("protocols", name)
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{file} cannot be read as parameters: {error}") from error
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"--set {assignment!r} is not of the form key=value")
        _assign(values, key.strip().split("."), value.strip())
    return protocol.from_mapping(with_defaults(protocol, values))


def with_defaults(model: type[BaseModel], values: dict[str, Any]) -> dict[str, Any]:
    """Complete tables that give only some of a nested parameter's fields, such as ``set_pulse.width`` alone."""
    complete = dict(values)
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is not None and isinstance(field.default, BaseModel) and isinstance(value, dict):
            complete[key] = {**field.default.model_dump(), **value}
    return complete


def _assign(values: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{'.'.join(path)!r}: {part!r} is a value, not a group of values")
    values[path[-1]] = value
