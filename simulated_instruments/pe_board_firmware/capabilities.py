"""What this board can do, as its HELLO answer tells. Source: docs/pe-board-wire.md, section 8, HELLO."""

import struct
from dataclasses import dataclass

from simulated_instruments.pe_board_firmware.codes import ARRAYS, COLUMNS, ROWS, Feature
from simulated_instruments.pe_board_firmware.framing import LONGEST_PAYLOAD

POWER_UP_BAUD = 115_200


@dataclass(frozen=True)
class Capabilities:
    """Limits and identity; voltages in mV, widths in ns, converter steps in pA. Most limits are *assumed*.

    Raises:
        ValueError: a protocol number or a text that does not fit into the HELLO answer.
    """

    protocol: int = 1
    max_cells: int = 1_024
    max_pulses: int = 10_000  # *assumed*
    max_traced_pulses: int = 3_000
    max_averages: int = 1_000  # *assumed*
    max_vectors: int = 256
    max_results: int = 2_047
    max_bits: int = 8
    word_max_mv: int = 5_500  # *assumed*
    bit_max_mv: int = 4_000  # *assumed*
    source_max_mv: int = 4_000  # *assumed*
    read_max_mv: int = 500  # *assumed*
    read_word_mv: int = 4_500  # *assumed* for a single read
    width_min_ns: int = 10  # *assumed*
    width_max_ns: int = 1_000_000  # *assumed*
    width_step_ns: int = 10  # *assumed*
    adc_lsb_pa: int = 1_000  # *assumed*
    adc_coarse_lsb_pa: int = 4_000  # *assumed*
    adc_max_code: int = 65_535
    features: int = 0x3F
    bauds: tuple[int, ...] = (POWER_UP_BAUD, 230_400, 460_800, 921_600)  # 921600 is unconfirmed
    board_id: str = "PE-0001"
    firmware: str = "1.0.0+sim"

    def __post_init__(self) -> None:
        if not 0 <= self.protocol <= 0xFF:
            raise ValueError(f"protocol_version must be 0..255, got {self.protocol}")
        if not 0 <= self.features <= 0xFFFFFFFF:
            raise ValueError(f"features must be 0..0xFFFFFFFF, got {self.features}")
        for name, text in (("board_id", self.board_id), ("firmware", self.firmware)):
            if len(text.encode()) > 0xFF:
                raise ValueError(f"{name} must have at most 255 bytes, got {len(text.encode())}")

    @property
    def full_scale_pa(self) -> int:
        """The largest current of the READ range, in pA."""
        return self.adc_lsb_pa * self.adc_max_code

    def has(self, feature: Feature) -> bool:
        """Return whether the feature's bit is on."""
        return bool(self.features >> feature & 1)

    def hello(self) -> bytes:
        """Return the payload of the HELLO answer."""
        shape = struct.pack("<BBBBHH", self.protocol, self.protocol, ARRAYS, COLUMNS, ROWS, LONGEST_PAYLOAD)
        counts = struct.pack(
            "<6HB",
            self.max_cells,
            self.max_pulses,
            self.max_traced_pulses,
            self.max_averages,
            self.max_vectors,
            self.max_results,
            self.max_bits,
        )
        volts = struct.pack(
            "<5H", self.word_max_mv, self.bit_max_mv, self.source_max_mv, self.read_max_mv, self.read_word_mv
        )
        widths = struct.pack("<3I", self.width_min_ns, self.width_max_ns, self.width_step_ns)
        converter = struct.pack("<IIH", self.adc_lsb_pa, self.adc_coarse_lsb_pa, self.adc_max_code)
        bauds = struct.pack(f"<IB{len(self.bauds)}I", self.features, len(self.bauds), *self.bauds)
        texts = b"".join(bytes([len(text.encode())]) + text.encode() for text in (self.board_id, self.firmware))
        return shape + counts + volts + widths + converter + bauds + texts
