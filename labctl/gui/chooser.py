"""The protocols that there are: found by a word, with what each one is and where it comes from."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from labctl import plugins
from labctl.protocol import Protocol

_NAME = Qt.ItemDataRole.UserRole


def load_protocols() -> dict[str, type[Protocol]]:
    """Import every protocol that is installed; takes time, so not on the GUI thread."""
    return {name: plugins.load("protocols", name) for name in sorted(plugins.table("protocols"))}


class ProtocolChooser(QWidget):
    """Lists the protocols and describes the one that is chosen."""

    chosen = pyqtSignal(object)
    """The protocol's class."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.protocols: dict[str, type[Protocol]] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("find a protocol")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setFixedHeight(66)
        self.list.currentItemChanged.connect(self._changed)
        self.description = QLabel("Looking for protocols \N{HORIZONTAL ELLIPSIS}")
        self.description.setWordWrap(True)
        self.source = QLabel()
        self.source.setWordWrap(True)
        self.source.setProperty("role", "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.setSpacing(4)
        for widget in (self.search, self.list, self.description, self.source):
            layout.addWidget(widget)

    def show_protocols(self, protocols: dict[str, type[Protocol]], preferred: str = "") -> None:
        """List ``protocols`` and choose the preferred one, or else the first."""
        self.protocols = protocols
        self.list.clear()
        for name, protocol in protocols.items():
            item = QListWidgetItem(f"{protocol.title}  ({name})")
            item.setData(_NAME, name)
            self.list.addItem(item)
        self.description.setText("" if protocols else "No protocol is installed.")
        if protocols:
            self.choose(preferred if preferred in protocols else next(iter(protocols)))

    def choose(self, name: str) -> None:
        """Choose a protocol by its short name."""
        for index in range(self.list.count()):
            item = self.list.item(index)
            if item is not None and item.data(_NAME) == name:
                self.list.setCurrentRow(index)

    def _changed(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        protocol = self.protocols[item.data(_NAME)]
        self.description.setText(_first_paragraph(protocol.__doc__ or ""))
        self.source.setText(f"Source: {protocol.source}")
        self.chosen.emit(protocol)

    def _filter(self, text: str) -> None:
        for index in range(self.list.count()):
            item = self.list.item(index)
            if item is not None:
                protocol = self.protocols[item.data(_NAME)]
                words = f"{item.text()} {protocol.source} {protocol.__doc__}".casefold()
                item.setHidden(text.casefold() not in words)


def _first_paragraph(doc: str) -> str:
    return " ".join(doc.strip().split("\n\n")[0].split())
