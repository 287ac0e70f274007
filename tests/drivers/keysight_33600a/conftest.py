from collections.abc import Callable
from typing import Any

import pytest

from drivers.keysight_33600a import Keysight33600A

IDN = "Agilent Technologies,{},MY59002437,A.02.03-3.15-03-64-02"


@pytest.fixture
def opened(dialogue: Any) -> Callable[..., Keysight33600A]:
    """Opens a generator whose outputs are declared as 50 ohm; ``load`` and ``channel`` as options."""

    def open_it(model: str = "33622A", **keywords: Any) -> Keysight33600A:
        channels = (1, 2) if model[3:5] in {"12", "22"} else (1,)
        options = keywords.setdefault("options", {"load": "50 ohm"})
        channel = options.get("channel", 1)
        dialogue.expect("*IDN?", IDN.format(model))
        units = [f"SOUR{n}:VOLT:UNIT VPP" for n in channels]
        dialogue.expect_sets("UNIT:ANGL DEG", "FORM:BORD SWAP", *units)
        shown = "+5.000000000000000E+01"
        dialogue.expect(f"OUTP{channel}:LOAD?", shown)
        if options.get("load") != "50 ohm":
            shown = "+9.9E+37"
            dialogue.expect(f"OUTP{channel}?", "0")
            dialogue.expect_sets(f"OUTP{channel}:LOAD INF")
        for n in channels:
            dialogue.expect(f"OUTP{n}:LOAD?", shown if n == channel else "+5.000000000000000E+01")
        awg = Keysight33600A(dialogue.link(), role="pulser", **keywords)
        awg.open()
        return awg

    return open_it
