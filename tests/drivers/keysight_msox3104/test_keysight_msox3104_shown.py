"""The oscilloscope brings a channel to the screen with a range that was asked for."""

from collections.abc import Iterator
from typing import Any

import pytest

import labctl
from labctl.errors import ConfigError, LimitError


@pytest.fixture
def scope() -> Iterator[Any]:
    with labctl.open_station("neuron", simulate=True, seed=1) as lab:
        yield lab["scope"]


def test_a_range_is_put_on_six_divisions_around_its_middle(scope: Any) -> None:
    scope.show_channel(2, low=-0.3, high=0.9)
    settings = scope.settings()
    assert settings["ch2_display"].get() is True
    assert settings["ch2_scale"].get() == pytest.approx(0.2)
    assert settings["ch2_offset"].get() == pytest.approx(0.3)


def test_a_range_beyond_the_channel_is_refused(scope: Any) -> None:
    with pytest.raises(LimitError, match="scale is to be 10 V"):
        scope.show_channel(1, low=-30.0, high=30.0)
    with pytest.raises(LimitError, match="offset"):
        scope.show_channel(1, low=99.0, high=101.0)
    with pytest.raises(ConfigError, match="no channel 5"):
        scope.show_channel(5, low=0.0, high=1.0)
