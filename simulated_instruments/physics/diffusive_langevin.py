"""Diffusive memristor by its Langevin equations: silver particles in a potential, Newton cooling, an RC circuit.

    eta dx_i/dt = -dU(x_i)/dx_i + alpha V/L + sqrt(2 eta k_B T) zeta_i
    dT/dt = V^2 / (C_T R) - kappa (T - T_0)
    tau_0 dV/dt = V_ex - (1 + R_ex/R(x)) V,  R(x) = R_t sum_i exp((x_{i+1} - x_i)/lambda),  x_0 = -L, x_{N+1} = L

U has one deep well at -L, the large cluster, and a row of small pinning wells. Source: Nat. Electron. 1, 137 (2018),
Eq. (1) to (3), with kappa tau_0 = 0.2 and R_ex/R_min = 1. Units as there: time in 1/kappa, resistance in
R_min = (N+1) R_t exp(2L/((N+1) lambda)), length in L; the voltage is in units of the constant ``alpha`` below, and
temperature in units of energy. The number of particles, the wells, lambda and alpha are not published: *assumed*.

Within a step T and V follow their linear equations exactly and the particles take one Euler-Maruyama step.
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulated_instruments.physics.checks import check_at_least_one
from simulated_instruments.physics.compiled import compiled
from simulated_instruments.physics.random_streams import normal, seed_streams

FloatArray = NDArray[np.float64]


class Law(NamedTuple):
    """Constants of the kernel, in the units of the module."""

    drag: float
    push: float
    bath: float
    heating: float
    tau: float
    series: float
    tunnelling: float
    least: float
    deep: float
    width: float
    pinning: float
    spacing: float
    stiffness: float
    wall: float


@dataclass(frozen=True)
class LangevinParameters:
    """The numbers of the model; see the module for the units.

    Attributes:
        particles: N; *assumed*.
        drag: eta; *assumed*.
        push: alpha; *assumed*.
        bath: k_B T_0; *assumed*.
        heating: 1/(C_T R_min): warming of a conducting device at V = 1; *assumed*.
        tau: kappa tau_0. Source: the paper.
        series: R_ex/R_min. Source: the paper.
        tunnelling: lambda; *assumed*.
        deep: Depth of the well at -L; *assumed*.
        width: Its width; *assumed*.
        pinning: Depth of the pinning wells, from top to bottom; *assumed*.
        spacing: Distance between them; *assumed*.
        stiffness: Of a harmonic well at 0 in addition; for checks.
        wall: L; walls reflect.

    Raises:
        ValueError: A number that is not finite, or one that has to be above 0 and is not.
    """

    particles: int = 8
    drag: float = 1.0
    push: float = 1.0
    bath: float = 0.025
    heating: float = 0.05
    tau: float = 0.2
    series: float = 1.0
    tunnelling: float = 0.18
    deep: float = 0.65
    width: float = 0.6
    pinning: float = 0.08
    spacing: float = 0.2
    stiffness: float = 0.0
    wall: float = 1.0

    def __post_init__(self) -> None:
        positive = ("particles", "drag", "tau", "tunnelling", "width", "spacing", "wall")
        for name, value in vars(self).items():
            if not math.isfinite(value) or value < 0.0 or (value == 0.0 and name in positive):
                raise ValueError(f"{name} must be finite and not below 0 (above 0: {', '.join(positive)}), got {value}")

    def law(self) -> Law:
        """Return the constants of the kernel."""
        values = {name: value for name, value in vars(self).items() if name != "particles"}
        return Law(least=self.least_sum, **values)

    @property
    def least_sum(self) -> float:
        """R_min/R_t: the sum of even gaps."""
        gaps = self.particles + 1
        return gaps * math.exp(2.0 * self.wall / (gaps * self.tunnelling))


class LangevinDevices:
    """So many independent devices; one thread at a time.

    Args:
        count: Number of devices; all particles at -L at first, cold and discharged.
        seed: 0 .. 2^64 - 1.
        parameters: The numbers of the model.

    Attributes:
        positions: (count, N) sorted, in units of L.
        temperature: (count,) k_B T.
        voltage: (count,) V across the device.
    """

    def __init__(self, count: int, *, seed: int, parameters: LangevinParameters | None = None) -> None:
        check_at_least_one("count", count)
        self.parameters = parameters or LangevinParameters()
        self._law = self.parameters.law()
        self._states, self._strides = seed_streams(count, seed)
        self.positions = np.full((count, self.parameters.particles), -self.parameters.wall)
        self.temperature = np.full(count, self.parameters.bath)
        self.voltage = np.zeros(count)

    def advance(self, applied: FloatArray, *, step: float, every: int = 1) -> tuple[FloatArray, FloatArray]:
        """Apply V_ex, one value a step.

        Args:
            applied: (n,) V_ex during each step.
            step: Length of a step, in 1/kappa.
            every: Steps between two samples of what is returned.

        Returns:
            V across the devices and R/R_min, (count, n // every) each, at the end of each ``every`` steps.
        """
        shape = (len(self.voltage), len(applied) // every)
        volts, ohms = np.empty(shape), np.empty(shape)
        _advance(
            self.positions, self.temperature, self.voltage, self._states, self._strides,
            np.ascontiguousarray(applied, dtype=np.float64), step, every, self._law, volts, ohms,
        )  # fmt: skip
        return volts, ohms

    def resistance(self) -> FloatArray:
        """Return R/R_min (count,) now."""
        return np.array([resistance(particles, self._law) for particles in self.positions])


@compiled
def resistance(particles: Any, law: Law) -> float:
    """Return R/R_min of sorted ``particles`` (N,)."""
    total = 0.0
    left = -law.wall
    for index in range(particles.shape[0]):
        total += math.exp((particles[index] - left) / law.tunnelling)
        left = particles[index]
    total += math.exp((law.wall - left) / law.tunnelling)
    return total / law.least


@compiled
def slope(place: float, law: Law) -> float:
    """Return dU/dx."""
    offset = (place + law.wall) / law.width
    well = law.deep * 2.0 * offset / law.width * math.exp(-offset * offset)
    phase = 2.0 * math.pi / law.spacing
    return well + 0.5 * law.pinning * phase * math.sin(phase * (place + law.wall)) + law.stiffness * place


@compiled
def _move(particles: Any, temperature: float, volts: float, step: float, state: Any, stride: Any, law: Law) -> Any:
    kick = math.sqrt(2.0 * temperature * step / law.drag)
    for index in range(particles.shape[0]):
        deviate, state = normal(state, stride)
        force = law.push * volts / law.wall - slope(particles[index], law)
        place = particles[index] + force * step / law.drag + kick * deviate
        if place < -law.wall:
            place = -2.0 * law.wall - place
        if place > law.wall:
            place = 2.0 * law.wall - place
        particles[index] = min(max(place, -law.wall), law.wall)
    for index in range(1, particles.shape[0]):
        place = particles[index]
        hole = index
        while hole > 0 and particles[hole - 1] > place:
            particles[hole] = particles[hole - 1]
            hole -= 1
        particles[hole] = place
    return state


@compiled
def _advance(
    positions: FloatArray, temperature: FloatArray, voltage: FloatArray, states: Any, strides: Any,
    applied: FloatArray, step: float, every: int, law: Law, volts: FloatArray, ohms: FloatArray,
) -> None:  # fmt: skip
    cooling = math.exp(-step)
    for device in range(positions.shape[0]):
        particles = positions[device]
        state = states[device]
        warm, across = temperature[device], voltage[device]
        for index in range(applied.size):
            now = resistance(particles, law)
            share = 1.0 + law.series / now
            settled = applied[index] / share
            across = settled + (across - settled) * math.exp(-share * step / law.tau)
            target = law.bath + law.heating * across * across / now
            warm = target + (warm - target) * cooling
            state = _move(particles, warm, across, step, state, strides[device], law)
            if (index + 1) % every == 0 and (index + 1) // every <= volts.shape[1]:
                volts[device, (index + 1) // every - 1] = across
                ohms[device, (index + 1) // every - 1] = resistance(particles, law)
        states[device], temperature[device], voltage[device] = state, warm, across
