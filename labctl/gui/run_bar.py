"""The run bar: the verbs with their keys, outputs off, progress, and what a run would do before it is started."""

import dataclasses

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QToolButton, QVBoxLayout, QWidget

from labctl.events import Progress, RunState
from labctl.gui.labels import LabelEntry
from labctl.gui.roles import set_property, set_role
from labctl.gui.texts import LABELS
from labctl.units import format_duration

_VERBS = (
    ("run", "\N{BLACK RIGHT-POINTING TRIANGLE} Run", "F5", "start a run with the parameters of the form"),
    ("pause", "\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} Pause", "F6", "finish what is under way, then wait"),
    ("resume", "\N{BLACK RIGHT-POINTING TRIANGLE} Resume", "F7", "go on after a pause"),
    ("stop", "\N{BLACK SQUARE} Stop", "F8", "finish the step, then end"),
    ("abort", "\N{MULTIPLICATION X} Abort", "F9", "end now and make the instruments safe"),
    ("off", "\N{BLACK CIRCLE} OUTPUTS OFF", "F12", "abort a run if there is one, and make every instrument safe now"),
)
_TWO_LINES = 34
"""Height, in pixels, that the dry run is given, so that nothing jumps when it takes one line or two."""
_CAPTIONS = {
    "sample": "&sample",
    "die": "d&ie",
    "device": "de&vice",
    "operator": "o&perator",
    "note": "n&ote",
    "seed": "s&eed",
}
_SHARES = {"sample": 4, "die": 2, "device": 2, "operator": 3, "note": 6, "seed": 2}
"""Of the width."""
_ALLOWED: dict[RunState | None, frozenset[str]] = {
    RunState.RUNNING: frozenset({"pause", "stop", "abort"}),
    RunState.PAUSED: frozenset({"resume", "stop", "abort"}),
    RunState.STOPPING: frozenset({"abort"}),
    RunState.ABORTING: frozenset(),
}
_STATE_WORDS = {
    None: "no run yet",
    RunState.READY: "starting \N{HORIZONTAL ELLIPSIS}",
    RunState.RUNNING: "\N{BLACK RIGHT-POINTING TRIANGLE} running",
    RunState.PAUSED: "\N{HEAVY VERTICAL BAR}\N{HEAVY VERTICAL BAR} paused",
    RunState.STOPPING: "\N{BLACK SQUARE} finishing the step",
    RunState.ABORTING: "\N{MULTIPLICATION X} aborting, making safe",
    RunState.DONE: "\N{CHECK MARK} done",
    RunState.STOPPED: "\N{BLACK SQUARE} stopped",
    RunState.ABORTED: "\N{MULTIPLICATION X} aborted",
    RunState.FAILED: "\N{WARNING SIGN} failed",
}
_STATE_ROLES = {
    RunState.RUNNING: "good",
    RunState.DONE: "good",
    RunState.PAUSED: "caution",
    RunState.STOPPING: "caution",
    RunState.ABORTING: "caution",
    RunState.FAILED: "error",
}


@dataclasses.dataclass(frozen=True)
class RunEntries:
    """What goes into the run file besides the parameters; ``seed`` is ``None`` where it is to be drawn."""

    sample: str = ""
    die: str = ""
    device: str = ""
    operator: str = ""
    note: str = ""
    seed: int | None = None

    def labels(self) -> dict[str, str]:
        """Return everything but the seed, by name."""
        return {name: getattr(self, name) for name in LABELS}


class RunBar(QWidget):
    """Buttons, entries and progress; ``actions_by_name`` has the actions, which carry the keys."""

    entries_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.actions_by_name = {name: self._action(text, key, tip) for name, text, key, tip in _VERBS}
        self.buttons = {name: self._button(action) for name, action in self.actions_by_name.items()}
        set_property(self.buttons["off"], "role", "off")
        self.state = QLabel()
        self.state.setMinimumWidth(150)
        self.progress = QProgressBar()
        self.progress.setMinimumWidth(260)
        self.progress.setTextVisible(True)
        self.labels = {name: LabelEntry() for name in LABELS}
        self.seed = QLineEdit()
        self.seed.setPlaceholderText("drawn")
        self.plan = QLabel()
        self.plan.setWordWrap(True)
        self.plan.setFixedHeight(_TWO_LINES)
        self.plan.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for entry in (*self.labels.values(), self.seed):
            entry.textChanged.connect(self.entries_changed)
        self._arrange()
        self.show_state(None, can_run=False)
        self.show_progress(None)

    def entries(self) -> RunEntries | None:
        """Return the entries, or ``None`` where the seed is no whole number from 0."""
        text = self.seed.text().strip()
        wrong = bool(text) and not text.isdecimal()
        set_property(self.seed, "wrong", wrong)
        if wrong:
            return None
        texts = {name: entry.text().strip() for name, entry in self.labels.items()}
        return RunEntries(seed=int(text) if text else None, **texts)

    @property
    def sample(self) -> LabelEntry:
        """The entry of the sample."""
        return self.labels["sample"]

    @property
    def operator(self) -> LabelEntry:
        """The entry of the operator."""
        return self.labels["operator"]

    def show_state(self, state: RunState | None, *, can_run: bool) -> None:
        """Show where the run is and which verbs there are."""
        self.state.setText(_STATE_WORDS[state])
        set_role(self.state, _STATE_ROLES.get(state, "heading") if state else "hint")
        self._allow(_ALLOWED.get(state, frozenset({"run"} if can_run else ())))
        for entry in (*self.labels.values(), self.seed):
            entry.setEnabled(state not in _ALLOWED)

    def _allow(self, allowed: frozenset[str]) -> None:
        """Enable verbs, and take the keyboard from one that ceases: to Pause or Resume, or to none.

        Qt would move it on to the next button, which may be "outputs off" or Abort: a second press of the Space bar
        would do what nobody wants.
        """
        loses = any(self.buttons[name].hasFocus() for name in self.buttons.keys() - allowed - {"off"})
        if loses:
            self.setFocus()
        for name, action in self.actions_by_name.items():
            action.setEnabled(name == "off" or name in allowed)
        heir = next((name for name in ("pause", "resume") if name in allowed), None)
        if self.hasFocus() and heir is not None:
            self.buttons[heir].setFocus()

    def show_plan(self, words: str, *, wrong: bool) -> None:
        """Show what a run would do, or why there can be none."""
        self.plan.setText(f"\N{WARNING SIGN} {words}" if wrong else words)
        set_role(self.plan, "error" if wrong else "hint")

    def show_progress(self, progress: Progress | None, *, over: bool = False) -> None:
        """Show how much is done, ``None`` before anything is; nothing is left when it is ``over``."""
        if progress is None:
            self.progress.setRange(0, 1)
            self.progress.setValue(0)
            self.progress.setFormat("")
            return
        total = max(progress.total, 1)
        # A progress bar counts in 32 bits; its text need not.
        self.progress.setRange(0, 1000)
        if self.progress.value() != (share := 1000 * progress.done // total):
            self.progress.setValue(share)  # paints at once, which takes its time
        left = "" if over or progress.done >= progress.total else f", {format_duration(progress.remaining)} left"
        self.progress.setFormat(f"step {progress.done:,} of {progress.total:,}, {100 * progress.done // total} %{left}")

    def _action(self, text: str, key: str, tip: str) -> QAction:
        action = QAction(f"{text} ({key})", self)
        action.setShortcut(key)
        action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        action.setToolTip(f"{tip} ({key})")
        return action

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return button

    def _arrange(self) -> None:
        top = QHBoxLayout()
        for name in ("run", "pause", "resume", "stop", "abort"):
            top.addWidget(self.buttons[name])
        top.addSpacing(8)
        top.addWidget(self.state)
        top.addWidget(self.progress, 1)
        top.addSpacing(8)
        top.addWidget(self.buttons["off"])
        below = QHBoxLayout()
        for name, entry in (*self.labels.items(), ("seed", self.seed)):
            caption = QLabel(_CAPTIONS[name])
            caption.setBuddy(entry)
            entry.setMinimumWidth(60)
            below.addWidget(caption)
            below.addWidget(entry, _SHARES[name])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addLayout(below)
        layout.addWidget(self.plan)
