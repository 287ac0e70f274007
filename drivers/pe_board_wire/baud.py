"""Finding the board's rate and changing it.

Source: docs/pe-board-wire.md, section 8, SET_BAUD.
"""

import logging

from drivers.pe_board_wire import requests
from drivers.pe_board_wire.hello import BAUDS, POWER_UP_BAUD, Capabilities
from drivers.pe_board_wire.session import GaveUpError, Session

PROOF_PINGS = 100
SETTLE = 0.010
"""s between the answer and the host's switch."""
FALLBACK = 1.5
"""s until a board that heard nothing is surely back at its power-up rate."""
FIRST_TRIES, LATER_TRIES = 8, 4
PING_TRIES = 3
"""At the new rate; three time-outs are within the second that the document gives."""

logger = logging.getLogger(__name__)


def find_board(session: Session, likely: list[int]) -> Capabilities:
    """Open a session at the rate that the board is at; a board keeps a rate that an earlier host has set.

    Args:
        session: Not open yet.
        likely: Rates to begin with; the last resort is the first of them again.

    Raises:
        LinkError: No answer at any rate.
    """
    rates = list(dict.fromkeys((*likely, *BAUDS)))
    for index, rate in enumerate(rates):
        session.line.set_rate(rate)
        try:
            return session.open(LATER_TRIES if index else FIRST_TRIES)
        except GaveUpError as error:
            logger.info("%s at %d baud", error, rate)
    session.line.set_rate(rates[0])
    return session.open()


def change_rate(session: Session, baud: int) -> None:
    """Go to ``baud``, prove that it carries, and otherwise fall back to the power-up rate.

    Raises:
        LinkError: The board answers at no rate any more.
    """
    old = session.line.baud
    try:
        session.request(requests.set_baud(baud), tries=1, insist=False)
        session.line.wait(SETTLE)
        session.line.set_rate(baud)
        session.request(requests.ping(), tries=PING_TRIES, insist=False)
    except GaveUpError:
        logger.warning("%s: no contact at %d baud", session.role, baud)
        session.line.counters["baud_fallbacks"] += 1
        _recover(session, (POWER_UP_BAUD, old, baud))
        return
    for _ in range(PROOF_PINGS - 1):
        session.request(requests.ping())


def _recover(session: Session, rates: tuple[int, ...]) -> None:
    """Find the session again at one of ``rates``, or else open a new one."""
    session.line.wait(FALLBACK)
    for rate in dict.fromkeys(rates):
        session.line.set_rate(rate)
        try:
            session.settle(LATER_TRIES)
        except GaveUpError as error:
            logger.info("%s at %d baud", error, rate)
        else:
            return
    find_board(session, [POWER_UP_BAUD])
