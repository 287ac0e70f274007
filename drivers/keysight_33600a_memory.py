"""The waveform memory of a 33600A: uploads, sequences, and what a channel plays.

The memory is volatile, one for each channel, survives a reconnection, and keeps the old waveform where a name is there.

Source: "Keysight 33500/33600 series operating and service guide", DATA and FUNCtion:ARBitrary subsystems.
"""

import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivers.keysight_33600a_limits import FULL_SCALE, LEAST_POINTS, LOWEST_RATE, MOST_POINTS
from drivers.keysight_33600a_settings import Filter, Keysight33600ASettings
from drivers.scpi import number
from labctl.errors import ConfigError

_NAME = re.compile(r"[A-Za-z]\w{0,11}", re.ASCII)


class Segment(NamedTuple):
    """One part of a sequence: which uploaded waveform, and how often it is repeated.

    Attributes:
        waveform: Its name.
        repeats: How often, with ``play`` "repeat".
        play: How it goes on to the next segment.
        marker: What the marker on the Sync connector does.
    """

    waveform: str
    repeats: int = 1
    play: Literal["once", "onceWaitTrig", "repeat", "repeatInf", "repeatTilTrig"] = "repeat"
    marker: Literal["maintain", "lowAtStart", "highAtStart", "highAtStartGoLow"] = "maintain"
    marker_point: int = 4


class Keysight33600AMemory(Keysight33600ASettings):
    """What concerns the waveform memory of both channels."""

    def upload_waveform(self, name: str, samples: NDArray[Any], *, channel: int = 1) -> None:
        """Store a waveform in the channel's volatile memory.

        Args:
            name: A letter, then letters, digits or underscores; at most 12 (unconfirmed). Not yet there.
            samples: (n,) from -1 (low level) to 1 (high level), or int16 codes from -32767 to 32767; 32 to 4 million.
            channel: 1 or 2.

        Raises:
            ConfigError: Of another form; nothing was sent.
            LimitError: Too short, too long or beyond full scale; nothing was sent.
            InstrumentError: Refused, such as a name that is there already or a full memory; what was there stays.
        """
        limits, values = self.output_limits(self._checked(channel)), np.asarray(samples)
        if values.ndim != 1 or not _NAME.fullmatch(name):
            raise ConfigError(
                f"{self.role}: a waveform is a list of samples with a name of up to 12 letters and digits"
            )
        limits.within("number of samples", len(values), LEAST_POINTS, MOST_POINTS, "")
        codes = values if values.dtype == np.int16 else np.round(values * float(FULL_SCALE))
        peak = max(float(np.max(codes)), -float(np.min(codes))) / FULL_SCALE
        limits.within("largest sample", peak, 0.0, 1.0, "")
        self.send_block(f"SOUR{channel}:DATA:ARB:DAC {name},", codes.astype("<i2").tobytes())

    def upload_sequence(self, name: str, segments: Sequence[Segment], *, channel: int = 1) -> None:
        """Store a sequence of uploaded waveforms; play it with `select_waveform` (it cannot be given as a burst)."""
        parts = [f'"{s.waveform}",{s.repeats},{s.play},{s.marker},{s.marker_point}' for s in segments]
        if not parts or not _NAME.fullmatch(name):
            raise ConfigError(
                f"{self.role}: a sequence is one or more segments with a name of up to 12 letters and digits"
            )
        text = ",".join((f'"{name}"', *parts))
        self.send_block(f"SOUR{self._checked(channel)}:DATA:SEQ ", text.encode("ascii"))

    def clear_waveforms(self, *, channel: int = 1) -> None:
        """Free the channel's volatile memory."""
        self.command(f"SOUR{self._checked(channel)}:DATA:VOL:CLE")

    def select_waveform(
        self, name: str, *, rate: float, high: float, low: float, channel: int = 1, joined: Filter = Filter.STEP
    ) -> None:
        """Make an uploaded waveform or sequence what ``channel`` plays; its output stays as it is.

        Args:
            name: As uploaded.
            rate: In Sa/s.
            high: Voltage of a sample at 1, in V.
            low: Voltage of a sample at -1, in V.
            channel: 1 or 2.
            joined: The filter.
        """
        limits = self.output_limits(self._checked(channel))
        limits.within("sample rate", rate, LOWEST_RATE, limits.model.sample_rate, "Sa/s")
        limits.levels(high, low)
        with self.block():
            for text in (
                f'FUNC:ARB "{name}"', f"FUNC:ARB:FILT {joined.name}", f"FUNC:ARB:SRAT {number(rate)}", "FUNC ARB",
            ):  # fmt: skip
                self.command(f"SOUR{channel}:{text}")
            self.set_levels(channel, high=high, low=low)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _checked(self, channel: int) -> int:
        if not 1 <= channel <= self.model.channels:
            raise ConfigError(f"{self.role}: there is no channel {channel}")
        return channel

    def _command_all(self, *texts: str) -> None:
        for text in texts:
            self.command(text)
