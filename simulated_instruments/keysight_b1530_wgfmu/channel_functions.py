"""Channel set-up.

Source: the WGFMU sheet, functions: channel set-up. The range of each argument is that of its constants.
"""

# ruff: noqa: N802, D102 - the names are the vendor's, and each gets or sets what it says

import math
from typing import Any

from simulated_instruments.keysight_b1530_wgfmu import codes
from simulated_instruments.keysight_b1530_wgfmu.arguments import number, store
from simulated_instruments.keysight_b1530_wgfmu.codes import Code, WgfmuError
from simulated_instruments.keysight_b1530_wgfmu.library import LibraryCore, choose, library_function


def _delay(value: Any) -> float:
    """Return a delay (s) cut to whole steps towards zero."""
    seconds = number(value)
    if abs(seconds) > codes.MAX_DELAY:
        raise WgfmuError(Code.PARAMETER_OUT_OF_RANGE, f"a delay of {seconds} s is beyond +-50 ns")
    return math.trunc(seconds / codes.DELAY_STEP + math.copysign(1e-6, seconds)) * codes.DELAY_STEP


class ChannelFunctions(LibraryCore):
    """The functions that set up a channel. A setting reaches the hardware with update, execute or a DC function."""

    @library_function
    def WGFMU_setOperationMode(self, channel_id: Any, mode: Any) -> None:
        chosen = choose(mode, codes.MODE_DC, codes.MODE_SMU, "operation mode")
        self.channel(channel_id).settings.mode = chosen
        self.changed()

    @library_function
    def WGFMU_getOperationMode(self, channel_id: Any, mode: Any) -> None:
        store(mode, self.channel(channel_id).settings.mode)

    @library_function
    def WGFMU_setForceVoltageRange(self, channel_id: Any, voltage_range: Any) -> None:
        chosen = choose(voltage_range, codes.FORCE_AUTO, codes.FORCE_10V_POSITIVE, "force voltage range")
        self.channel(channel_id).settings.force_range = chosen
        self.changed()

    @library_function
    def WGFMU_getForceVoltageRange(self, channel_id: Any, voltage_range: Any) -> None:
        store(voltage_range, self.channel(channel_id).settings.force_range)

    @library_function
    def WGFMU_setMeasureMode(self, channel_id: Any, mode: Any) -> None:
        """Choose voltage or current; current also sets the voltage measurement range to 5 V."""
        chosen = choose(mode, codes.MEASURE_VOLTAGE, codes.MEASURE_CURRENT, "measure mode")
        settings = self.channel(channel_id).settings
        settings.measure_mode = chosen
        if chosen == codes.MEASURE_CURRENT:
            settings.voltage_range = codes.VOLTAGE_5V
        self.changed()

    @library_function
    def WGFMU_getMeasureMode(self, channel_id: Any, mode: Any) -> None:
        store(mode, self.channel(channel_id).settings.measure_mode)

    @library_function
    def WGFMU_setMeasureVoltageRange(self, channel_id: Any, voltage_range: Any) -> None:
        chosen = choose(voltage_range, codes.VOLTAGE_5V, codes.VOLTAGE_10V, "measure voltage range")
        self.channel(channel_id).settings.voltage_range = chosen
        self.changed()

    @library_function
    def WGFMU_getMeasureVoltageRange(self, channel_id: Any, voltage_range: Any) -> None:
        store(voltage_range, self.channel(channel_id).settings.voltage_range)

    @library_function
    def WGFMU_setMeasureCurrentRange(self, channel_id: Any, current_range: Any) -> None:
        chosen = choose(current_range, codes.CURRENT_1UA, codes.CURRENT_10MA, "measure current range")
        self.channel(channel_id).settings.current_range = chosen
        self.changed()

    @library_function
    def WGFMU_getMeasureCurrentRange(self, channel_id: Any, current_range: Any) -> None:
        store(current_range, self.channel(channel_id).settings.current_range)

    @library_function
    def WGFMU_setForceDelay(self, channel_id: Any, delay: Any) -> None:
        seconds = _delay(delay)
        self.channel(channel_id).settings.force_delay = seconds
        self.changed()

    @library_function
    def WGFMU_getForceDelay(self, channel_id: Any, delay: Any) -> None:
        store(delay, self.channel(channel_id).settings.force_delay)

    @library_function
    def WGFMU_setMeasureDelay(self, channel_id: Any, delay: Any) -> None:
        seconds = _delay(delay)
        self.channel(channel_id).settings.measure_delay = seconds
        self.changed()

    @library_function
    def WGFMU_getMeasureDelay(self, channel_id: Any, delay: Any) -> None:
        store(delay, self.channel(channel_id).settings.measure_delay)

    @library_function
    def WGFMU_setMeasureEnabled(self, channel_id: Any, enabled: Any) -> None:
        chosen = choose(enabled, codes.DISABLED, codes.ENABLED, "measure enabled")
        self.channel(channel_id).settings.measured = chosen
        self.changed()

    @library_function
    def WGFMU_isMeasureEnabled(self, channel_id: Any, enabled: Any) -> None:
        store(enabled, self.channel(channel_id).settings.measured)

    @library_function
    def WGFMU_setTriggerOutMode(self, channel_id: Any, mode: Any, polarity: Any) -> None:
        chosen = choose(mode, codes.TRIGGER_DISABLE, codes.TRIGGER_EVENT, "trigger out mode")
        sign = choose(polarity, codes.TRIGGER_POSITIVE, codes.TRIGGER_NEGATIVE, "trigger out polarity")
        settings = self.channel(channel_id).settings
        settings.trigger_mode, settings.trigger_polarity = chosen, sign
        self.changed()

    @library_function
    def WGFMU_getTriggerOutMode(self, channel_id: Any, mode: Any, polarity: Any) -> None:
        settings = self.channel(channel_id).settings
        store(mode, settings.trigger_mode)
        store(polarity, settings.trigger_polarity)

    @library_function
    def WGFMU_connect(self, channel_id: Any) -> None:
        """Close the relay of the channel's remote-sense and switch unit."""
        self.need_session()
        self.channel(channel_id).connect()

    @library_function
    def WGFMU_disconnect(self, channel_id: Any) -> None:
        """Open the relay."""
        self.need_session()
        self.channel(channel_id).disconnect()
