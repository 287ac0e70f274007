"""How late an event loop comes round: a timer of 5 ms, and what it tells. Needs PyQt6 and numpy alone."""

import time

import numpy as np
from PyQt6.QtCore import QElapsedTimer, Qt, QTimer

PERIOD_MS = 5


class Lateness:
    """Notes how late each beat of a precise timer is."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._elapsed, self._timer = QElapsedTimer(), QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)
        self._elapsed.start()
        self._timer.start(PERIOD_MS)

    def rest(self) -> None:
        """Leave the processor alone for a moment, as an event loop does that has nothing to do."""
        time.sleep(0.0005)

    def shares(self) -> dict[str, float]:
        """Return percentiles, in ms."""
        names = ("median", "95 %", "99 %", "worst")
        return dict(zip(names, map(float, np.percentile(self.late, (50, 95, 99, 100))), strict=True))

    def _note(self) -> None:
        self.late.append(self._elapsed.nsecsElapsed() / 1e6 - PERIOD_MS)
        self._elapsed.restart()
