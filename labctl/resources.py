"""What a protocol's ``run`` asks for, matched with what a station has."""

import inspect
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np

from labctl import capabilities
from labctl.clock import Clock
from labctl.errors import ConfigError
from labctl.instrument import Instrument
from labctl.protocol import Protocol, Step


def wanted_capabilities(protocol: type[Protocol]) -> dict[str, type]:
    """Return the capability that each instrument argument of ``run`` asks for, by argument name."""
    hints = typing.get_type_hints(_run_of(protocol))
    offered = {value for value in vars(capabilities).values() if getattr(value, "_is_protocol", False)}
    return {name: hint for name, hint in hints.items() if hint in offered}


def choose_instruments(protocol: type[Protocol], instruments: Mapping[str, Instrument]) -> dict[str, Instrument]:
    """Return the instrument for each argument of ``run`` that asks for a capability.

    An instrument whose role is the argument's name goes first; otherwise there must be exactly one that can.

    Raises:
        ConfigError: None can, or several can.
    """
    chosen = {}
    for name, capability in wanted_capabilities(protocol).items():
        able = {role: instrument for role, instrument in instruments.items() if isinstance(instrument, capability)}
        if name in able:
            chosen[name] = able[name]
        elif len(able) == 1:
            chosen[name] = next(iter(able.values()))
        elif able:
            raise ConfigError(
                f"{protocol.name} needs one {capability.__name__} as {name!r}, and {', '.join(able)} can be it: "
                f"name the one that is meant {name!r} in the station file"
            )
        else:
            raise ConfigError(
                f"{protocol.name} needs an instrument that is a {capability.__name__} ({name}); "
                f"the station has {', '.join(instruments) or 'no instrument'}"
            )
    return chosen


def run_arguments(
    protocol: type[Protocol],
    instruments: Mapping[str, Instrument],
    *,
    clock: Clock,
    rng: np.random.Generator,
    resume: Step | None,
) -> dict[str, Any]:
    """Return the arguments of ``run``: instruments, and whichever of clock, rng and resume it has."""
    parameters = inspect.signature(_run_of(protocol)).parameters
    offers = {"clock": clock, "rng": rng, "resume": resume}
    return {**instruments, **{name: value for name, value in offers.items() if name in parameters}}


def _run_of(protocol: type[Protocol]) -> Any:
    run = getattr(protocol, "run", None)
    if run is None:
        raise TypeError(f"{protocol.__name__} has no run")
    return run
