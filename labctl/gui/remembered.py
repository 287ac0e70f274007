"""What the window remembers from one day to the next."""

import json
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSettings, QStandardPaths


class Remembered:
    """Typed access to the stored settings.

    Args:
        store: Where they are; the user's own if not given.
    """

    def __init__(self, store: QSettings | None = None) -> None:
        self._store = store if store is not None else QSettings("labctl", "labctl")

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""
        value = self._store.value(key, default)
        return str(value) if value is not None else default

    def flag(self, key: str) -> bool:
        """Return a switch, off where it was never set."""
        return self.text(key) == "yes"

    def bytes(self, key: str) -> QByteArray:
        """Return the state of a window, empty where it was never stored."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, empty where it was never stored."""
        try:
            found = json.loads(self.text(key, "[]"))
        except ValueError:
            return []
        return [str(text) for text in found] if isinstance(found, list) else []

    def folder(self) -> Path:
        """Return the data folder."""
        folder = self.text("folder")
        if folder:
            return Path(folder)
        from labctl.api import DEFAULT_FOLDER

        return DEFAULT_FOLDER

    def settings_folder(self) -> Path:
        """Return the folder for the program's own small files: queue, presets."""
        file = Path(self._store.fileName())
        if file.suffix in {".ini", ".conf"}:
            return file.parent
        return Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppConfigLocation)) / "labctl"

    def store(self, **values: object) -> None:
        """Store texts, lists of texts, switches and window states by key."""
        for key, value in values.items():
            if isinstance(value, list):
                value = json.dumps(value)
            self._store.setValue(key, ("yes" if value else "no") if isinstance(value, bool) else value)
        self._store.sync()
