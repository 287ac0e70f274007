"""The Langevin equations against closed forms; random bounds are four standard errors wide, seeds are stated."""

import math

import numpy as np
import pytest

from simulated_instruments.physics.diffusive_langevin import LangevinDevices, LangevinParameters


def test_particles_in_a_harmonic_well_have_the_variance_of_the_bath() -> None:
    stiffness, bath, step = 40.0, 0.1, 5e-4
    free = LangevinParameters(
        particles=4, push=0.0, bath=bath, heating=0.0, deep=0.0, pinning=0.0, stiffness=stiffness, wall=1.0
    )
    devices = LangevinDevices(2500, seed=11, parameters=free)
    devices.advance(np.zeros(2000), step=step)
    squares = devices.positions.ravel() ** 2
    # Euler and Maruyama's own stationary variance, kT/k / (1 - k dt/2): 1 % above kT/k here.
    expected = bath / stiffness / (1.0 - 0.5 * stiffness * step)
    assert squares.mean() == pytest.approx(expected, abs=4.0 * squares.std() / math.sqrt(squares.size))


def test_free_particles_diffuse_as_einstein_says() -> None:
    bath, drag = 0.002, 2.0
    free = LangevinParameters(particles=1, drag=drag, push=0.0, bath=bath, heating=0.0, deep=0.0, pinning=0.0)
    devices = LangevinDevices(8000, seed=12, parameters=free)
    devices.positions[:] = 0.0
    devices.advance(np.zeros(200), step=0.05)
    expected = 2.0 * bath / drag * 10.0
    assert devices.positions.var() == pytest.approx(expected, rel=4.0 * math.sqrt(2.0 / 8000))


def test_a_capacitor_charges_as_the_closed_form_says() -> None:
    frozen = LangevinParameters(push=0.0, bath=0.0, heating=0.0, deep=0.0, pinning=0.0)
    devices = LangevinDevices(1, seed=13, parameters=frozen)
    share = 1.0 + frozen.series / devices.resistance()[0]
    volts, _ = devices.advance(np.ones(100), step=0.01)
    times = 0.01 * np.arange(1, 101)
    assert volts[0] == pytest.approx((1.0 - np.exp(-share * times / frozen.tau)) / share, rel=1e-9)


def test_newton_cooling_is_exact() -> None:
    frozen = LangevinParameters(drag=1e9, push=0.0, bath=0.1, heating=0.0, deep=0.0, pinning=0.0)
    devices = LangevinDevices(1, seed=14, parameters=frozen)
    devices.temperature[:] = 0.5
    devices.advance(np.zeros(70), step=0.01)
    assert devices.temperature[0] == pytest.approx(0.1 + 0.4 * math.exp(-0.7), rel=1e-12)


def delays(step: float, volts: float, seed: int, count: int = 300) -> np.ndarray:
    devices = LangevinDevices(count, seed=seed)
    _, ohms = devices.advance(np.full(round(40.0 / step), volts), step=step, every=round(0.02 / step))
    conducts = ohms < 3.0
    return np.where(conducts.any(axis=1), conducts.argmax(axis=1) * 0.02, 40.0)


def test_halving_the_step_changes_the_delay_by_no_more_than_its_noise() -> None:
    coarse, fine = np.log(delays(0.004, 1.0, 15)), np.log(delays(0.002, 1.0, 16))
    error = math.sqrt((coarse.var() + fine.var()) / len(coarse))
    assert abs(coarse.mean() - fine.mean()) < 4.0 * error
    assert abs(coarse.mean() - fine.mean()) < 0.15


def test_the_delay_falls_steeply_and_spreads_less_with_voltage() -> None:
    low, middle, high = (np.log(delays(0.004, volts, 17, 150)) for volts in (0.8, 1.0, 1.5))
    assert np.median(low) > np.median(middle) + 0.7
    assert np.median(middle) > np.median(high) + 0.7
    assert high.std() < middle.std()


def test_a_device_that_conducts_relaxes_by_itself() -> None:
    devices = LangevinDevices(100, seed=18)
    before = np.median(devices.advance(np.zeros(2000), step=0.004)[1][:, -1])
    _, ohms = devices.advance(np.full(500, 1.5), step=0.004)
    conducted = ohms[:, -1] < 5.0
    assert conducted.sum() > 50
    _, ohms = devices.advance(np.zeros(15_000), step=0.004, every=10)
    assert np.median(ohms[conducted, -1]) == pytest.approx(before, rel=0.5)


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        LangevinParameters(tau=0.0)
    with pytest.raises(ValueError, match="must be finite"):
        LangevinParameters(bath=-1.0)
