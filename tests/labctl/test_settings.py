"""Settings: what an assignment does."""

from typing import Any

import pytest

from labctl.errors import StateError
from labctl.settings import Setting, settings_of


class Driver:
    role = "lamp"
    level = Setting("V", "Level.", read=lambda lamp: lamp.sent[-1], write=lambda lamp, value: lamp.sent.append(value))

    def __init__(self) -> None:
        self.sent: list[Any] = [0.0]


def test_an_assignment_is_refused_and_says_what_to_call() -> None:
    lamp: Any = Driver()
    with pytest.raises(StateError, match=r"lamp: use level\.set\(1\.0\)"):
        lamp.level = 1.0
    assert lamp.sent == [0.0]
    assert list(settings_of(Driver)) == ["level"]
    lamp.level.set("2 V")
    assert lamp.level.get() == 2.0
