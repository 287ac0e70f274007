"""Plain PyVISA, in the order of messages that the manuals show."""

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import pyvisa
from pyvisa.resources import MessageBasedResource

pytestmark = pytest.mark.filterwarnings("default")

Resources = dict[str, dict[str, str]]
each_line = pytest.mark.parametrize("kind", ["socket", "hislip"])


@contextlib.contextmanager
def opened(resource: str) -> Iterator[Any]:
    manager = pyvisa.ResourceManager("@py")
    with manager.open_resource(resource, read_termination="\n", write_termination="\n", timeout=5000) as line:
        assert isinstance(line, MessageBasedResource)
        yield line


@each_line
def test_a_spot_and_a_binary_buffer_by_the_manual(resources: Resources, kind: str) -> None:
    with opened(resources["smu"][kind]) as smu:
        for line in ("*CLS", "smua.reset()", "smua.source.limiti = 1e-3", "smua.source.levelv = 0.1"):
            smu.write(line)
        smu.write("smua.source.output = 1 smua.measure.count = 1000 smua.measure.nplc = 0.001")
        smu.write("smua.measure.i(smua.nvbuffer1) format.data = format.REAL32")
        values = smu.query_binary_values(
            "printbuffer(1, smua.nvbuffer1.n, smua.nvbuffer1.readings)", data_points=1000, container=np.array
        )
        assert len(values) == 1000
        assert np.mean(values) == pytest.approx(1e-5, rel=0.2)
        assert smu.query("print(errorqueue.count)") == "0.00000e+00"


@each_line
def test_a_pulse_by_the_manual_changes_the_cell(resources: Resources, kind: str) -> None:
    def ohms() -> float:
        with opened(resources["smu"][kind]) as smu:
            smu.write("smua.source.limiti = 1e-3 smua.source.levelv = 0.1 smua.source.output = 1")
            found = float(smu.query("print(smua.measure.r())"))
            smu.query("smua.source.output = 0 print(0)")
            return found

    assert ohms() < 2e4
    with opened(resources["pulser"][kind]) as pulser:
        pulser.write("*RST;:OUTP1:LOAD INF;:FUNC PULS;:FUNC:PULS:WIDT 6e-8;TRAN:BOTH 5e-9;:FUNC:PULS:PER 1e-6")
        pulser.write("VOLT:LOW 0;HIGH 5;:BURS:MODE TRIG;NCYC 1;:TRIG1:SOUR BUS;:BURS:STAT ON;:OUTP1 ON")
        pulser.write("*TRG")
        pulser.write("OUTP1 OFF")
        assert pulser.query("*OPC?;:SYST:ERR?") == '1;+0,"No error"'
    assert ohms() > 1e6


@each_line
def test_a_waveform_goes_up_and_a_record_comes_down_as_pyvisa_has_blocks(resources: Resources, kind: str) -> None:
    with opened(resources["pulser"][kind]) as pulser:
        pulser.write("DATA:VOL:CLE;:FORM:BORD SWAP")
        points = np.linspace(-32767, 32767, 10_000).astype(np.int16)
        pulser.write_binary_values("DATA:ARB:DAC RAMP,", points, datatype="h")
        assert pulser.query("*OPC?") == "1"
        assert pulser.query("DATA:ATTR:POIN? RAMP").lstrip("+") == "10000"
        assert pulser.query("SYST:ERR?") == '+0,"No error"'
    with opened(resources["scope"][kind]) as scope:
        assert scope.query(":DIG CHAN1;*OPC?") == "1"
        scope.write(":WAV:SOUR CHAN1;FORM WORD;BYT LSBF;UNS 1;POIN:MODE RAW;:WAV:POIN MAX")
        preamble = scope.query(":WAV:PRE?").split(",")
        codes = scope.query_binary_values(":WAV:DATA?", datatype="H", container=np.array)
        assert len(codes) == int(preamble[2]) > 10_000
        assert scope.query_binary_values(":DISP:DATA? PNG,COL", datatype="B", container=bytes)[:4] == b"\x89PNG"
        assert scope.query("SYST:ERR?") == '+0,"No error"'
