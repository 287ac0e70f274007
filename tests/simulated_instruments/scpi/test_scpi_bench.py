"""The generator and the oscilloscope on one node: what one sends, the other sees."""

import numpy as np
import pytest

PULSE = (
    "OUTP:LOAD INF;:FUNC PULS;:FUNC:PULS:WIDT 1e-6;PER 10e-6;TRAN:BOTH 80e-9;:VOLT:LOW 0;HIGH 2;"
    ":TRIG:SOUR BUS;:BURS:NCYC 1;STAT ON;:OUTP ON"
)


def test_the_scope_catches_one_pulse_of_the_generator(shared_node, clock):
    generator, scope = shared_node
    generator.send(PULSE)
    clock.wait(1.0)
    scope.send(":CHAN1:SCAL 0.5;OFFS 1;:TIM:SCAL 200e-9;REF LEFT;:TRIG:SWE NORM;:TRIG:EDGE:LEV 1;:STOP;*CLS;:SING")
    assert scope.ask(":AER?") == "+1"
    generator.send("*TRG")
    assert generator.ask("*OPC?") == "1"
    assert scope.ask(":OPER:COND?;:TER?") == "+0;+1"
    assert scope.number(":MEAS:VTOP?") == pytest.approx(2.0, abs=0.05)
    assert scope.number(":MEAS:PWID?") == pytest.approx(1e-6, abs=5e-9)
    assert scope.number(":MEAS:RIS?") == pytest.approx(80e-9, abs=8e-9)
    scope.send(":WAV:FORM WORD;POIN:MODE RAW;:WAV:POIN MAX")
    fields = [float(field) for field in scope.ask(":WAV:PRE?").split(",")]
    codes = np.frombuffer(scope.raw(":WAV:DATA?")[10:-1], dtype=">u2")
    volts = (codes.astype(float) - fields[9]) * fields[7] + fields[8]
    times = np.arange(len(volts)) * fields[4] + fields[5]
    ideal = np.interp(times, np.array([-50, 50, 950, 1050]) * 1e-9, [0.0, 2.0, 2.0, 0.0])
    assert np.abs(volts - ideal).max() < 0.1
    assert generator.codes() == scope.codes() == []


def test_the_scope_sees_each_pulse_of_a_train_once(shared_node, clock):
    generator, scope = shared_node
    generator.send(PULSE, "BURS:NCYC 8")
    clock.wait(1.0)
    scope.send(":CHAN1:SCAL 0.5;OFFS 1;:TIM:SCAL 10e-6;REF LEFT;:TRIG:SWE NORM;:TRIG:EDGE:LEV 1;:SING")
    clock.wait(1e-3)
    scope.ask(":AER?")
    generator.send("*TRG;*WAI")
    clock.wait(1e-3)
    scope.send(":WAV:FORM BYTE;POIN:MODE RAW;:WAV:POIN MAX")
    codes = np.frombuffer(scope.raw(":WAV:DATA?")[10:-1], dtype=np.uint8)
    high = codes[(codes < 78) | (codes > 178)] > 128
    assert np.count_nonzero(high[1:] & ~high[:-1]) == 8


def test_a_continuous_sine_is_measured_at_its_frequency(shared_node, clock):
    generator, scope = shared_node
    generator.send("OUTP:LOAD INF;:APPL:SIN 1 MHZ,2,0")
    scope.send(":CHAN1:SCAL 0.5;:TIM:SCAL 500e-9;:TRIG:EDGE:LEV 0;:TRIG:SWE NORM;:SING")
    clock.wait(200e-6)
    assert scope.number(":MEAS:FREQ?") == pytest.approx(1e6, rel=0.01)
    assert scope.number(":MEAS:VPP?") == pytest.approx(2.0, rel=0.06)
