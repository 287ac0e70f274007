"""How a channel's output and its measurement lag behind: the slew rate and a first-order settling."""

import numpy as np

from simulated_instruments.physics.compiled import compiled
from simulated_instruments.terminals import Floats


@compiled
def slew_limited(times: Floats, volts: Floats, slew: float) -> tuple[Floats, Floats]:
    """Return the corners of what an output of at most ``slew`` (V/s) makes of the corners ``times`` (s), ``volts`` (V).

    Two corners at one time are a jump. The times that come back rise.
    """
    size = 2 * len(times) + 2
    out_times, out_volts = np.empty(size), np.empty(size)
    out_times[0], out_volts[0] = times[0], volts[0]
    count, y = 1, volts[0]
    for i in range(1, len(times)):
        length = times[i] - times[i - 1]
        if length <= 0.0:
            continue
        slope = (volts[i] - volts[i - 1]) / length
        error = volts[i - 1] - y
        if error != 0.0:
            pace = slew if error > 0.0 else -slew
            caught = error / (pace - slope) if pace != slope else -1.0
            if caught < 0.0 or caught >= length:
                y += pace * length
                out_times[count], out_volts[count] = times[i], y
                count += 1
                continue
            y += pace * caught
            if caught > 0.0 and times[i - 1] + caught < times[i]:
                out_times[count], out_volts[count] = times[i - 1] + caught, y
                count += 1
            length -= caught
        if abs(slope) <= slew:
            y = volts[i]
        else:
            y += length * (slew if slope > 0.0 else -slew)
        out_times[count], out_volts[count] = times[i], y
        count += 1
    if y != volts[-1]:
        out_times[count] = times[-1] + abs(volts[-1] - y) / slew
        out_volts[count] = volts[-1]
        count += 1
    return out_times[:count], out_volts[:count]


@compiled
def settle(times: Floats, values: Floats, added: Floats, taus: Floats, state: float) -> Floats:
    """Return the first-order response at ``times`` (s) to ``values``, linear between them, from ``state`` at the first.

    ``added`` is an input that is constant within each interval, ``taus`` are the time constants (s) there; both belong
    to the interval that ends at each time.
    """
    out = np.empty(len(times))
    out[0] = state
    for i in range(1, len(times)):
        length, tau = times[i] - times[i - 1], taus[i]
        if length <= 0.0:
            out[i] = out[i - 1]
            continue
        lag = (values[i] - values[i - 1]) / length * tau
        offset = added[i] - lag
        out[i] = values[i] + offset + (out[i - 1] - values[i - 1] - offset) * np.exp(-length / tau)
    return out
