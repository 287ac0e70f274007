"""Codes of the instrument library: return codes, modes, ranges, states.

Source: constants of the B1530A instrument library's header (2008-10-30).
"""

import enum
from typing import NamedTuple


class ReturnCode(enum.IntEnum):
    """What a function returns; anything but `NO_ERROR` is an error."""

    NO_ERROR = 0
    PARAMETER_OUT_OF_RANGE_ERROR = -1
    ILLEGAL_STRING_ERROR = -2
    CONTEXT_ERROR = -3
    FUNCTION_NOT_SUPPORTED_ERROR = -4
    COMMUNICATION_ERROR = -5
    FW_ERROR = -6
    LIBRARY_ERROR = -7
    ERROR = -8
    CHANNEL_NOT_FOUND_ERROR = -9
    PATTERN_NOT_FOUND_ERROR = -10
    EVENT_NOT_FOUND_ERROR = -11
    PATTERN_ALREADY_EXISTS_ERROR = -12
    SEQUENCER_NOT_RUNNING_ERROR = -13
    RESULT_NOT_READY_ERROR = -14
    RESULT_OUT_OF_DATE = -15


class WarningLevel(enum.IntEnum):
    """From which severity on a warning counts."""

    OFF = 1000
    SEVERE = 1001
    NORMAL = 1002
    INFORMATION = 1003


class OperationMode(enum.IntEnum):
    """What a channel is."""

    DC = 2000
    FASTIV = 2001
    PG = 2002
    SMU = 2003


class MeasureMode(enum.IntEnum):
    """What a channel measures."""

    VOLTAGE = 4000
    CURRENT = 4001


class TriggerOut(enum.IntEnum):
    """When the trigger output gives a pulse."""

    DISABLE = 8000
    START_EXECUTION = 8001
    START_SEQUENCE = 8002
    START_PATTERN = 8003
    EVENT = 8004


class Status(enum.IntEnum):
    """What the sequencer does."""

    COMPLETED = 10000
    DONE = 10001
    RUNNING = 10002
    ABORT_COMPLETED = 10003
    ABORTED = 10004
    RUNNING_ILLEGAL = 10005
    IDLE = 10006


class ForceRange(NamedTuple):
    """A force range: its code, and its lowest and highest voltage in V."""

    code: int
    lowest: float
    highest: float


FORCE_RANGES = {
    "3 V": ForceRange(3001, -3.0, 3.0),
    "5 V": ForceRange(3002, -5.0, 5.0),
    "10 V negative": ForceRange(3003, -10.0, 0.0),
    "10 V positive": ForceRange(3004, 0.0, 10.0),
}
"""By name, the smallest first. Source: data sheet in the B1500A User's Guide, pp. 4-37 to 4-41."""
FORCE_AUTO = 3000
TRIGGER_POSITIVE = 8100
MEASURE_VOLTAGE_RANGES = {5.0: 5001, 10.0: 5002}
"""Code by full scale, in V."""
MEASURE_CURRENT_RANGES = {1e-6: 6001, 1e-5: 6002, 1e-4: 6003, 1e-3: 6004, 1e-2: 6005}
"""Code by full scale, in A."""
MEASURE_DISABLED, MEASURE_ENABLED = 7000, 7001
DATA_AVERAGED = 12000
