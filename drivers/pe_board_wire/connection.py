"""The connection to one PE board: its session, whether it is armed, and how lists become requests.

Source: docs/pe-board-wire.md, sections 4 and 6.
"""

import random
from collections.abc import Callable

from drivers.pe_board_wire import answers, requests
from drivers.pe_board_wire.answers import Lines
from drivers.pe_board_wire.baud import change_rate, find_board
from drivers.pe_board_wire.codes import SAFE_AFTER, Feature, Status
from drivers.pe_board_wire.hello import Capabilities
from drivers.pe_board_wire.noise import Batches
from drivers.pe_board_wire.requests import Request
from drivers.pe_board_wire.session import DISARMED, Session
from labctl.errors import ConfigError, InstrumentError, LimitError, StateError
from labctl.links import Link

WATCHDOG = 10.0
"""s of silence after which the board grounds its lines, unless the station says otherwise (assumed)."""
WATCHDOG_LIMITS = (0.1, 3600.0)
READ_TRIES = 4
"""Of a read that can still be split (assumed)."""
REARM_LIMIT = 3
"""Most times that one request finds the board disarmed by its watchdog (assumed)."""
_MS = 1e3


class Connection:
    """Talks to one board; the constructor does no I/O.

    Args:
        link: The line.
        role: The board's name in messages.
        floating: Whether lines float between operations, instead of being grounded.
    """

    def __init__(self, link: Link, role: str, *, floating: bool) -> None:
        self.link = link
        self.role = role
        self.watchdog = WATCHDOG
        self._floating = floating
        self._armed = False
        self._session: Session | None = None
        self._batches: Batches | None = None

    @property
    def session(self) -> Session:
        """The session with the board."""
        if self._session is None:
            raise StateError(f"{self.role} is closed")
        return self._session

    @property
    def baud(self) -> int | None:
        """The line's rate, once there has been a session."""
        return self._session.line.baud if self._session else None

    @property
    def counters(self) -> dict[str, int]:
        """What the line has counted since it was opened."""
        return dict(self._session.line.counters) if self._session else {}

    def set_watchdog(self, seconds: float) -> None:
        """Set the watchdog; in force from the next operation that drives lines."""
        low, high = WATCHDOG_LIMITS
        if seconds != 0.0 and not low <= seconds <= high:
            raise LimitError(
                f"{self.role}: watchdog is to be {seconds:g} s, but is 0 or goes from {low:g} s to {high:g} s"
            )
        if abs(seconds * _MS - round(seconds * _MS)) > 1e-6:
            raise LimitError(f"{self.role}: watchdog is to be {seconds:.9g} s, but goes in steps of 1 ms")
        self.watchdog, self._armed = float(seconds), False

    def start(self, baud: int, fast: int | None, numbers: random.Random | None) -> Capabilities:
        """Open a session, at whatever rate the board is, check what it is, and go to the ``fast`` rate."""
        self._armed = False
        self._session = session = Session(self.link, self.role, numbers)
        self._batches = Batches(session)
        found = find_board(session, [baud, fast] if fast else [baud])
        ours = Capabilities().geometry
        if found.geometry != ours:
            text = f"its arrays are {found.geometry}, this driver is for {ours}"
            raise InstrumentError(self.role, "HELLO", Status.OK, text)
        if self._floating and not found.features & Feature.FLOAT:
            raise ConfigError(
                f"{self.role}: idle = 'float' is not possible: the firmware of this board cannot float its lines"
            )
        if fast and fast != session.line.baud:
            if fast not in found.bauds or not found.features & Feature.SET_BAUD:
                known = ", ".join(map(str, found.bauds))
                raise ConfigError(f"{self.role}: fast_baud_rate = {fast} is not possible; this board has {known}")
            change_rate(session, fast)
        return found

    def ask(self, request: Request, *, tries: int | None = None) -> bytes:
        """Return the answer to a request; with ``tries`` it is given up after so many, executed or not."""
        try:
            if tries is None:
                return self.session.request(request)
            return self.session.request(request, tries=tries, insist=False)
        except InstrumentError as error:
            if error.code in SAFE_AFTER:
                self._disarmed()
            if error.code == Status.NO_SESSION:
                self._disarmed()
                self.session.open()
            raise

    def drive(self, request: Request, *, tries: int | None = None) -> bytes:
        """Return the answer to a request that needs the board armed; arm it where it is not.

        A request that finds the board disarmed was refused and has driven nothing, so it goes again under a new number.
        """
        with self.link.lock:
            for attempt in range(1, REARM_LIMIT + 1):
                if not self._armed:
                    self._arm()
                try:
                    return self.ask(request, tries=tries)
                except InstrumentError as error:
                    if error.code != Status.NOT_ARMED or attempt == REARM_LIMIT:
                        raise
                self.session.line.counters["rearmed"] += 1
        raise StateError(f"{self.role} cannot be armed")

    def read(self, request: Request, *, can_be_split: bool) -> bytes:
        """Return the answer to a read; it is given up early where shorter reads can take its place."""
        return self.drive(request, tries=READ_TRIES if can_be_split else None)

    def split(self, count: int, start: int, least: int, send: Callable[[slice], None], *, idempotent: bool) -> None:
        """Call ``send`` for one piece after another of ``count`` entries, as `Batches.run` does."""
        if self._batches is None:
            raise StateError(f"{self.role} is closed")
        self._batches.run(count, start, least, send, idempotent=idempotent)

    def make_safe(self) -> Lines:
        """Ground and disarm, even in the middle of an operation; return the lines as read back."""
        self.link.forget_cancel()
        self._armed = False
        lines = answers.lines(self.session.aside(requests.MAKE_SAFE))
        self._disarmed()
        return lines

    def _arm(self) -> None:
        watchdog = self.watchdog
        after = (
            f"grounds its lines after {watchdog:g} s of silence" if watchdog else "stays armed, for it has no watchdog"
        )
        self.session.left = f"the board may be armed and {after}"
        self.ask(requests.arm(round(watchdog * _MS), int(self._floating)))
        self._armed = True

    def _disarmed(self) -> None:
        self._armed = False
        self.session.left = DISARMED
