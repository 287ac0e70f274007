"""Measurements of known waveforms, and 9.9E+37 where there is nothing to measure."""

import math

import numpy as np
import pytest


@pytest.fixture
def show(scope, inputs, clock):
    def show(signal, *, time_scale=1e-6, scale=0.5, offset=1.0):
        clock.wait(1.0)
        scope.send(f":CHAN1:SCAL {scale};OFFS {offset};:CHAN2:DISP 1;SCAL {scale};OFFS {offset};:TIM:SCAL {time_scale}")
        inputs["chan1"].signal = signal
        inputs["chan2"].signal = lambda times: signal(times - 100e-9)
        inputs["chan1"].edges = [(clock.now(), True)]
        scope.send(":TRIG:SWE NORM;:SING")
        inputs["chan1"].edges = [(clock.now() + 0.5, True)]
        clock.wait(1.0)
        return scope

    return show


def _pulses(times):
    phase = np.mod(times, 2e-6)
    return np.interp(phase, [0, 100e-9, 500e-9, 700e-9, 2e-6], [0, 2, 2, 0, 0])


@pytest.mark.parametrize(
    ("query", "expected", "tolerance"),
    [
        ("VPP?", 2.0, 0.1),
        ("VMAX?", 2.0, 0.06),
        ("VMIN?", 0.0, 0.06),
        ("VTOP?", 2.0, 0.03),
        ("VBAS?", 0.0, 0.03),
        ("VAMP?", 2.0, 0.05),
        ("FREQ?", 500e3, 1e3),
        ("PER?", 2e-6, 4e-9),
        ("PWID?", 550e-9, 5e-9),
        ("NWID?", 1450e-9, 5e-9),
        ("DUTY?", 27.5, 0.5),
        ("RIS?", 80e-9, 5e-9),
        ("FALL?", 160e-9, 8e-9),
        ("VAV? CYCL", 0.55, 0.02),
        ("VRMS? CYCL,DC", math.sqrt((100e-9 + 200e-9) / 3 * 4 / 2e-6 + 400e-9 * 4 / 2e-6), 0.02),
        ("DEL? CHAN1,CHAN2", 100e-9, 5e-9),
        ("PHAS? CHAN1,CHAN2", 18.0, 1.0),
        ("VRAT? CHAN1,CHAN2", 0.0, 0.1),
        ("TEDG? +2", -1.95e-6, 5e-9),
        ("TEDG? -1", -3.4e-6, 5e-9),
        ("VTIM? 300ns", 2.0, 0.06),
    ],
)
def test_a_pulse_train_measures_as_it_was_made(show, query, expected, tolerance):
    scope = show(_pulses)
    assert scope.number(f":MEAS:{query}") == pytest.approx(expected, abs=tolerance)
    assert scope.codes() == []


def test_a_mean_of_one_cycle_is_that_of_the_first(show):
    def wide_and_narrow(times):  # 1.5 of 2 us high, then 0.5 of 2 us
        phase = np.mod(times, 4e-6)
        return np.where((phase < 1.5e-6) | ((phase >= 2e-6) & (phase < 2.5e-6)), 2.0, 0.0)

    mean = show(wide_and_narrow).number(":MEAS:VAV? CYCL")
    assert min(abs(mean - 1.5), abs(mean - 0.5)) < 0.05


def _ringing(times):
    phase = np.mod(times, 2e-6)
    return np.interp(phase, [0, 20e-9, 60e-9, 500e-9, 520e-9, 560e-9, 2e-6], [0, 2.2, 2, 2, -0.4, 0, 0])


@pytest.mark.parametrize(("query", "percent"), [("OVER?", 10.0), ("PRES?", 20.0)])
def test_what_goes_beyond_top_and_base_is_told_in_percent_of_the_amplitude(show, query, percent):
    assert show(_ringing).number(f":MEAS:{query}") == pytest.approx(percent, abs=2.5)


@pytest.mark.parametrize("query", ["FREQ?", "PWID?", "RIS?", "DUTY?", "TEDG? 1", "DEL? CHAN1,CHAN2"])
def test_a_flat_line_has_no_times(show, query):
    assert show(np.zeros_like).ask(f":MEAS:{query}") == "+9.9E+37"


def test_a_source_without_data_measures_nothing(show):
    scope = show(_pulses)
    assert scope.ask(":MEAS:VPP? CHAN3;VPP? FFT;:MEAS:SOUR CHAN4;:MEAS:VMAX?") == "+9.9E+37;+9.9E+37;+9.9E+37"


def test_thresholds_can_be_chosen(show):
    scope = show(_pulses)
    scope.send(":MEAS:DEF THR,PERC,80,50,20")
    assert scope.number(":MEAS:RIS?") == pytest.approx(60e-9, abs=5e-9)
    scope.send(":MEAS:DEF THR,PERC,20,50,80")
    assert scope.codes() == [-221]


def test_autoscale_fits_the_signal(scope, inputs, clock):
    inputs["chan1"].signal = lambda times: 0.3 + 0.2 * np.sin(2 * np.pi * 5e3 * times)
    scope.send(":TIM:POS 1", ":autoscale")
    assert scope.number(":TIM:POS?") == 0.0
    assert scope.number(":CHAN1:OFFS?") == pytest.approx(0.3, abs=0.2)
    assert scope.number(":CHAN1:RANG?") < 8.0
