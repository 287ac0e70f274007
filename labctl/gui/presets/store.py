"""The presets' files: TOML, one a preset; ``labctl run --parameters`` takes them, too. No Qt in here."""

import contextlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labctl.errors import ConfigError
from labctl.protocol import Protocol

_NAME = re.compile(r"[^\s./\\:*?\"<>|][^./\\:*?\"<>|]{0,59}")


class PresetStore:
    """Presets of every protocol.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self, protocol: str) -> list[str]:
        """Return the names of a protocol's presets, in order."""
        return sorted(path.stem for path in (self.folder / protocol).glob("*.toml"))

    def save(self, protocol: Protocol, name: str) -> list[str]:
        """Keep parameters under a name, in place of what had it; return all names.

        Raises:
            ConfigError: The name cannot be a file's, or the file cannot be written.
        """
        path = self._path(protocol.name, name)
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(to_toml(protocol.model_dump(mode="json")), encoding="utf-8")
            os.replace(part, path)
        except OSError as error:
            raise ConfigError(f"the preset cannot be kept in {path}: {error}") from error
        return self.names(protocol.name)

    def load(self, kind: type[Protocol], name: str) -> Protocol:
        """Return a preset.

        Raises:
            ConfigError: It is not there, damaged, or of parameters that the protocol no longer takes.
        """
        path = self._path(kind.name, name)
        try:
            return kind.from_mapping(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ConfigError(f"the preset {path} cannot be read: {error}") from error

    def delete(self, protocol: str, name: str) -> list[str]:
        """Take a preset away; return the names that are left."""
        with contextlib.suppress(FileNotFoundError):
            self._path(protocol, name).unlink()
        return self.names(protocol)

    def _path(self, protocol: str, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ConfigError(f'{name!r} cannot name a preset: 1 to 60 characters, none of . / \\ : * ? " < > |')
        return self.folder / protocol / f"{name}.toml"


def to_toml(values: Mapping[str, Any]) -> str:
    """Return plain values as TOML; what is ``None`` is left out."""
    return "".join(f"{key} = {_toml(value)}\n" for key, value in values.items() if value is not None)


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = (f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items() if item is not None)
        return "{ " + ", ".join(inner) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
