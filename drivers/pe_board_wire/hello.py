"""What a board can do: the HELLO answer, and the document's figures for before it has come.

Source: docs/pe-board-wire.md, section 8, HELLO.
"""

import struct
from typing import NamedTuple

from drivers.pe_board_wire.codes import Feature
from labctl.capabilities import ArrayGeometry
from labctl.errors import FrameError

PROTOCOL = 1
POWER_UP_BAUD = 115200
BAUDS = (115200, 230400, 460800, 921600)
WORST_ANSWER = 58 + 255 * 4 + 2 * 256
_FIXED = struct.Struct("<BBBBHHHHHHHHBHHHHHIIIIIHIB")


class Capabilities(NamedTuple):
    """The HELLO answer; the defaults are the document's, several of them *assumed* there."""

    protocol_min: int = PROTOCOL
    protocol_max: int = PROTOCOL
    arrays: int = 8
    columns: int = 16
    rows: int = 128
    max_payload: int = 16384
    max_cells: int = 1024
    max_pulses: int = 10000
    max_traced_pulses: int = 3000
    max_averages: int = 1000
    max_vectors: int = 256
    max_results: int = 2047
    max_bits: int = 8
    word_max_mv: int = 5500
    bit_max_mv: int = 4000
    source_max_mv: int = 4000
    read_max_mv: int = 500
    read_word_mv: int = 4500
    width_min_ns: int = 10
    width_max_ns: int = 1_000_000
    width_step_ns: int = 10
    adc_lsb_pa: int = 1000
    adc_coarse_lsb_pa: int = 4000
    adc_max_code: int = 65535
    features: int = int(
        Feature.WRITE | Feature.MULTIPLY | Feature.VERIFY | Feature.STUCK_MAP | Feature.SET_BAUD | Feature.FLOAT
    )
    baud_count: int = 4
    bauds: tuple[int, ...] = BAUDS
    board_id: str = ""
    firmware: str = ""

    @property
    def geometry(self) -> ArrayGeometry:
        """Arrays, rows and columns."""
        return ArrayGeometry(self.arrays, self.rows, self.columns)

    @property
    def full_scale_pa(self) -> int:
        """Highest current of a read, in pA."""
        return self.adc_lsb_pa * self.adc_max_code


def parse_hello(payload: bytes) -> Capabilities:
    """Return the capabilities in a HELLO answer.

    Raises:
        FrameError: The payload has not the layout of the document.
    """
    try:
        fixed = _FIXED.unpack_from(payload)
        end = _FIXED.size + 4 * fixed[-1]
        bauds = struct.unpack(f"<{fixed[-1]}I", payload[_FIXED.size : end])
        board_id, end = _text(payload, end)
        firmware, end = _text(payload, end)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise FrameError(f"the HELLO answer cannot be read: {error}") from error
    if end != len(payload):
        raise FrameError(f"the HELLO answer has {len(payload)} bytes, {end} were expected")
    return Capabilities._make((*fixed, bauds, board_id, firmware))


def _text(payload: bytes, start: int) -> tuple[str, int]:
    end = start + 1 + payload[start]
    return payload[start + 1 : end].decode("utf-8"), end
