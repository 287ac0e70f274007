"""A simulated Keysight MSOX3104 oscilloscope (InfiniiVision 3000 X-Series, 1 GHz, four analog channels).

Simulated: channels with 8-bit conversion, clipping, noise and a one-pole bandwidth; edge and pulse-width triggers with
AUTO and NORMal sweep; :RUN, :STOP, :SINGle, :DIGitize with their arm, trigger and run events; NORMal, PEAK, AVERage
and HRESolution records up to the memory's depth; transfer in every format; measurements; the screen as PNG or BMP.
A record is of the screen as it was set when the record was taken: changing the time base after a stop does not reach
beyond it. AVERage and HRESolution lower the noise of one acquisition rather than take several. The 50 Ohm input is a
setting: its load on the node belongs to the bench's wiring. A probe factor only rescales: what is wired is 1:1.
Refused with -241: logic channels, other trigger modes, segments. Maths, FFT and reference sources have no data.

Source: the 3000 X-Series programmer's guide and the vendor's sample programs as public drivers quote them, and the
replies of a real DSOX1102G in PyMeasure's tests. What nobody confirmed is marked *unconfirmed* or *assumed* beside its
constant in `simulated_instruments.keysight_msox3104_parts`.
"""

import copy
import dataclasses
from collections.abc import Mapping

import numpy as np

from simulated_instruments.frontend import Clock
from simulated_instruments.keysight_msox3104_parts.acquisition import Acquisition
from simulated_instruments.keysight_msox3104_parts.commands_axes import channel_commands, timebase_commands
from simulated_instruments.keysight_msox3104_parts.commands_measure import measure_commands
from simulated_instruments.keysight_msox3104_parts.commands_panel import (
    autoscale_commands,
    fill,
    panel_commands,
    setup_commands,
)
from simulated_instruments.keysight_msox3104_parts.commands_trigger import (
    acquire_commands,
    run_commands,
    trigger_commands,
)
from simulated_instruments.keysight_msox3104_parts.commands_waveform import waveform_commands
from simulated_instruments.keysight_msox3104_parts.settings import MEMORY_POINTS, Settings
from simulated_instruments.scpi import Command, ScpiError, ScpiFrontEnd
from simulated_instruments.scpi.common import common_commands
from simulated_instruments.terminals import Terminal

_FIRMWARE = "02.41.2015102200"
_SCPI_VERSION = "1999.0"
"""*Unconfirmed*."""
_QUEUE_DEPTH = 30
"""*Unconfirmed*."""
_SAVES = 10
"""*Unconfirmed*."""
_INPUT_LIMIT = 1_000_000
_NO_ERROR_BIT = 0
"""This family's status byte has no bit for the error queue."""
RESET_TIME = 1.0
"""What ``*RST`` takes, in s, *assumed*."""


class SimulatedKeysightMsox3104(ScpiFrontEnd):
    """An MSO-X 3104A: bytes in, bytes out, looking at its terminals and never driving them.

    Args:
        clock: The bench's clock.
        terminals: What ``"chan1"`` to ``"chan4"`` and ``"ext"`` are wired to; one that is missing reads 0 V.
        serial: The serial number in ``*IDN?``.
        seed: Of the noise.
        memory_points: Depth of the acquisition memory for one channel and a single acquisition.
    """

    terminal_names = ("chan1", "chan2", "chan3", "chan4", "ext")

    def __init__(
        self,
        clock: Clock,
        terminals: Mapping[str, Terminal],
        *,
        serial: str = "MY50000001",
        seed: int = 0,
        memory_points: int = MEMORY_POINTS,
    ) -> None:
        super().__init__(clock, queue_depth=_QUEUE_DEPTH, input_limit=_INPUT_LIMIT, error_bit=_NO_ERROR_BIT)
        self.settings = Settings()
        rng = np.random.default_rng(seed)
        self.acquisition = Acquisition(self.settings, terminals, clock, memory_points, rng)
        self._saved: dict[int, Settings] = {}
        self.use(self._commands(f"AGILENT TECHNOLOGIES,MSO-X 3104A,{serial},{_FIRMWARE}", memory_points))

    def poll(self) -> None:
        """Bring an acquisition under way up to the clock."""
        self.acquisition.advance()

    def holds(self) -> bool:
        """Return whether :DIGitize waits for its trigger: nothing is answered until it comes, or a device clear."""
        return self.acquisition.digitising

    def stop_holding(self) -> None:
        """End a :DIGitize that waits."""
        if self.acquisition.digitising:
            self.acquisition.stop()

    def clear_status(self) -> None:
        """``*CLS``: the arm and trigger events too."""
        super().clear_status()
        self.acquisition.clear_events()

    def reset(self) -> None:
        """``*RST``: the reset state, running in AUTO."""
        self._install(Settings())
        self.clock.wait(RESET_TIME)

    def save(self, location: int) -> None:
        """``*SAV``."""
        self._saved[location] = copy.deepcopy(self.settings)

    def recall(self, location: int) -> None:
        """``*RCL``; -221 (*unconfirmed*) from a location that holds nothing."""
        if location not in self._saved:
            raise ScpiError(-221)
        self._install(self._saved[location])

    def trigger(self) -> None:
        """``*TRG``: the same as :TRIGger:FORCe (*unconfirmed*)."""
        self.acquisition.force()

    def _install(self, settings: Settings) -> None:
        fill(self.settings, dataclasses.asdict(settings))
        self.acquisition.record = None
        self.acquisition.run()

    def _commands(self, identity: str, memory_points: int) -> list[Command]:
        def preset(call: object) -> None:
            self.reset()

        return [
            *common_commands(self, identity=identity, options="0", version=_SCPI_VERSION, saves=_SAVES),
            Command("SYSTem:PRESet", write=preset),
            *channel_commands(self),
            *timebase_commands(self),
            *trigger_commands(self),
            *acquire_commands(self, memory_points),
            *run_commands(self),
            *waveform_commands(self),
            *measure_commands(self),
            *panel_commands(self),
            *setup_commands(self),
            *autoscale_commands(self, self.clock),
        ]
