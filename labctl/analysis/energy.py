"""Energy of programming pulses, estimated from their voltage and the conductance that they left."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from labctl.capabilities import Floats, LinePulse
from labctl.results import Results


def with_energy(results: Results, pulses: Sequence[LinePulse], conductances: Floats) -> Results:
    """Return ``results`` with what its pulses took from the lines of the array.

    The summary gets ``pulse_energy_pJ``, V^2 G t with the voltage between bit and source line, the mean over
    ``pulses``, as if each kind came equally often; and, from ``pulses`` and ``pulses_per_device`` where it has them,
    ``energy_uJ`` of all and ``energy_per_device_pJ`` of a device and step. An estimate: the conductance during a
    pulse is not measured, the transistor's share is in it, and what charges the lines is not.

    Args:
        results: Of a run that counts pulses.
        pulses: The kinds of pulses that it gives.
        conductances: (n,) of its cells as pulses left them, in S.
    """
    if not len(conductances):
        return results
    work = float(np.mean([pulse.device_voltage**2 * pulse.width for pulse in pulses]) * conductances.mean())
    summary = {**results.summary, "pulse_energy_pJ": work * 1e12}
    if "pulses" in summary:
        summary["energy_uJ"] = summary["pulses"] * work * 1e6
    if "pulses_per_device" in summary:
        summary["energy_per_device_pJ"] = summary["pulses_per_device"] * work * 1e12
    return dataclasses.replace(results, summary=summary)
