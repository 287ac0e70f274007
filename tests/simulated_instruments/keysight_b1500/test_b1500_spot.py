from typing import Any

import numpy as np
import pytest


def test_a_spot_measurement_is_one_element_of_fixed_width(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.2,1E-3", "TI 1,0")
    reply = analyzer.read()
    assert reply.endswith("\r\n")
    assert len(reply) == 15 + 2
    assert reply.startswith("NAI+0")
    assert float(reply[3:]) == pytest.approx(20e-6, rel=2e-3)


def test_readings_are_whole_counts_of_the_fast_converter(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "AAD 1,0", *["TI 1,-16"] * 20)
    readings, count = np.array([float(analyzer.read()[3:]) for _ in range(20)]), 1e-4 / 50_000
    assert readings / count == pytest.approx(np.rint(readings / count), abs=1e-3)


def test_voltage_current_and_time_come_in_order(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "TSR", "PA 1.5", "TTIV 1,0,0")
    time, current, voltage = analyzer.read().strip().split(",")
    assert (time[:3], current[:3], voltage[:3]) == ("NAT", "NAI", "NAV")
    assert float(time[3:]) == pytest.approx(1.5, abs=1e-3)
    assert float(current[3:]) == pytest.approx(50e-6, rel=2e-3)
    assert float(voltage[3:]) == pytest.approx(0.5, rel=2e-3)


def test_a_forced_current_is_measured_as_the_voltage_that_it_makes(analyzer: Any) -> None:
    analyzer.write("CN 1", "DI 1,0,1E-4,5", "TV 1")
    assert analyzer.values() == [pytest.approx(1.0, rel=2e-3)]


def test_a_unit_at_its_compliance_reports_c_and_the_others_t(analyzer: Any) -> None:
    analyzer.write("CN 1,2", "DV 1,0,2,1E-4", "DV 2,0,1,1E-3", "TI 1", "TI 2")
    limited, other = analyzer.read(), analyzer.read()
    assert limited.startswith("CAI")
    assert float(limited[3:]) == pytest.approx(1e-4, rel=2e-3)
    assert other.startswith("TBI")


def test_an_open_current_source_sits_at_its_voltage_compliance(analyzer: Any) -> None:
    analyzer.write("CN 3", "DI 3,0,1E-6,2", "TV 3")
    reply = analyzer.read()
    assert reply.startswith("CCV")
    assert float(reply[3:]) == pytest.approx(2.0, rel=2e-3)


def test_a_current_over_a_fixed_range_is_the_dummy_with_status_v(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,1,1E-3", "TI 1,-14")
    assert analyzer.read() == "VAI+199.999E+99\r\n"


@pytest.mark.parametrize(("volts", "expected"), [(0.0109, "NAI+1.09"), (0.0119, "NAI+01.1")])
def test_auto_ranging_goes_up_above_115_percent(analyzer: Any, volts: float, expected: str) -> None:
    analyzer.write("CN 1", "AAD 1,1", f"DV 1,0,{volts},1E-3", "TI 1")
    assert analyzer.read().startswith(expected)


def test_a_smaller_range_is_less_noisy(analyzer: Any) -> None:
    """1,000 readings a range; the ratio of two standard deviations of that many scatters by 3 %."""
    spreads = []
    for index in (-15, -17):
        analyzer.write("CN 1", "AIT 0,1,1", "DV 1,0,0.05,1E-3")
        readings = []
        for _ in range(1000):
            analyzer.write(f"TI 1,{index}")
            readings += analyzer.values()
        mean = sum(readings) / len(readings)
        assert mean == pytest.approx(5e-6, rel=0.02)
        spreads.append((sum((r - mean) ** 2 for r in readings) / len(readings)) ** 0.5)
    assert spreads[1] / spreads[0] == pytest.approx(100.0, rel=0.2)


@pytest.mark.parametrize(
    ("setup", "seconds"),
    [("AIT 0,2,5", 0.1), ("AIT 0,3,0.01", 0.01), ("AV -2", 0.04), ("AAD 1,1;AIT 1,2,3;AZ 1", 0.12)],
)
def test_a_measurement_takes_its_integration_time(analyzer: Any, setup: str, seconds: float) -> None:
    analyzer.write("CN 1", "DV 1,0,1,1E-3", setup)
    before = analyzer.clock.time
    analyzer.write("TI 1,-16")
    assert analyzer.clock.time - before == pytest.approx(seconds, abs=2e-4)


@pytest.mark.parametrize(
    ("output_format", "width", "end"),
    [(1, 15, "\r\n"), (2, 12, "\r\n"), (5, 15, ","), (11, 16, "\r\n"), (21, 18, "\r\n")],
)
def test_formats_have_their_widths_and_terminators(analyzer: Any, output_format: int, width: int, end: str) -> None:
    analyzer.write(f"FMT {output_format}", "CN 1", "DV 1,0,-0.5,1E-3", "TI 1")
    reply = analyzer.read()
    assert len(reply) == width + len(end)
    assert reply.endswith(end)
    assert "-050.00" in reply


def test_the_numeric_status_of_format_21_adds_compliance_and_end(analyzer: Any) -> None:
    analyzer.write("FMT 21", "CN 1", "DV 1,0,2,1E-4", "TI 1")
    reply = analyzer.read()
    assert reply.startswith("136AI+")
    assert float(reply[5:]) == pytest.approx(1e-4, rel=1e-3)


def test_a_binary_format_is_refused(analyzer: Any) -> None:
    analyzer.write("FMT 3")
    assert analyzer.error() == 120


def test_forcing_or_measuring_through_an_open_switch_is_error_200(analyzer: Any) -> None:
    analyzer.write("DV 1,0,1,1E-3")
    assert analyzer.error() == 200
    analyzer.write("TI 1")
    assert analyzer.error() == 200
    assert analyzer.read() == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("DV 7,0,1,1E-3", 121),
        ("DV 1,0,101,1E-3", 120),
        ("DV 1,0,50,1E-3", 202),
        ("DV 1,0,-50,1E-3", 202),
        ("DV 1,0,1,0.2", 123),
        ("DV 1,2000,1,1E-3", 124),
        ("DV 1,7,1,1E-3", 124),
        ("DI 1,0,1E-3", 201),
        ("DV 1,0,abc", 102),
        ("DV 1", 120),
        ("TI 1,20", 124),
        ("RZ 1", 205),
        ("AIT 1,3,0.01", 120),
    ],
)
def test_a_command_that_cannot_be_done_has_its_number_and_changes_nothing(
    analyzer: Any, command: str, code: int
) -> None:
    analyzer.write("CN 1", "DV 1,0,0.25,1E-3", command)
    assert analyzer.error() == code
    assert analyzer.loads["smu1"].sense()[0] == 0.25


def test_a_closed_interlock_lets_the_high_voltage_through(analyzer: Any) -> None:
    analyzer.front_end.set_interlock(closed=True)
    analyzer.write("CN 1", "DV 1,0,50,0.01")
    assert analyzer.error() == 0
    assert analyzer.loads["smu1"].sense()[0] == 50.0


def test_dz_forces_zero_and_rz_brings_the_output_back(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "DZ")
    assert analyzer.loads["smu1"].sense()[0] == 0.0
    analyzer.write("RZ 1")
    assert analyzer.loads["smu1"].sense()[0] == 0.5


def test_dz_twice_remembers_what_was_forced_before_the_first(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "DZ", "DZ", "RZ 1")
    assert analyzer.loads["smu1"].sense()[0] == 0.5


def test_dz_leaves_a_channel_alone_whose_switch_is_open(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "DZ")
    assert analyzer.error() == 0
    analyzer.write("RZ 2")
    assert analyzer.error() == 205
    analyzer.write("RZ")
    assert analyzer.loads["smu1"].sense()[0] == 0.5


@pytest.mark.parametrize(("mode", "forced", "kind"), [(0, "DV", "I"), (3, "DV", "V"), (0, "DI", "V"), (3, "DI", "I")])
def test_cmm_measures_the_other_side_or_the_forced_one(analyzer: Any, mode: int, forced: str, kind: str) -> None:
    level = "0.5,1E-3" if forced == "DV" else "1E-5,5"
    analyzer.write("CN 1", f"{forced} 1,0,{level}", f"CMM 1,{mode}", "MM 1,1", "XE")
    assert analyzer.read()[2] == kind


def test_opening_the_switch_lets_go_of_the_node(analyzer: Any) -> None:
    analyzer.write("CN 1", "DV 1,0,0.5,1E-3", "CL 1")
    assert analyzer.loads["smu1"].sense() == (0.0, 0.0)
    assert analyzer.error() == 0


def test_the_series_resistor_takes_its_share(analyzer: Any) -> None:
    analyzer.write("CN 2", "DV 2,0,1,1E-3", "SSR 2,1", "AAD 2,1", "TIV 2")
    current, voltage = analyzer.values()
    assert current == pytest.approx(0.5e-6, rel=1e-3)
    assert voltage == pytest.approx(0.5, rel=1e-3)


def test_the_timer_can_wait_for_a_channels_output(analyzer: Any) -> None:
    analyzer.write("CN 1", "PA 3", "TSR 1", "PA 2", "DV 1,0,1,1E-3", "PA 1", "TSQ")
    assert analyzer.read() == "NZT+1.00000E+00\r\n"


def test_the_same_seed_gives_the_same_readings(make_analyzer: Any) -> None:
    replies = []
    for _ in range(2):
        analyzer = make_analyzer()
        analyzer.write("CN 1", "DV 1,0,0.123,1E-3", *["TI 1"] * 5)
        replies.append([analyzer.read() for _ in range(5)])
    assert replies[0] == replies[1]
    assert len(set(replies[0])) > 1
