"""Texts of this series' own errors.

Seen on real instruments of the family: the pulse width and the burst texts, and "Arb: Out of memory". The other
settings conflicts are worded after the 33220A, the series' ancestor, *unconfirmed* here, and so are the arb codes.
"""

from simulated_instruments.scpi import ScpiError


def conflict(text: str) -> ScpiError:
    """Return -221 with its detail."""
    return ScpiError(-221, f"Settings conflict; {text}")


WIDTH_DECREASED = "pulse width decreased due to period"
WIDTH_INCREASED = "pulse width increased due to edge time"
EDGE_BY_PERIOD = "edge time decreased due to period"
NOT_BURSTABLE = "not able to burst this function"
FREQUENCY_BY_FUNCTION = "frequency changed due to function"
FREQUENCY_BY_AMPLITUDE = "frequency changed due to amplitude"
AMPLITUDE_BY_OFFSET = "amplitude changed due to offset"
OFFSET_AFTER_DC = "offset changed on exit from dc function"
LOW_BY_HIGH = "low level changed by high level"
HIGH_BY_LOW = "high level changed by low level"
UNIT_BY_LOAD = "amplitude units changed to Vpp due to high-Z load"
DBM_NEEDS_LOAD = "dBm needs a finite load"
LOAD_BY_LIMITS = "load cannot be changed while voltage limits are on"
LIMIT_BY_LEVEL = "voltage limit changed due to levels"
PERIOD_BY_BURST = "burst period increased to fit entire burst"
OFF_BY_MODE = "burst turned off by selection of other mode"
NO_PHASE_IN_DC = "not available in dc function"
RATE_BY_FILTER = "sample rate changed due to filter"

OUT_OF_MEMORY = (880, "Arb: Out of memory")
ARB_EXISTS = (786, "Specified arb waveform already exists")
NO_SUCH_ARB = (785, "Specified arb waveform does not exist")
ODD_BLOCK = (800, "Block length must be even")


def not_simulated(what: str) -> ScpiError:
    """Return the error of what the real instrument has and the simulated one does not: -241, with its name."""
    return ScpiError(-241, f"Hardware missing; {what} is not simulated")
