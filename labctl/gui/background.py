"""One thread for work that may block; its results come back on the GUI thread, in order."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

T = TypeVar("T")


class Background(QObject):
    """Does one piece of work after another, away from the GUI thread.

    Args:
        name: Of the thread.
        parent: As for any `QObject`.
    """

    _finished = pyqtSignal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._pending = 0
        self._closed = False
        self._finished.connect(self._deliver)

    @property
    def is_busy(self) -> bool:
        """Whether work waits, is under way, or has a result that is not delivered yet."""
        return self._pending > 0

    def submit(self, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Do ``work`` in the thread, then call ``then`` with its result, or ``failed``, on the GUI thread.

        What is given after `close` is dropped.
        """
        if self._closed:
            return
        self._pending += 1

        def task() -> None:
            try:
                result = work()
            except Exception as error:
                # A closure keeps the name only if it is bound anew: ``error`` is gone after this block.
                problem = error
                self._finished.emit(lambda: failed(problem))
            else:
                self._finished.emit(lambda: then(result))

        self._pool.submit(task)

    def close(self, *, drop: bool = True) -> None:
        """Wait for what is under way; what waits is dropped, or done first."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=drop)

    @pyqtSlot(object)
    def _deliver(self, call: Callable[[], Any]) -> None:
        self._pending -= 1
        call()
