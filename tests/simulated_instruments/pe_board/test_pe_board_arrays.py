"""Options of the simulated board that choose its cells and its lines."""

import struct

import numpy as np
import pytest

from simulated_instruments.physics.crossbar import Crossbar, LineResistance


def product(host, rows, codes):
    payload = struct.pack("<BBHHH", 0, 1, 200, len(rows), 1) + bytes(rows) + struct.pack("<16h", *codes)
    return np.array(struct.unpack(f"<H{len(rows)}q", host.ask("MULTIPLY", payload).payload)[1:]) * 1e-12


def test_a_board_with_resistive_lines_gives_the_currents_of_the_network(make_host, noiseless):
    levels = dict(enumerate(np.random.default_rng(5).uniform(10e-6, 60e-6, 2048).tolist()))
    rows, codes = [3, 90, 127], [1] * 16
    plain = product(make_host(cells=noiseless(levels)), rows, codes)
    host = make_host(cells=noiseless(levels), line_resistance=20.0)
    values = np.array(list(levels.values())).reshape(128, 16)
    bar = Crossbar(values, LineResistance(20.0, 20.0), selected=np.isin(np.arange(128), rows))
    expected = bar.currents(np.full((1, 16), 0.2))[0][rows]
    # One conversion in steps of 4 nA.
    np.testing.assert_allclose(product(host, rows, codes), expected, atol=2.001e-9)
    assert np.all(plain - expected > 1e-6)


def test_a_stuck_cell_of_no_conductance_gives_none(make_host, noiseless):
    host = make_host(cells=noiseless(dict.fromkeys(range(16), 0.0)), line_resistance=20.0)
    assert product(host, [0], [1] * 16).tolist() == [0.0]


def test_gate_tuned_cells_follow_the_gate_far_beyond_the_others(make_host, payloads):
    levels = {}
    for technology in ("analogue", "gate-tuned"):
        host, cells = make_host(technology=technology), np.arange(64)
        reset = struct.pack("<3HI", 5000, 0, 1800, 10_000)
        strong = struct.pack("<3HI", 1800, 2500, 0, 1_000)
        host.ask("PULSE_CELLS", payloads.pulse(*cells.tolist(), kind=2, lines=reset))
        host.ask("PULSE_CELLS", payloads.pulse(*cells.tolist(), lines=strong))
        levels[technology] = np.median(host.board.cells.conductance(cells, now=1.0))
    assert levels["gate-tuned"] == pytest.approx(98e-6, rel=0.1)
    assert levels["analogue"] < 65e-6


@pytest.mark.parametrize(
    ("option", "says"),
    [({"technology": "flash"}, "no technology 'flash'; there are analogue"), ({"line_resistance": -1.0}, "at least 0")],
)
def test_a_bad_choice_is_a_value_error(make_board, option, says):
    with pytest.raises(ValueError, match=says):
        make_board(**option)
