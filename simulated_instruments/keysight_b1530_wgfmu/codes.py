"""Codes, ranges and limits of the WGFMU instrument library.

Source: the WGFMU sheet, constants, limits and electrical data. What it marks unconfirmed says so here.
"""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """What every function of the library returns."""

    NO_ERROR = 0
    PARAMETER_OUT_OF_RANGE = -1
    ILLEGAL_STRING = -2
    CONTEXT = -3
    FUNCTION_NOT_SUPPORTED = -4
    COMMUNICATION = -5
    FIRMWARE = -6
    LIBRARY = -7
    ERROR = -8
    CHANNEL_NOT_FOUND = -9
    PATTERN_NOT_FOUND = -10
    EVENT_NOT_FOUND = -11
    PATTERN_ALREADY_EXISTS = -12
    SEQUENCER_NOT_RUNNING = -13
    RESULT_NOT_READY = -14
    RESULT_OUT_OF_DATE = -15


class WgfmuError(Exception):
    """A function failed; its code is returned and its text goes into the error summary."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code


PASS = 0
WARNING_OFF, WARNING_SEVERE, WARNING_NORMAL, WARNING_INFORMATION = 1000, 1001, 1002, 1003
MODE_DC, MODE_FASTIV, MODE_PG, MODE_SMU = 2000, 2001, 2002, 2003
FORCE_AUTO, FORCE_3V, FORCE_5V, FORCE_10V_NEGATIVE, FORCE_10V_POSITIVE = 3000, 3001, 3002, 3003, 3004
MEASURE_VOLTAGE, MEASURE_CURRENT = 4000, 4001
VOLTAGE_5V, VOLTAGE_10V = 5001, 5002
CURRENT_1UA, CURRENT_10MA = 6001, 6005
DISABLED, ENABLED = 7000, 7001
TRIGGER_DISABLE, TRIGGER_EVENT = 8000, 8004
TRIGGER_POSITIVE, TRIGGER_NEGATIVE = 8100, 8101
AXIS_TIME, AXIS_VOLTAGE = 9000, 9001
COMPLETED, DONE, RUNNING, ABORT_COMPLETED, ABORTED, RUNNING_ILLEGAL, IDLE = range(10000, 10007)
EVENT_NOT_COMPLETED, EVENT_COMPLETED = 11000, 11001
AVERAGED, RAW = 12000, 12001

FORCE_LIMITS = {
    FORCE_AUTO: (-10.0, 10.0),
    FORCE_3V: (-3.0, 3.0),
    FORCE_5V: (-5.0, 5.0),
    FORCE_10V_NEGATIVE: (-10.0, 0.0),
    FORCE_10V_POSITIVE: (0.0, 10.0),
}

TICKS_PER_SECOND = 2e8  # times are whole numbers of 5 ns, so that the axes are exact
GRID = 2  # ticks: 10 ns, the resolution of vectors and events
MAX_DELTA_TIME = 1_099_511_627_775 * GRID  # ticks: 10,995.11627775 s
MAX_LOOPS = 1_099_511_627_776
MAX_INTERVAL = 134_217_728 * GRID
MAX_AVERAGING = 4_194_302  # ticks: 0.020971512 s, rounded down to the 10 ns grid
SEQUENCE_GAP = 10  # ticks between two entries of a sequence: 10 ns at the last voltage, 40 ns at the next first one
GAP_AT_LAST_VOLTAGE = 2
MIN_EVENT_SPACING = 20  # ticks: 100 ns between the starts of two events that average differently
RANGE_CHANGE_TICKS = 2
MIN_RANGE_SPACING = 400  # ticks: 2 us, where a pattern changes range three times or more
MEMORY_POINTS = 4_000_000  # a channel; per channel or per module is unconfirmed
MAX_VECTORS = 2048  # a pattern; unconfirmed
MAX_SEQUENCES = 512  # a channel; unconfirmed
DELAY_STEP, MAX_DELAY = 625e-12, 50e-9
MIN_TIMEOUT, DEFAULT_TIMEOUT = 1.0, 100.0
MAX_DC_COUNT = 65535
DC_INTERVAL = 5e-9
PG_OHMS = 50.0
MAX_EVENT_POINTS = MEMORY_POINTS


@dataclass(frozen=True)
class MeasureRange:
    """A measurement range: ``full_scale`` and ``noise`` in V or A (rms in ``window`` s), ``settling`` to 0.6 % in s."""

    full_scale: float
    window: float
    settling: float
    noise: float


RANGES = {
    VOLTAGE_5V: MeasureRange(5.0, 20e-9, 85e-9, 1.4e-3),
    VOLTAGE_10V: MeasureRange(10.0, 20e-9, 110e-9, 1.4e-3),
    6001: MeasureRange(1e-6, 1.64e-6, 37e-6, 425e-12),
    6002: MeasureRange(10e-6, 1e-6, 5.8e-6, 2.5e-9),
    6003: MeasureRange(100e-6, 130e-9, 820e-9, 47e-9),
    6004: MeasureRange(1e-3, 40e-9, 200e-9, 280e-9),
    6005: MeasureRange(10e-3, 20e-9, 125e-9, 1.9e-6),
}
SETTLING_TAUS = 5.116  # ln(1 / 0.006): the settling times are to 0.6 %
OVERLOAD = 1.05  # of full scale, where the converter clips; between 1.00 and 1.05, assumed
MAX_SLEW = 10.0 / 70e-9  # V/s: the shortest edge of 10 V takes 70 ns
RESIDUAL_CAPACITANCE = 1.14e-12  # F: an open head with 3 m of cable shows 1.14 uA at 1 V/us
