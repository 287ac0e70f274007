"""Arbitrary waveforms: selection, rate, upload, memory and files.

Source: the 33500/33600 guide's DATA, FUNCtion:ARBitrary and MMEMory subsystems as public drivers quote them.
"""

from collections.abc import Callable

from simulated_instruments.keysight_33600a_parts import conflicts, limits
from simulated_instruments.keysight_33600a_parts.arbs import Codes, read_points
from simulated_instruments.keysight_33600a_parts.binding import Generator, real, setting, shared_setting
from simulated_instruments.keysight_33600a_parts.channel import Channel
from simulated_instruments.keysight_33600a_parts.commands_source import changer
from simulated_instruments.keysight_33600a_parts.conflicts import conflict, not_simulated
from simulated_instruments.keysight_33600a_parts.timing import Complain
from simulated_instruments.scpi import REST, Block, Boolean, Call, Choice, Command, Name, Number, ScpiError
from simulated_instruments.scpi.common import signed
from simulated_instruments.scpi.parameters import HERTZ, SECONDS, VOLTS, suffixes

_SAMPLES = suffixes("SA/S") | suffixes("SA") | {"MSA/S": 1e6, "MSA": 1e6, "GSA/S": 1e9}


def arb_commands(generator: Generator) -> list[Command]:
    """Return the rows that choose an arb and say how fast it plays."""
    channel, memory = generator.channel, generator.memory
    own = "[SOURce{ch}]:FUNCtion:ARBitrary"

    def points(call: Call) -> int:
        name = channel(call).arb
        stored = memory(call)
        segments = stored.sequences.get(name)
        names = [name] if segments is None else [segment.arb for segment in segments]
        return sum(len(stored.codes(one)) for one in names)

    def highest_rate(call: Call) -> float:
        rate = generator.model.sample_rate
        return min(rate, limits.UNFILTERED_RATE) if channel(call).arb_filter == "OFF" else rate

    def select(call: Call, name: str) -> None:
        target = channel(call)
        target.arb = memory(call).find(name)
        generator.changed(target)

    def set_rate(call: Call, rate: float) -> None:
        target = channel(call)
        target.sample_rate = rate
        generator.changed(target)

    def set_filter(target: Channel, name: str, say: Complain) -> None:
        target.arb_filter = name
        if name == "OFF" and target.sample_rate > limits.UNFILTERED_RATE:
            target.sample_rate = limits.UNFILTERED_RATE
            say(conflict(conflicts.RATE_BY_FILTER))

    def set_advance(target: Channel, name: str, say: Complain) -> None:
        target.arb_advance = name
        if name == "TRIG":
            say(not_simulated("advancing an arb by triggers"))

    rate = Number(low=limits.MIN_SAMPLE_RATE, high=highest_rate, default=4e4, units=_SAMPLES)
    frequency = Number(
        low=lambda call: limits.MIN_SAMPLE_RATE / points(call),
        high=lambda call: highest_rate(call) / points(call),
        default=lambda call: 4e4 / points(call),
        units=HERTZ,
    )
    period = Number(
        low=lambda call: points(call) / highest_rate(call),
        high=lambda call: points(call) / limits.MIN_SAMPLE_RATE,
        default=lambda call: points(call) / 4e4,
        units=SECONDS,
    )
    ptp = Number(low=limits.MIN_ARB_PTP, high=limits.MAX_ARB_PTP, default=0.1, units=VOLTS | suffixes("VPP"))
    return [
        Command(own, [Name()], select, lambda call: f'"{channel(call).arb}"'),
        Command(f"{own}:SRATe", [rate], set_rate, lambda call: real(channel(call).sample_rate), show=real),
        Command(
            f"{own}:FREQuency",
            [frequency],
            lambda call, value: set_rate(call, value * points(call)),
            lambda call: real(channel(call).sample_rate / points(call)),
            show=real,
        ),
        Command(
            f"{own}:PERiod",
            [period],
            lambda call, value: set_rate(call, points(call) / value),
            lambda call: real(points(call) / channel(call).sample_rate),
            show=real,
        ),
        Command(f"{own}:POINts", query=lambda call: signed(points(call))),
        Command(
            f"{own}:FILTer",
            [Choice("NORMal", "STEP", "OFF")],
            changer(generator, set_filter),
            lambda call: channel(call).arb_filter,
        ),
        Command(
            f"{own}:ADVance",
            [Choice("TRIGger", "SRATe")],
            changer(generator, set_advance),
            lambda call: channel(call).arb_advance,
        ),
        # On a real 33622A this was accepted and changed nothing at the output.
        setting(generator, f"{own}:PTPeak", "arb_ptp", ptp, real),
        Command(f"{own}:SYNChronize", write=lambda call: generator.changed(channel(call))),
    ]


class _Ordered(Boolean):
    """``NORMal`` is most significant byte first, ``SWAPped`` least."""

    def parse(self, argument: bytes, call: Call) -> bool:
        return Choice("NORMal", "SWAPped").parse(argument, call) == "SWAP"


def data_commands(generator: Generator) -> list[Command]:
    """Return the rows that fill, list and clear the volatile memory."""
    channel, memory = generator.channel, generator.memory
    own = "[SOURce{ch}]:DATA"

    def store(call: Call, name: str, arguments: list[bytes], *, dac: bool) -> None:
        if call.suffixes.get("set", 1) != 1:
            raise not_simulated("a two-channel arb")
        memory(call).store(name, read_points(arguments, dac=dac, swapped=generator.shared.swapped))

    def store_sequence(call: Call, block: bytes) -> None:
        memory(call).store_sequence(block)

    def clear(call: Call) -> None:
        memory(call).clear()
        generator.changed(channel(call))

    def catalog(call: Call) -> str:
        stored = memory(call)
        return ",".join(f'"{name}"' for name in (*stored.arbs, *stored.sequences))

    def attribute(name: str, value: Callable[[Codes], str]) -> Command:
        def ask(call: Call, arb: str | None = None) -> str:
            codes = memory(call).codes(channel(call).arb if arb is None else arb)
            return value(codes)

        return Command(f"{own}:ATTRibute:{name}", query=ask, query_params=[Name()])

    return [
        Command(f"{own}:ARBitrary{{set}}", [Name(), REST], lambda c, name, rest: store(c, name, rest, dac=False)),
        Command(f"{own}:ARBitrary{{set}}:DAC", [Name(), REST], lambda c, name, rest: store(c, name, rest, dac=True)),
        Command(f"{own}:SEQuence", [Block()], store_sequence),
        Command(f"{own}:VOLatile:CLEar", write=clear),
        Command(f"{own}:VOLatile:CATalog", query=catalog),
        Command(f"{own}:VOLatile:FREE", query=lambda call: signed(memory(call).free)),
        attribute("POINts", lambda codes: signed(len(codes))),
        attribute("AVERage", lambda codes: real(float(codes.mean()) / limits.DAC_FULL_SCALE)),
        attribute("PTPeak", lambda codes: real(float(int(codes.max()) - int(codes.min())) / limits.DAC_FULL_SCALE)),
        shared_setting(generator, "FORMat:BORDer", "swapped", _Ordered(), lambda value: "SWAP" if value else "NORM"),
    ]


def file_commands(generator: Generator, disk: dict[str, Codes]) -> list[Command]:
    """Return the rows that move arbs between the volatile memory and the internal disk."""

    def load(call: Call, path: str) -> None:
        if path.upper() not in disk:
            raise ScpiError(-256)
        generator.memory(call).store(path, disk[path.upper()])

    def store(call: Call, path: str) -> None:
        memory = generator.memory(call)
        disk[path.upper()] = memory.codes(generator.channel(call).arb)

    return [
        Command("MMEMory:LOAD:DATA{ch}", [Name()], load),
        Command("MMEMory:STORe:DATA{ch}", [Name()], store),
    ]
