"""Settings that are kept and read back but have no effect at the simulated outputs, and the two-channel couplings.

Sweeps and modulations are not simulated: their parameters are kept (their ranges are *assumed*), switching one on
queues -241 with its name.
"""

from simulated_instruments.keysight_33600a_parts.binding import (
    Generator,
    flag,
    real,
    setting,
    shared_setting,
    short_real,
    word,
)
from simulated_instruments.keysight_33600a_parts.conflicts import not_simulated
from simulated_instruments.scpi import REST, Boolean, Call, Choice, Command, Number, ScpiError, Text
from simulated_instruments.scpi.parameters import DEGREES, HERTZ, PERCENT, SECONDS, read_number

_RATE = Number(low=1e-6, high=1e9, units=HERTZ)
_TIME = Number(low=0.0, high=250e3, units=SECONDS)
_PERCENT = Number(low=0.0, high=120.0, units=PERCENT)
_RATIO = Number(low=1e-3, high=1e3, default=1.0)
_COUNT = Number(low=1, high=1e9, integer=True)
_ANGLE = Number(low=0.0, high=360.0, units=DEGREES)
_FREQUENCY_MODE = Choice("OFFSet", "RATio")


def modulation_commands(generator: Generator) -> list[Command]:
    """Return the rows of sweeps, lists, markers and modulations."""

    def kept(header: str, name: str, kind: Number) -> Command:
        return setting(generator, "[SOURce{ch}]:" + header, name, kind, real)

    def off_only(header: str) -> Command:
        def write(call: Call, on: bool) -> None:
            if on:
                raise not_simulated(header)

        return Command(f"[SOURce{{ch}}]:{header}:STATe", [Boolean()], write, lambda call: "0")

    def marker(header: str, name: str, kind: Number) -> Command:
        return setting(generator, "[SOURce{ch}]:" + header, name, kind, short_real)

    spacing = Choice("LINear", "LOGarithmic")
    return [
        kept("FREQuency:STARt", "start_frequency", _RATE),
        kept("FREQuency:STOP", "stop_frequency", _RATE),
        *_center_span(generator),
        kept("SWEep:TIME", "sweep_time", _TIME),
        kept("SWEep:HTIMe", "sweep_hold_time", _TIME),
        kept("SWEep:RTIMe", "sweep_return_time", _TIME),
        setting(generator, "[SOURce{ch}]:SWEep:SPACing", "sweep_spacing", spacing, word),
        marker("MARKer:CYCLe", "marker_cycle", _COUNT),
        marker("MARKer:FREQuency", "marker_frequency", _RATE),
        marker("MARKer:POINt", "marker_point", _COUNT),
        kept("LIST:DWELl", "list_dwell", _TIME),
        kept("AM[:DEPTh]", "am_depth", _PERCENT),
        kept("AM:INTernal:FREQuency", "am_frequency", _RATE),
        kept("FM[:DEViation]", "fm_deviation", _RATE),
        kept("FM:INTernal:FREQuency", "fm_frequency", _RATE),
        kept("PM[:DEViation]", "pm_deviation", _ANGLE),
        kept("PWM[:DEViation]", "pwm_deviation", _TIME),
        kept("PWM:DEViation:DCYCle", "pwm_duty_deviation", _PERCENT),
        kept("BPSK:INTernal:RATE", "bpsk_rate", _RATE),
        kept("BPSK[:PHASe]", "bpsk_phase", _ANGLE),
        kept("FSKey:FREQuency", "fsk_frequency", _RATE),
        kept("FSKey:INTernal:RATE", "fsk_rate", _RATE),
        kept("SUM:AMPLitude", "sum_amplitude", _PERCENT),
        *(off_only(header) for header in ("SWEep", "AM", "FM", "PM", "PWM", "BPSK", "FSKey", "SUM")),
        _list_frequencies(generator),
    ]


def _center_span(generator: Generator) -> list[Command]:
    """Centre and span are another way to set start and stop."""

    def center(call: Call) -> float:
        channel = generator.channel(call)
        return (channel.start_frequency + channel.stop_frequency) / 2

    def span(call: Call) -> float:
        channel = generator.channel(call)
        return channel.stop_frequency - channel.start_frequency

    def place(call: Call, middle: float, width: float) -> None:
        channel = generator.channel(call)
        channel.start_frequency, channel.stop_frequency = middle - width / 2, middle + width / 2

    def set_center(call: Call, value: float) -> None:
        place(call, value, span(call))

    def set_span(call: Call, value: float) -> None:
        place(call, center(call), value)

    own = "[SOURce{ch}]:FREQuency"
    return [
        Command(f"{own}:CENTer", [_RATE], set_center, lambda call: real(center(call))),
        Command(f"{own}:SPAN", [_RATE], set_span, lambda call: real(span(call))),
    ]


def _list_frequencies(generator: Generator) -> Command:
    def write(call: Call, arguments: list[bytes]) -> None:
        if not arguments:
            raise ScpiError(-109)
        generator.shared.list_frequencies = tuple(_RATE.parse(argument, call) for argument in arguments)

    def ask(call: Call) -> str:
        return ",".join(short_real(value) for value in generator.shared.list_frequencies)

    return Command("[SOURce{ch}]:LIST:FREQuency", [REST], write, ask)


def coupling_commands(generator: Generator) -> list[Command]:
    """Return the rows of what ties the channels together."""

    def combine(call: Call, source: str) -> None:
        if source != "NONE":
            raise not_simulated("combining the channels")

    own = "[SOURce{ch}]:"
    number = Number(low=-1e12, high=1e12, units=HERTZ)
    return [
        setting(generator, own + "TRACk", "tracking", _Tracking(), word),
        Command(own + "COMBine:FEED", [Choice("CH1", "CH2", "NONE")], combine, lambda call: "NONE"),
        shared_setting(generator, own + "FREQuency:COUPle[:STATe]", "couple_frequency", Boolean(), flag),
        shared_setting(generator, own + "FREQuency:COUPle:MODE", "couple_frequency_mode", _FREQUENCY_MODE, word),
        shared_setting(generator, own + "FREQuency:COUPle:OFFSet", "frequency_offset", number, real),
        shared_setting(generator, own + "FREQuency:COUPle:RATio", "frequency_ratio", _RATIO, real),
        shared_setting(generator, own + "VOLTage:COUPle[:STATe]", "couple_volts", Boolean(), flag),
        shared_setting(generator, own + "RATE:COUPle[:STATe]", "couple_rate", Boolean(), flag),
        shared_setting(generator, own + "RATE:COUPle:MODE", "couple_rate_mode", _FREQUENCY_MODE, word),
        shared_setting(generator, own + "RATE:COUPle:OFFSet", "rate_offset", number, real),
        shared_setting(generator, own + "RATE:COUPle:RATio", "rate_ratio", _RATIO, real),
    ]


class _Tracking(Choice):
    def __init__(self) -> None:
        super().__init__("ON", "OFF", "INVerted")

    def parse(self, argument: bytes, call: Call) -> str:
        if argument[:1].isdigit():
            number, _ = read_number(argument)
            return "ON" if number else "OFF"
        return super().parse(argument, call)


def panel_commands(generator: Generator) -> list[Command]:
    """Return the rows of the panel, the reference clock and the remote lock."""
    locks = _Locks()

    def show_text(call: Call, text: str) -> None:
        generator.shared.text = text

    def clear_text(call: Call) -> None:
        generator.shared.text = ""

    reference = Choice("INTernal", "EXTernal")
    return [
        shared_setting(generator, "DISPlay[:STATe]", "display", Boolean(), flag),
        Command("DISPlay:TEXT[:DATA]", [Text()], show_text, lambda call: f'"{generator.shared.text}"'),
        Command("DISPlay:TEXT:CLEar", write=clear_text),
        shared_setting(generator, "ROSCillator:SOURce", "reference", reference, word),
        shared_setting(generator, "ROSCillator:SOURce:AUTO", "reference_auto", Boolean(), flag),
        Command("SYSTem:BEEPer[:IMMediate]", write=lambda call: None),
        Command("SYSTem:LOCal", write=lambda call: None),
        Command("SYSTem:REMote", write=lambda call: None),
        Command("SYSTem:LOCK:REQuest", query=lambda call: locks.request()),
        Command("SYSTem:LOCK:RELease", write=lambda call: locks.release()),
    ]


class _Locks:
    """Requests for the panel nest."""

    def __init__(self) -> None:
        self._held = 0

    def request(self) -> str:
        self._held += 1
        return "1"

    def release(self) -> None:
        self._held = max(self._held - 1, 0)
