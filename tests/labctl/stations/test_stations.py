from pathlib import Path

import pytest

import labctl
from labctl.errors import ConfigError, LinkError
from labctl.stations.model import parse_station, read_station, shipped_stations

GOOD = 'name = "x"\n[instruments.pe-board]\ndriver = "pe-board"\nlink = "ASRL1::INSTR"\n'


@pytest.mark.parametrize("name", sorted(shipped_stations()))
def test_every_shipped_station_opens_simulated(name: str) -> None:
    with labctl.open_station(name, simulate=True) as lab:
        assert all(instrument.is_open for instrument in lab.instruments.values())
    assert not any(instrument.is_open for instrument in lab.instruments.values())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("driver", "drvier"), r"'instruments.pe-board.drvier' is not known; there are driver, link"),
        (GOOD + 'idle = "off"\n', r"instruments.pe-board.idle: .*'ground', 'float' or 'hold'"),
        (GOOD + 'timeout = "2 V"\n', r"instruments.pe-board.timeout: '2 V' is not in the right unit"),
        (GOOD + "timeout = 0\n", r"instruments.pe-board.timeout is 0 s, but must be above 0 s"),
        (GOOD + "[sample]\ncurrrent = 1\n", r"'sample.currrent' is not known; there are name, voltage"),
        (GOOD + "[simulation.instruments.smu]\n", r"simulation.instruments.smu has no instrument of that role"),
        (
            GOOD + "[simulation.instruments.pe-board.faults]\nflip_bits = 1\n",
            r"'simulation.instruments.pe-board.faults.flip_bits' is not known; there are drop_byte, flip_bit",
        ),
        (
            GOOD + "[simulation.instruments.pe-board.faults]\nflip_bit = 2\n",
            r"simulation.instruments.pe-board.faults.flip_bit is 2, but must be at most 1",
        ),
        ('name = "x"\n', r"'instruments' is missing"),
        ("name = x\n", r"this is no TOML"),
    ],
)
def test_a_wrong_station_file_is_named_with_key_and_remedy(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=rf"lab\.toml: {says}"):
        parse_station(text, "lab.toml")


def test_every_wrong_key_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_station(GOOD + "timout = 1\nbaud_rate = 12\n", "lab.toml")
    assert len(str(caught.value).splitlines()) == 2


def test_a_twin_option_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(GOOD + "[simulation.instruments.pe-board.options]\ncolour = 1\n")
    with pytest.raises(ConfigError, match=r"simulation.instruments.pe-board.options: .*colour"):
        labctl.open_station(path, simulate=True)


def test_a_driver_option_that_does_not_exist_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(GOOD + "[instruments.pe-board.options]\ncolour = 1\n")
    with pytest.raises(ConfigError, match="'colour' is no option of this driver; there are: watchdog"):
        labctl.open_station(path)


def test_an_idle_policy_that_the_instrument_cannot_do_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text(GOOD + 'idle = "hold"\n')
    with pytest.raises(ConfigError, match="pe-board: idle = 'hold' is not possible; there is float, ground"):
        labctl.open_station(path)


def test_opening_tells_every_instrument_that_is_missing_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    second = GOOD.split("\n", 1)[1].replace("pe-board]", "other]").replace("ASRL1", "ASRL/dev/none")
    path.write_text(GOOD.replace("ASRL1", "ASRL/dev/missing") + second)
    with pytest.raises(LinkError) as caught:
        labctl.open_station(path).open()
    assert "pe-board: ASRL/dev/missing::INSTR cannot be opened" in str(caught.value)
    assert "other: ASRL/dev/none::INSTR cannot be opened" in str(caught.value)


def test_a_shipped_station_is_found_by_name_and_its_text_is_kept() -> None:
    station, text = read_station("pe-board")
    assert station.instruments["pe-board"].driver == "pe-board"
    assert parse_station(text, "kept") == station


def test_a_station_behind_pseudo_terminals_can_be_closed_and_opened_again() -> None:
    lab = labctl.open_station("pe-board", simulate=True, transport="serial")
    for _ in range(2):
        with lab:
            assert lab["pe-board"].is_open
