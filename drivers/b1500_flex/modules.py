"""The SMU modules and their ranges.

Source: B1500A/B1505A Programming Guide, ed. 11, tables of measurement ranges; modules by their answer to ``UNT?``.
"""

from typing import NamedTuple

from labctl.errors import ConfigError, FrameError

SLOTS = 10
VOLTAGE_RANGES = {0.5: 5, 2.0: 20, 5.0: 50, 20.0: 200, 40.0: 400, 100.0: 1000, 200.0: 2000}
"""Number of the range by full scale, in V."""
CURRENT_RANGES = {
    1e-12: 8, 1e-11: 9, 1e-10: 10, 1e-9: 11, 1e-8: 12, 1e-7: 13, 1e-6: 14, 1e-5: 15, 1e-4: 16, 1e-3: 17, 1e-2: 18,
    0.1: 19, 1.0: 20,
}  # fmt: skip
"""Number of the range by full scale, in A."""


class Smu(NamedTuple):
    """What a source/monitor unit can do: highest voltage (V), highest current and smallest current range (A)."""

    model: str
    voltage: float
    current: float
    smallest: float


SMUS = {
    "B1510A": Smu("B1510A", 200.0, 1.0, 1e-9),
    "B1511A": Smu("B1511A", 100.0, 0.1, 1e-9),
    "B1511B": Smu("B1511B", 100.0, 0.1, 1e-9),
    "B1517A": Smu("B1517A", 100.0, 0.1, 1e-11),
}
"""By model. That the B1510A has no range below 1 nA is unconfirmed; without an ASU the B1517A begins at 10 pA."""


def parse_units(text: str) -> dict[int, str]:
    """Return the model in each slot from an answer to ``UNT? 0``: ten ``model,revision`` joined by ``;``."""
    pairs = [item.split(",") for item in text.strip().split(";")]
    if len(pairs) > SLOTS or any(len(pair) != 2 for pair in pairs):
        raise FrameError(f"{text!r} is no answer to UNT?")
    return {slot: model.strip() for slot, (model, _) in enumerate(pairs, 1) if model.strip() not in {"0", ""}}


def smu_in(units: dict[int, str], channel: int, role: str) -> Smu:
    """Return the SMU in a slot.

    Raises:
        ConfigError: There is none that this driver knows.
    """
    found = SMUS.get(units.get(channel, ""))
    if found is None:
        there = ", ".join(f"{slot}: {model}" for slot, model in units.items())
        raise ConfigError(f"{role}: there is no known SMU in slot {channel}; there are {there}")
    return found
