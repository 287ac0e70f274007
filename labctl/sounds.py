"""Waveforms for feature maps: WAV files, and synthetic calls in the manner of four whales.

The calls are SYNTHETIC: drawn by formulas after the general descriptions of these animals' songs (long low tones,
trains of short down-sweeps, rising pulse trains, phrases of gliding units). They are no recordings and no evidence for
any animal.
"""

import hashlib
import warnings
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.io import wavfile

from labctl.errors import ConfigError

Floats = NDArray[np.float64]
Call = Literal["blue", "dwarf", "fin", "humpback"]
CALLS: tuple[Call, ...] = get_args(Call)
"""The four species of the paper."""
LENGTH = 1.0
"""Of a synthetic call in s, however many samples it is given in; *assumed*. With 48,000 samples, pooling by 60 keeps
tones up to 400 Hz."""


def synthetic_call(call: Call, samples: int = 48_000) -> Floats:
    """Return (samples,) of a SYNTHETIC call in -1..1; always the same. Its numbers are *assumed*."""
    times = LENGTH * np.arange(samples) / samples
    match call:
        case "blue":  # part of a long tone of 17 Hz with its first overtone, slowly beating
            tone = np.sin(2 * np.pi * 17.0 * times) + 0.4 * np.sin(2 * np.pi * 34.0 * times + 0.8)
            wave = tone * (1.0 + 0.6 * np.sin(2 * np.pi * 2.2 * times))
        case "fin":  # one down-sweep through 20 Hz, loud in the middle, and the silence around it
            wave = _unit(times, 0.12, 0.78, 30.0, 14.0)
        case "dwarf":  # short pulses of rising pitch that come ever faster
            starts = 0.02 + 0.93 * (1.0 - (1.0 - np.arange(12) / 12.0) ** 1.7)
            units = [_unit(times, at, 0.045, 70.0 + 8.0 * number, 110.0) for number, at in enumerate(starts)]
            wave = np.sum(units, axis=0) + 0.5 * np.abs(np.sum(units, axis=0))  # pressure peaks, as in a knock
        case "humpback":  # a phrase of different gliding units: moan, cry, grunt
            phrase = ((0.01, 0.36, 25.0, 60.0), (0.38, 0.22, 180.0, 70.0), (0.62, 0.35, 12.0, 9.0))
            wave = np.sum([_unit(times, *unit) for unit in phrase], axis=0)
    return np.asarray(wave / np.abs(wave).max())


def _unit(times: Floats, start: float, length: float, first: float, last: float) -> Floats:
    """Return one unit that glides from ``first`` to ``last`` Hz under a smooth envelope."""
    into = np.clip((times - start) / length, 0.0, 1.0)
    phase = 2.0 * np.pi * length * (first * into + 0.5 * (last - first) * into**2)
    return np.asarray(np.sin(phase) * np.sin(np.pi * into) ** 2)


def read_wav(path: str | Path, samples: int) -> Floats:
    """Return the first ``samples`` of a WAV file's first channel, in -1..1.

    Raises:
        ConfigError: Not there, no WAV file of a known kind, too short, or silent; says which.
    """
    file = Path(path)
    if not file.is_file():
        raise ConfigError(f"there is no sound file {str(file)!r}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", wavfile.WavFileWarning)  # chunks that are not sound
            _, values = wavfile.read(file)
    except (ValueError, EOFError, OSError) as error:
        raise ConfigError(f"{file} cannot be read as a WAV file: {error}") from error
    except Exception as error:  # scipy's reader stumbles over damaged headers in many ways
        raise ConfigError(f"{file} cannot be read as a WAV file: it is damaged ({error!r})") from error
    wave = np.asarray(values if values.ndim == 1 else values[:, 0])
    if len(wave) < samples:
        raise ConfigError(f"{file} has {len(wave):,} samples, but {samples:,} are needed")
    scaled = _scaled(wave[:samples])
    if not np.isfinite(scaled).all():
        raise ConfigError(f"{file} has samples that are no numbers")
    if np.ptp(scaled) == 0.0:
        raise ConfigError(f"{file} is silent: its first {samples:,} samples are all the same")
    return scaled


def fingerprint(waves: list[Floats]) -> bytes:
    """Return 16 bytes that tell waveforms apart."""
    return hashlib.sha256(b"".join(wave.tobytes() for wave in waves)).digest()[:16]


def pooled(wave: Floats, utterances: int, pooling: int) -> Floats:
    """Return the (utterances, samples) inputs x of a waveform: averages over ``pooling`` samples, scaled to 0..1.

    Source: Nat. Commun. 16, 913 (2025): 48,000 samples, 8 utterances of 6,000, average pooling 1 x 60. That lowest and
    highest average of the whole waveform become 0 and 1 is *assumed*.

    Raises:
        ConfigError: All averages are the same.
    """
    means = wave.reshape(utterances, -1, pooling).mean(axis=2)
    span = np.ptp(means)
    if span <= 1e-12:
        raise ConfigError("nothing is left of the sound after average pooling: all its averages are the same")
    return np.asarray((means - means.min()) / span)


def _scaled(wave: NDArray[np.generic]) -> Floats:
    if wave.dtype.kind == "f":
        return np.asarray(wave, dtype=np.float64)
    if wave.dtype == np.uint8:
        return (np.asarray(wave, dtype=np.float64) - 128.0) / 128.0
    return np.asarray(wave, dtype=np.float64) / float(-np.iinfo(wave.dtype.name).min)
