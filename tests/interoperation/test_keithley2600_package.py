"""The keithley2600 package, unmodified: it finds everything that it offers by a walk through the namespace."""

import warnings
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("default")

Resources = dict[str, dict[str, str]]


@pytest.mark.parametrize("kind", ["socket", "hislip"])
def test_the_keithley2600_package_walks_the_namespace_and_sweeps(resources: Resources, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it imports xdrlib
        from keithley2600 import Keithley2600
    options = {"visa_library": "@py", "raise_keithley_errors": True, "read_termination": "\n"}
    smu: Any = Keithley2600(resources["smu"][kind], **options)
    try:
        assert smu.localnode.model == "2636B"
        smu.smua.source.limiti = 1e-3
        smu.smua.source.levelv = 0.1
        smu.smua.source.output = smu.smua.OUTPUT_ON
        current, voltage = smu.smua.measure.iv()
        assert (current, voltage) == (pytest.approx(1e-5, rel=0.1), pytest.approx(0.1, rel=0.01))
        for pulsed, delay in ((False, -1), (True, 0.001)):
            voltages, currents = smu.voltage_sweep_single_smu(smu.smua, np.linspace(0, 0.2, 11), 0.001, delay, pulsed)
            assert voltages == pytest.approx(np.linspace(0, 0.2, 11), abs=2e-3)
            assert np.corrcoef(voltages, currents)[0, 1] > 0.99
        with pytest.raises(Exception, match="Parameter too small"):
            smu.smua.source.limiti = 0
        assert smu.trigger.blender[1].stimulus is not None
    finally:
        smu.disconnect()
