from typing import Any

import pytest

from simulated_instruments.keysight_b1500 import SimulatedKeysightB1500


def test_the_identity_is_what_a_real_unit_answers(analyzer: Any) -> None:
    assert analyzer.ask("*IDN?") == "Agilent Technologies,B1500A,0,A.04.03.2010.0130"


def test_the_modules_are_listed_by_slot(analyzer: Any) -> None:
    slots = "B1517A,0;B1517A,0;B1511B,0;B1511B,0;B1530A,0;B1530A,0;0,0;0,0;0,0;0,0"
    assert analyzer.ask("UNT? 0") == slots
    assert analyzer.ask("UNT?") == slots


def test_no_error_is_the_answer_that_drivers_compare_with(analyzer: Any) -> None:
    assert analyzer.ask("ERRX?") == '+0,"No Error."'
    assert analyzer.ask("ERR?") == "0,0,0,0"


def test_an_unknown_command_is_error_100_with_its_text(analyzer: Any) -> None:
    analyzer.write("FOO 1")
    assert analyzer.ask("ERRX?") == '+100,"Undefined GPIB command."'
    assert analyzer.ask("ERRX?") == '+0,"No Error."'
    assert analyzer.ask("EMG? 100") == "Undefined GPIB command"


@pytest.mark.parametrize("command", ["*CLS", "*ESE 1", "*ESR?"])
def test_the_common_commands_that_the_unit_lacks_are_error_100(analyzer: Any, command: str) -> None:
    analyzer.write(command)
    assert analyzer.error() == 100


def test_error_codes_come_four_at_a_time_and_reading_clears_them(analyzer: Any) -> None:
    analyzer.write("FOO", "DV 1,0,1", "FOO", "AV 0", "BAR")
    assert analyzer.ask("ERR?") == "100,200,100,120"
    assert analyzer.ask("ERR?") == "0,0,0,0"


def test_too_many_channels_are_error_122(analyzer: Any) -> None:
    analyzer.write("CN 1,2,3,4,1,2,3,4,1,2,3")
    assert analyzer.error() == 122
    analyzer.write("MM 2")
    assert analyzer.error() == 122


def test_blanks_are_optional_and_commands_join_with_semicolons(analyzer: Any) -> None:
    analyzer.write("CN1;AAD 1,0;AIT 0, 1;DI1,0,0.001,5 ; TSR")
    assert analyzer.error() == 0
    assert analyzer.ask("*LRN? 0;*OPC?") == "CN1\r\n1"


def test_a_message_may_arrive_in_pieces_and_end_without_a_terminator(analyzer: Any) -> None:
    assert analyzer.front_end.receive(b"*ID") == b""
    assert analyzer.front_end.receive(b"N?", end=True).startswith(b"Agilent")
    assert analyzer.front_end.receive(b"*OPC?\r\n*OPC?\n") == b"1\r\n1\r\n"


def test_a_message_that_overflows_the_input_buffer_is_error_150_and_nothing_more(analyzer: Any) -> None:
    analyzer.write("CN1;" * 5000)
    assert analyzer.error() == 150
    assert analyzer.ask("*LRN? 0") == "CL"
    assert analyzer.ask("*OPC?") == "1"


def test_the_error_bit_stays_until_it_is_polled_and_the_queue_keeps_the_code(analyzer: Any) -> None:
    assert analyzer.front_end.serial_poll() == 16 + 8
    analyzer.write("FOO")
    assert analyzer.ask("*STB?") == str(16 + 8 + 32)
    assert analyzer.front_end.serial_poll() & 32
    assert not analyzer.front_end.serial_poll() & 32
    assert analyzer.error() == 100


def test_data_ready_and_service_request_follow_the_output_buffer(analyzer: Any) -> None:
    analyzer.write("*SRE 1", "CN 1", "TI 1")
    assert analyzer.ask("*SRE?") == "1"
    assert int(analyzer.ask("*STB?")) == 64 + 16 + 8 + 1
    assert analyzer.read().startswith("NAI")
    assert int(analyzer.ask("*STB?")) == 16 + 8


def test_a_reset_opens_switches_and_keeps_the_error_queue(analyzer: Any) -> None:
    analyzer.write("CN 1", "FMT 5,1", "FOO", "TI 1", "*RST")
    assert analyzer.ask("*LRN? 0") == "CL"
    assert analyzer.ask("*LRN? 31") == "TM1;AV1,0;CM1;FMT1,0"
    assert analyzer.ask("NUB?") == "0"
    assert analyzer.error() == 100


def test_a_device_clear_drops_half_a_message_and_the_data(analyzer: Any) -> None:
    analyzer.write("CN 1", "TI 1")
    analyzer.front_end.receive(b"DV 1,0,")
    analyzer.front_end.clear()
    assert analyzer.read() == ""
    assert analyzer.ask("*OPC?") == "1"
    assert analyzer.error() == 0


def test_the_calibration_passes_after_half_a_minute(analyzer: Any) -> None:
    assert analyzer.ask("*CAL?") == "0"
    assert analyzer.clock.time == pytest.approx(30.0)


def test_learned_settings_are_the_commands_that_made_them(analyzer: Any) -> None:
    analyzer.write("CN 1,2", "DV 2,0,0.5,1E-3", "RI 1,-15", "CMM 2,4", "FL 1,2", "AAD 1,1", "AIT 1,2,1", "SSR 2,1")
    analyzer.write("WT 0,0.01", "WM 2,2", "WV 1,3,0,0,1,51,1E-3", "MM 2,1,2", "FMT 1,1", "AV -1", "MT 0,0.01,5")
    assert analyzer.error() == 0
    assert analyzer.ask("*LRN? 0") == "CN1,2"
    assert analyzer.ask("*LRN? 2") == "DV2,0,0.5,0.001,0,0"
    assert analyzer.ask("*LRN? 3") == "CL3"
    assert analyzer.ask("*LRN? 30") == "FL0,1,3,4;FL1,2"
    assert analyzer.ask("*LRN? 31") == "TM1;AV-1,0;CM1;FMT1,1;MM2,1,2"
    ranging = "RI1,-15;RI2,0;RI3,0;RI4,0;RV1,0;RV2,0;RV3,0;RV4,0"
    assert analyzer.ask("*LRN? 32") == ranging.replace("I", "I ").replace("V", "V ") + ";" + ranging
    assert analyzer.ask("*LRN? 33") == "WM2,2;WT0,0.01,0,0,0;WV1,3,0,0,1,51,0.001"
    assert analyzer.ask("*LRN? 46") == "CMM 1,0;CMM 2,4;CMM 3,0;CMM 4,0;CMM1,0;CMM2,4;CMM3,0;CMM4,0"
    assert analyzer.ask("*LRN? 47") == "MSC1,2;ML1;MT0,0.01,5,0"
    assert analyzer.ask("*LRN? 53") == "SSR1,0;SSR2,1;SSR3,0;SSR4,0"
    assert analyzer.ask("*LRN? 55") == "AAD1,1;AAD2,0;AAD3,0;AAD4,0"
    assert analyzer.ask("*LRN? 56") == "AIT0,2,1;AIT1,2,1;AZ0"


def test_a_mapped_channel_number_means_the_actual_channel(analyzer: Any) -> None:
    analyzer.write("ACH 1,5", "CN 5")
    assert analyzer.ask("*LRN? 0") == "CN1"
    analyzer.write("ACH", "CN 5")
    assert analyzer.error() == 121


def test_a_terminal_for_a_unit_that_is_not_there_is_refused(analyzer: Any) -> None:
    with pytest.raises(ValueError, match="smu9"):
        SimulatedKeysightB1500(analyzer.clock, {"smu9": analyzer.loads["smu1"]})
    with pytest.raises(ValueError, match="modules"):
        SimulatedKeysightB1500(analyzer.clock, modules=("B9999A",))
