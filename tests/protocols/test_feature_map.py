"""Sounds as RESET pulses on the simulated array. Seeds are stated."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile

import labctl
from labctl import plugins, sounds
from labctl.analysis import feature_map
from labctl.clock import VirtualClock
from labctl.errors import ConfigError, LimitError, StateError
from labctl.protocol import Step
from labctl.runner import Run

RunOn = Callable[..., Run]


@pytest.fixture
def maps() -> Any:
    return plugins.load("protocols", "feature-map")


def wav(path: Path, values: Any, rate: int = 48_000) -> str:
    wavfile.write(path, rate, values)
    return str(path)


def test_four_calls_give_maps_of_8_x_100_that_can_be_told_apart(run_on: RunOn, maps: Any, tmp_path: Path) -> None:
    run = run_on(maps(cells=6), seed=1, station="ddk-array")
    found = feature_map.maps_of(run.data)
    assert found.names == [f"synthetic {name} whale" for name in ("blue", "dwarf", "fin", "humpback")]
    assert found.inputs.shape == (4, 8, 100)
    assert found.states.shape == (4, 8, 6, 101)
    assert run.summary["identified"] >= 0.9
    assert run.summary["trf_difference"] < 1e-6
    assert run.summary["residual_rms"] < 0.1
    maps.figure(run.data).savefig(tmp_path / "maps.png")
    assert (tmp_path / "maps.png").stat().st_size > 20_000


def test_the_calls_say_in_the_file_that_they_are_synthetic(run_on: RunOn, maps: Any) -> None:
    data = run_on(maps(cells=1, calls="fin", utterances=1), seed=2, station="ddk-array").data
    assert set(data["point"]["name"]) == {"synthetic fin whale"}


def test_the_loudest_sample_gets_the_highest_and_the_lowest_the_lowest_amplitude(run_on: RunOn, maps: Any) -> None:
    rows = run_on(maps(cells=1, calls="blue"), seed=3, station="ddk-array").data.arrays("point")
    pulses = rows["pulse"] < 100
    assert rows["amplitude"][pulses].min() == 2.0
    assert rows["amplitude"][pulses].max() == 3.0
    assert rows["amplitude"][pulses] == pytest.approx(2.0 + rows["input"][pulses])


def test_a_wav_file_of_any_kind_gives_the_same_inputs(maps: Any, tmp_path: Path) -> None:
    wave = sounds.synthetic_call("humpback")
    exact = sounds.pooled(wave, 8, 60)
    kinds = {
        "i2": np.round(wave * 32767).astype(np.int16),
        "i4": np.round(wave * 2**30).astype(np.int32),
        "u1": np.round(wave * 127 + 128).astype(np.uint8),
        "f4": wave.astype(np.float32),
        "stereo": np.round(np.stack((wave, 0 * wave), axis=1) * 32767).astype(np.int16),
    }
    for kind, values in kinds.items():
        _, inputs = maps(file=wav(tmp_path / f"{kind}.wav", values)).inputs()
        assert inputs[0] == pytest.approx(exact, abs=0.02 if kind == "u1" else 1e-3)


def test_a_run_on_a_file_names_it(run_on: RunOn, maps: Any, tmp_path: Path) -> None:
    noise = np.random.default_rng(4).integers(-3000, 3000, 1200).astype(np.int16)
    path = wav(tmp_path / "noise.wav", noise)
    run = run_on(maps(file=path, cells=2, utterances=2, samples=600), seed=4, station="ddk-array")
    assert set(run.data["point"]["name"]) == {"noise.wav"}
    assert run.data.lengths["point"] == 2 * 2 * 11


def test_a_resumed_run_takes_the_rest_and_refuses_another_sound(maps: Any) -> None:
    protocol = maps(cells=2, utterances=3, samples=600, calls="fin,dwarf")
    with labctl.open_station("ddk-array", simulate=True, seed=5) as lab:
        array, clock = lab["pe-board"], VirtualClock()

        def steps(resume: Step | None) -> list[Step]:
            items = protocol.run(array, rng=np.random.default_rng(5), clock=clock, resume=resume)
            return [item for item in items if isinstance(item, Step)]

        whole = steps(None)
        assert [step.done for step in whole] == [1, 2, 3, 4, 5, 6]
        assert [step.done for step in steps(whole[3])] == [5, 6]
        with pytest.raises(StateError, match="another"):
            steps(Step(4, 6, b"something else"))


def file_of(kind: str, folder: Path) -> str:
    path = folder / f"{kind}.wav"
    match kind:
        case "text":
            path.write_text("no sound at all")
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(Path(wav(path, np.arange(48_000, dtype=np.int16))).read_bytes()[:30])
        case "short":
            wav(path, np.arange(47_999, dtype=np.int16))
        case "silent":
            wav(path, np.zeros(48_000, dtype=np.int16))
        case "nan":
            wav(path, np.full(48_000, np.nan, dtype=np.float32))
        case "high":
            wav(path, np.tile(np.array([1, -1], np.int16), 24_000))
    return str(path)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "there is no sound file"),
        ("text", "cannot be read as a WAV file"),
        ("empty", "cannot be read as a WAV file"),
        ("cut", "cannot be read as a WAV file"),
        ("short", "has 47,999 samples, but 48,000 are needed"),
        ("silent", "is silent"),
        ("nan", "are no numbers"),
        ("high", "nothing is left of the sound"),
    ],
)
def test_a_bad_sound_file_is_refused_in_words_in_the_dry_run(maps: Any, tmp_path: Path, kind: str, says: str) -> None:
    station = labctl.open_station("ddk-array", simulate=True)
    with pytest.raises(ConfigError, match=says):
        labctl.dry_run(maps(file=file_of(kind, tmp_path)), station)
    assert not station["pe-board"].link.transcript


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"pooling": 7}, "must be a multiple of pooling"),
        ({"samples": 120}, "at least 5 pulses"),
        ({"lowest_amplitude": 3.0}, "must be below highest_amplitude"),
        ({"highest_amplitude": "3.3 V"}, "3.3 V, but the station's sample stands 3 V"),
        ({"calls": "cow"}, "calls"),
        ({"cells": 4096}, "cells is 4096, but an array has 2048"),
    ],
)
def test_bad_input_is_refused_before_anything_is_touched(maps: Any, parameters: dict[str, Any], says: str) -> None:
    station = labctl.open_station("ddk-array", simulate=True)
    with pytest.raises((ConfigError, LimitError), match=says):
        labctl.dry_run(maps.from_mapping(parameters), station)
    assert not station["pe-board"].link.transcript
