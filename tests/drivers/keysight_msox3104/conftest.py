from collections.abc import Callable
from typing import Any

import pytest

from drivers.keysight_msox3104 import KeysightMsox3104

IDN = "KEYSIGHT TECHNOLOGIES,MSO-X 3104T,MY12345678,07.20.2017102614"


@pytest.fixture
def opened(dialogue: Any) -> Callable[..., KeysightMsox3104]:
    """Opens an oscilloscope with a 10:1 probe on channel 2."""

    def open_it(**keywords: Any) -> KeysightMsox3104:
        dialogue.expect("*IDN?", IDN)
        for n in (1, 2, 3, 4):
            dialogue.expect(f":CHAN{n}:PROB?", "+1.0E+01" if n == 2 else "+1.0E+00")
        scope = KeysightMsox3104(dialogue.link(), role="scope", **keywords)
        scope.open()
        return scope

    return open_it
