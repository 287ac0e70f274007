"""The protocols that there are, by device and purpose: found by words, with what each is and where it comes from."""

from collections.abc import Iterator

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from labctl import plugins
from labctl.protocol import Protocol

_NAME = Qt.ItemDataRole.UserRole


def load_protocols() -> dict[str, type[Protocol]]:
    """Import every protocol that is installed; takes time, so not on the GUI thread."""
    return {name: plugins.load("protocols", name) for name in sorted(plugins.table("protocols"))}


class ProtocolChooser(QWidget):
    """Lists the protocols, describes the one that is chosen, and offers the station that it needs."""

    chosen = pyqtSignal(object)
    """The protocol's class."""
    station_wanted = pyqtSignal(str)
    """The name of the station that was offered, and taken."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.protocols: dict[str, type[Protocol]] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("find a protocol (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(12)
        self.tree.setUniformRowHeights(True)
        self.tree.currentItemChanged.connect(self._changed)
        self.description = QLabel("Looking for protocols \N{HORIZONTAL ELLIPSIS}")
        self.description.setWordWrap(True)
        self.source = QLabel()
        self.source.setWordWrap(True)
        self.source.setProperty("role", "hint")
        self.offer = QFrame()
        self.offer.setProperty("role", "offer")
        self.offer_words = QLabel()
        self.offer_words.setWordWrap(True)
        self.take_station = QPushButton()
        self.take_station.clicked.connect(lambda: self.station_wanted.emit(self._offered))
        self._offered = ""
        self._arrange()
        self.offer_station("", "")

    def show_protocols(self, protocols: dict[str, type[Protocol]], preferred: str = "") -> None:
        """List ``protocols`` by device and purpose, and choose the preferred one, or else the first."""
        self.protocols = protocols
        self.tree.clear()
        groups: dict[tuple[str, ...], QTreeWidgetItem] = {}
        ordered = sorted(protocols.items(), key=lambda pair: (pair[1].device, pair[1].purpose, pair[1].title))
        for name, protocol in ordered:
            device = self._group(groups, (protocol.device,))
            purpose = self._group(groups, (protocol.device, protocol.purpose), device)
            item = QTreeWidgetItem(purpose, [protocol.title])
            item.setData(0, _NAME, name)
            item.setToolTip(0, f"{name}\n{first_paragraph(protocol.__doc__ or '')}\nstation: {protocol.station}")
        self.tree.expandAll()
        self.description.setText("" if protocols else "No protocol is installed.")
        if protocols:
            self.choose(preferred if preferred in protocols else ordered[0][0])

    def choose(self, name: str) -> None:
        """Choose a protocol by its short name."""
        for item in self.items():
            if item.data(0, _NAME) == name:
                self.tree.setCurrentItem(item)

    def items(self) -> Iterator[QTreeWidgetItem]:
        """Yield the protocols' items, without the groups."""
        for device in _children(self.tree.invisibleRootItem()):
            for purpose in _children(device):
                yield from _children(purpose)

    def offer_station(self, name: str, words: str) -> None:
        """Offer a station for the protocol that is chosen; an empty name takes the offer away."""
        self._offered = name
        self.offer_words.setText(words)
        self.take_station.setText(f"Take the station {name}")
        self.offer.setVisible(bool(name))

    def _group(
        self,
        groups: dict[tuple[str, ...], QTreeWidgetItem],
        key: tuple[str, ...],
        parent: QTreeWidgetItem | None = None,
    ) -> QTreeWidgetItem:
        if key not in groups:
            item = QTreeWidgetItem([key[-1]])
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = item.font(0)
            font.setBold(parent is None)
            font.setItalic(parent is not None)
            item.setFont(0, font)
            if parent is None:
                self.tree.addTopLevelItem(item)
            else:
                parent.addChild(item)
            groups[key] = item
        return groups[key]

    def _changed(self, item: QTreeWidgetItem | None) -> None:
        name = item.data(0, _NAME) if item is not None else None
        if name is None:
            return
        protocol = self.protocols[name]
        self.description.setText(first_paragraph(protocol.__doc__ or ""))
        self.source.setText(f"{name} \N{MIDDLE DOT} source: {protocol.source}")
        self.chosen.emit(protocol)
        # The description may take another height, and room from the list, only after this.
        QTimer.singleShot(0, self._show_current)

    def _show_current(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.tree.scrollToItem(item)

    def _filter(self, text: str) -> None:
        """Show what has every word that was typed, and the groups that it is in."""
        wanted = text.casefold().split()
        for item in self.items():
            name = item.data(0, _NAME)
            p = self.protocols[name]
            words = " ".join((name, p.title, p.device, p.purpose, p.source, p.__doc__ or "")).casefold()
            item.setHidden(not all(word in words for word in wanted))
        for device in _children(self.tree.invisibleRootItem()):
            for purpose in _children(device):
                purpose.setHidden(all(item.isHidden() for item in _children(purpose)))
            device.setHidden(all(purpose.isHidden() for purpose in _children(device)))

    def _arrange(self) -> None:
        row = QHBoxLayout(self.offer)
        row.setContentsMargins(6, 4, 6, 4)
        row.addWidget(self.offer_words, 1)
        row.addWidget(self.take_station)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        for widget in (self.description, self.source, self.offer):
            layout.addWidget(widget)


def first_paragraph(doc: str) -> str:
    """Return the first paragraph of a docstring in one line."""
    return " ".join(doc.strip().split("\n\n")[0].split())


def _children(item: QTreeWidgetItem | None) -> Iterator[QTreeWidgetItem]:
    for index in range(item.childCount() if item is not None else 0):
        child = item.child(index) if item is not None else None
        if child is not None:
            yield child
