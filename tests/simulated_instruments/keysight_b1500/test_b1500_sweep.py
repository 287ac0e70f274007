from typing import Any

import pytest

SETUP = (
    "FMT 1,1",
    "CN 1,2",
    "AAD 1,1;AAD 2,1",
    "AIT 1,2,1",
    "DV 2,0,0,0.1",
    "CMM 1,1",
    "RI 1,0",
    "WT 0,0.01",
    "WM 2,1",
)


def _elements(analyzer: Any) -> list[str]:
    return str(analyzer.read()).strip().split(",")


def test_the_double_sweep_of_the_guide_gives_two_data_a_step(analyzer: Any) -> None:
    analyzer.write(*SETUP, "MM 2,1", "WV 1,3,0,0,1,51,1E-3", "TSR", "XE")
    assert analyzer.ask("*OPC?") == "1"
    assert analyzer.ask("NUB?") == str(2 * 2 * 51)
    elements = _elements(analyzer)
    sources = [float(e[3:]) for e in elements[1::2]]
    currents = [float(e[3:]) for e in elements[::2]]
    assert sources[:51] == pytest.approx([n / 50 for n in range(51)])
    assert sources[51:] == sources[50::-1]
    assert currents == pytest.approx([v / 1e4 for v in sources], rel=1e-3, abs=1e-9)
    assert {e[:3] for e in elements[::2]} == {"NAI"}
    assert [e[0] for e in elements[1::2]] == ["W"] * 101 + ["E"]
    assert analyzer.error() == 0
    assert analyzer.ask("NUB?") == "0"


def test_a_sweep_takes_its_hold_delay_and_integration_times(analyzer: Any) -> None:
    analyzer.write(*SETUP, "MM 2,1", "WT 1,0.05,0.2,0,0.01", "WV 1,1,0,0,1,5,1E-3")
    before = analyzer.clock.time
    analyzer.write("XE")
    assert analyzer.clock.time - before == pytest.approx(1.0 + 5 * (0.06 + 0.2), abs=1e-3)


def test_two_channels_are_measured_in_the_order_of_mm(analyzer: Any) -> None:
    analyzer.write(*SETUP, "WV 1,1,0,0,1,3,1E-3", "WSV 2,0,0,2,1E-3", "MM 2,2,1", "FMT 1,2", "XE")
    elements = _elements(analyzer)
    assert [e[1:3] for e in elements] == ["BI", "AI", "AV", "BV"] * 3
    assert [float(e[3:]) for e in elements[3::4]] == [0.0, 1.0, 2.0]
    assert [float(e[3:]) for e in elements[::4]] == pytest.approx([0.0, 1e-6, 2e-6], rel=1e-3, abs=1e-10)


def test_time_stamps_lead_each_measurement(analyzer: Any) -> None:
    analyzer.write(*SETUP, "TSC 1", "MM 2,1", "WV 1,1,0,0,1,3,1E-3", "TSR", "XE")
    elements = _elements(analyzer)
    assert [e[1:3] for e in elements] == ["AT", "AI", "AV"] * 3
    times = [float(e[3:]) for e in elements[::3]]
    assert times[0] == pytest.approx(0.01, abs=1e-4)
    assert times == sorted(times)


def test_a_logarithmic_sweep_is_geometric_and_refuses_zero(analyzer: Any) -> None:
    analyzer.write(*SETUP, "MM 2,1", "WV 1,2,0,0.001,1,4,1E-3", "XE")
    assert [float(e[3:]) for e in _elements(analyzer)[1::2]] == pytest.approx([1e-3, 1e-2, 1e-1, 1.0])
    analyzer.write("WV 1,2,0,0,1,4,1E-3")
    assert analyzer.error() == 130


def test_a_sweep_without_abort_goes_on_through_compliance(analyzer: Any) -> None:
    analyzer.write(*SETUP, "WM 1,2", "MM 2,1", "WV 1,1,0,0,2,5,1E-4", "XE")
    elements = _elements(analyzer)
    assert [e[0] for e in elements[::2]] == ["N", "N", "N", "C", "C"]
    assert float(elements[-2][3:]) == pytest.approx(1e-4, rel=1e-3)
    assert analyzer.loads["smu1"].sense()[1] == pytest.approx(1e-4)


def test_auto_abort_stops_at_compliance_fills_with_dummies_and_goes_to_the_start_value(analyzer: Any) -> None:
    analyzer.write(*SETUP, "WM 2,2", "MM 2,1", "WV 1,1,0,0.1,2.1,5,1E-4", "XE")
    elements = _elements(analyzer)
    assert [e[0] for e in elements[::2]] == ["N", "N", "C", "V", "V"]
    assert [float(e[3:]) for e in elements[6::2]] == [199.999e99] * 2
    assert analyzer.loads["smu1"].sense()[0] == pytest.approx(0.1)


@pytest.mark.parametrize(("post", "volts"), [(1, 0.2), (2, 0.8)])
def test_after_the_sweep_the_source_goes_where_wm_says(analyzer: Any, post: int, volts: float) -> None:
    analyzer.write(*SETUP, f"WM 1,{post}", "MM 2,1", "WV 1,1,0,0.2,0.8,3,1E-3", "XE")
    assert analyzer.loads["smu1"].sense()[0] == pytest.approx(volts)


def test_the_power_compliance_tightens_the_limit(analyzer: Any) -> None:
    analyzer.write(*SETUP, "WM 1,2", "MM 2,1", "WV 1,1,0,1,10,2,0.01,0.002", "XE")
    elements = _elements(analyzer)
    assert [e[0] for e in elements[::2]] == ["N", "C"]
    assert float(elements[2][3:]) == pytest.approx(2e-4, rel=1e-3)


def test_a_current_sweep_measures_voltage(analyzer: Any) -> None:
    analyzer.write(*SETUP, "DI 1,0,0,5", "CMM 1,0", "MM 2,1", "WI 1,1,0,0,1E-4,3,5", "XE")
    elements = _elements(analyzer)
    assert [e[1:3] for e in elements] == ["AV", "AI"] * 3
    assert [float(e[3:]) for e in elements[::2]] == pytest.approx([0.0, 0.5, 1.0], rel=1e-3, abs=1e-5)


def test_what_a_sweep_needs_is_asked_for_with_a_number(analyzer: Any) -> None:
    analyzer.write("XE")
    assert analyzer.error() == 122
    analyzer.write("CN 1", "MM 2,1", "XE")
    assert analyzer.error() == 220
    analyzer.write("WSV 2,0,0,1,1E-3")
    assert analyzer.error() == 222
    analyzer.write("WV 1,1,0,0,1,3,1E-3", "CL 1", "XE")
    assert analyzer.error() == 200
    analyzer.write("MM 9,1")
    assert analyzer.error() == 120


def test_wv_forgets_the_synchronous_source(analyzer: Any) -> None:
    analyzer.write(*SETUP, "WV 1,1,0,0,1,3,1E-3", "WSV 2,0,0,1,1E-3", "WV 1,1,0,0,1,3,1E-3")
    assert "WSV" not in analyzer.ask("*LRN? 33")


def test_fmt_empties_the_output_buffer_and_bc_does_too(analyzer: Any) -> None:
    for command in ("FMT 1,0", "BC", "*RST"):
        analyzer.write("CN 1", "TI 1", command)
        assert analyzer.ask("NUB?") == "0"


def test_spot_mode_measures_what_cmm_says(analyzer: Any) -> None:
    analyzer.write("CN 1,2", "DV 1,0,1,1E-3", "CMM 1,4", "MM 1,1,2", "XE")
    assert [e[1:3] for e in _elements(analyzer)] == ["AI", "AV", "BI"]


def test_a_query_is_answered_before_data_that_wait(analyzer: Any) -> None:
    analyzer.write("CN 1", "MM 1,1", "XE")
    assert analyzer.ask("ERRX?") == '+0,"No Error."'
    assert analyzer.read().startswith("NAI")
    assert analyzer.read() == ""


def test_sampling_measures_at_its_interval_from_base_to_bias(analyzer: Any) -> None:
    analyzer.write("CN 1", "MM 10,1", "MT 0.1,0.01,6,0.2", "MV 1,0,0,0.5,1E-3", "TSC 1", "TSR", "XE")
    elements = _elements(analyzer)
    assert [float(e[3:]) for e in elements[::2]] == pytest.approx([0.3 + 0.01 * n for n in range(6)], abs=1e-4)
    assert [float(e[3:]) for e in elements[1::2]] == pytest.approx([50e-6] * 6, rel=2e-3)
    assert analyzer.error() == 0


def test_a_negative_bias_hold_time_samples_the_base_first(analyzer: Any) -> None:
    analyzer.write("CN 1", "FMT 1,1", "MM 10,1", "MT -0.003,0.001,6", "MV 1,0,0,0.5,1E-3", "RI 1,-16", "XE")
    elements = _elements(analyzer)
    assert [e[1:3] for e in elements] == ["ZX", "AI"] * 6
    assert [float(e[3:]) for e in elements[::2]] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert [float(e[3:]) > 25e-6 for e in elements[1::2]] == [False] * 3 + [True] * 3


@pytest.mark.parametrize(("post", "volts"), [(1, 0.1), (2, 0.5)])
def test_after_sampling_the_source_goes_where_msc_says(analyzer: Any, post: int, volts: float) -> None:
    analyzer.write("CN 1", "MM 10,1", "MT 0,0.01,3", f"MSC 1,{post}", "MV 1,0,0.1,0.5,1E-3", "XE")
    assert analyzer.loads["smu1"].sense()[0] == pytest.approx(volts)


@pytest.mark.parametrize(
    ("command", "code"), [("MT -0.01,0.0019,10", 0), ("MT -0.01,0.002,10", 120), ("MT 0,0.00012,10", 0)]
)
def test_the_ends_of_the_sampling_times_are_allowed(analyzer: Any, command: str, code: int) -> None:
    analyzer.write("CN 1,2", "MM 10,1,2", command)
    assert analyzer.error() == code


@pytest.mark.parametrize("command", ["MT 0,0.00001,10", "MT -0.01,0.01,10", "MT 0,0.01,200000", "ML 7"])
def test_sampling_times_out_of_limits_are_error_120(analyzer: Any, command: str) -> None:
    analyzer.write(command)
    assert analyzer.error() == 120
