"""The queries and the commands that act on the whole mainframe.

Source: the FLEX sheet, identity, status and errors, set-up commands.
"""

from simulated_instruments.keysight_b1500_flex.adc import default_parameter, parameter_limits
from simulated_instruments.keysight_b1500_flex.data_format import ASCII_FORMATS
from simulated_instruments.keysight_b1500_flex.errors import TEXTS, FlexError, FlexErrorCode
from simulated_instruments.keysight_b1500_flex.learn import learn
from simulated_instruments.keysight_b1500_flex.mainframe import SLOTS, Handler, Mainframe
from simulated_instruments.keysight_b1500_flex.message import Command

CALIBRATION_TIME = 30.0  # s, *CAL?; the sheet: about 30 s
SELF_TEST_TIME = 10.0  # s, assumed
MAX_PAUSE = 99.9999  # s, unconfirmed
DATA_READY, INTERLOCK_OPEN, SET_READY, ERROR, SERVICE_REQUEST = 1, 8, 16, 32, 64


def status_byte(frame: Mainframe) -> int:
    """Return the status byte as a poll finds it between commands: always set ready."""
    value = SET_READY
    value |= DATA_READY if frame.waiting() else 0
    value |= 0 if frame.interlock_closed else INTERLOCK_OPEN
    value |= ERROR if frame.errors.pending else 0
    return value | (SERVICE_REQUEST if value & frame.service_request_mask else 0)


def reset(frame: Mainframe, command: Command) -> None:
    """``*RST``: everything initial; the error queue stays, its status bit does not."""
    command.count(0, 0)
    frame.reset()
    frame.errors.pending = False


def self_test(frame: Mainframe, command: Command) -> str:
    """``*TST?``, ``*CAL?``, ``DIAG?``: pass, after the time it takes."""
    command.count(0, 1)
    command.integer(0, 0, low=0, high=11)
    frame.errors.pending = False
    frame.clock.wait(SELF_TEST_TIME if command.name == "*TST?" else CALIBRATION_TIME)
    return "0"


def calibrate(frame: Mainframe, command: Command) -> None:
    """``CA``: self-calibration without an answer."""
    self_test(frame, command)


def error_text(frame: Mainframe, command: Command) -> str:
    """``ERRX? [0]`` with the text, ``ERRX? 1`` without."""
    command.count(0, 1)
    bare = command.integer(0, 0, low=0, high=1)
    code = frame.errors.pop()
    text = f"{TEXTS[code]}." if code else "No Error."
    return f"{code:+d}" if bare else f'{code:+d},"{text}"'


def error_codes(frame: Mainframe, command: Command) -> str:
    """``ERR? [0]``: four codes; ``ERR? 1``: the oldest one (*unconfirmed*)."""
    command.count(0, 1)
    if command.integer(0, 0, low=0, high=1):
        return str(frame.errors.pop())
    return ",".join(str(code) for code in frame.errors.pop_all())


def error_message(frame: Mainframe, command: Command) -> str:
    """``EMG? code``: the text of an error number."""
    command.count(1, 1)
    code = command.integer(0, low=0, high=9999)
    if code and code not in TEXTS:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    return TEXTS[code] if code else "No Error."


def modules(frame: Mainframe, command: Command) -> str:
    """``UNT? [0]``: model and revision of each slot."""
    command.count(0, 1)
    command.integer(0, 0, low=0, high=0)
    return ";".join(f"{model},0" for model in frame.modules)


def learned(frame: Mainframe, command: Command) -> str:
    """``*LRN? n``."""
    command.count(1, 1)
    return learn(frame, command.integer(0, low=0, high=999))


def operation_complete(frame: Mainframe, command: Command) -> str | None:
    """``*OPC?`` answers 1: a command is carried out before the next is read. ``*OPC`` has nothing to wait for."""
    command.count(0, 0)
    return "1" if command.name == "*OPC?" else None


def poll(frame: Mainframe, command: Command) -> str:
    """``*STB?``: the status byte; unlike a serial poll it clears nothing."""
    command.count(0, 0)
    return str(status_byte(frame))


def service_request(frame: Mainframe, command: Command) -> str | None:
    """``*SRE n`` and ``*SRE?``."""
    if command.name == "*SRE?":
        command.count(0, 0)
        return str(frame.service_request_mask)
    command.count(1, 1)
    frame.service_request_mask = command.integer(0, low=0, high=255) & ~SERVICE_REQUEST
    return None


def data_count(frame: Mainframe, command: Command) -> str:
    """``NUB?``: how many data wait in the output buffer."""
    command.count(0, 0)
    return str(frame.waiting())


def clear_buffer(frame: Mainframe, command: Command) -> None:
    """``BC``."""
    command.count(0, 0)
    frame.clear_data()


def data_format(frame: Mainframe, command: Command) -> None:
    """``FMT format[,mode]``: also empties the output buffer."""
    command.count(1, 2)
    chosen = command.integer(0, low=1, high=25)
    if chosen not in ASCII_FORMATS:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    frame.format = (chosen, command.integer(1, 0, low=0, high=10))
    frame.clear_data()


def integration(frame: Mainframe, command: Command) -> None:
    """``AIT type,mode[,N]``."""
    command.count(2, 3)
    kind, mode = command.integer(0, low=0, high=2), command.integer(1, low=0, high=3)
    default = default_parameter(kind, mode)
    if default is None:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    low, high = parameter_limits(kind, mode)
    frame.converters.modes[kind] = (mode, command.number(2, default, low=low, high=high))


def averaging(frame: Mainframe, command: Command) -> None:
    """``AV n[,mode]``: n samples, or -n power line cycles, of the high-speed converter."""
    command.count(1, 2)
    number, mode = command.integer(0, low=-100, high=1023), command.integer(1, 0, low=0, high=1)
    if number == 0:
        raise FlexError(FlexErrorCode.PARAMETER_VALUE)
    frame.averaging = (number, mode)
    frame.converters.modes[0] = (2, float(-number)) if number < 0 else (mode, float(number))


def switch(frame: Mainframe, command: Command) -> None:
    """The commands with one 0 or 1: AZ, CM, TSC, PAD."""
    command.count(1, 1)
    on = bool(command.integer(0, low=0, high=1))
    if command.name == "AZ":
        frame.converters.auto_zero = on
    elif command.name == "CM":
        frame.auto_calibration = on
    elif command.name == "TSC":
        frame.time_stamps = on
    else:
        frame.parallel = on


def wait_time(frame: Mainframe, command: Command) -> None:
    """``WAT type,coefficient[,offset]``; kept for ``*LRN?``, the initial waits themselves are not simulated."""
    command.count(2, 3)
    kind = command.integer(0, low=1, high=2)
    frame.waits[kind] = (command.number(1, low=0.0, high=10.0), command.number(2, 0.0, low=0.0, high=1.0))


def pause(frame: Mainframe, command: Command) -> None:
    """``PA [s]``; without a time it would wait for a trigger, which this mainframe never gets: nothing happens."""
    command.count(0, 1)
    frame.clock.wait(command.number(0, 0.0, low=0.0, high=MAX_PAUSE))


def abort(frame: Mainframe, command: Command) -> None:
    """``AB``: a measurement is over before the next command is read, so nothing is left to abort."""
    command.count(0, 0)


def map_channel(frame: Mainframe, command: Command) -> None:
    """``ACH actual,program``: a program that names channel ``program`` means ``actual``; ``ACH`` forgets it all."""
    command.count(0, 2)
    if not command.values:
        frame.channel_map.clear()
        return
    actual = command.integer(0, low=1, high=SLOTS)
    program = command.integer(1, actual, low=1, high=SLOTS)
    frame.channel_map[program] = actual


COMMON_COMMANDS: dict[str, Handler] = {
    "*RST": reset, "*TST?": self_test, "*CAL?": self_test, "DIAG?": self_test, "CA": calibrate,
    "*OPC": operation_complete, "*OPC?": operation_complete, "*STB?": poll,
    "*SRE": service_request, "*SRE?": service_request, "*LRN?": learned,
    "ERR?": error_codes, "ERRX?": error_text, "EMG?": error_message, "UNT?": modules, "NUB?": data_count,
    "BC": clear_buffer, "FMT": data_format, "AIT": integration, "AV": averaging, "AZ": switch, "CM": switch,
    "TSC": switch, "PAD": switch, "WAT": wait_time, "PA": pause, "AB": abort, "ACH": map_channel,
}  # fmt: skip
