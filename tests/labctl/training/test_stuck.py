"""Cells that do not answer to their pulses are found as often as is claimed, and others are not. Seeded."""

import numpy as np
import pytest

from labctl.training.stuck import NOISE_READS, UPDATES, VAIN, StateWatch, Watch, told

CELLS, NOISE, FINEST = 20_000, 0.0054, 0.1e-6


def watch_and_level(rng: np.random.Generator) -> tuple[Watch, np.ndarray]:
    level = rng.uniform(20e-6, 150e-6, CELLS)
    watch = Watch(CELLS, FINEST)
    watch.learn_noise(level * (1.0 + NOISE * rng.standard_normal((NOISE_READS, CELLS))))
    return watch, level


def judged(watch: Watch, level: np.ndarray, scatter: float, rng: np.random.Generator) -> np.ndarray:
    """Give every cell enough updates, its reads scattered by so many times the noise; return the places found."""
    found = []
    for _ in range(UPDATES):
        before, after = level * (1.0 + scatter * NOISE * rng.standard_normal((2, CELLS)))
        found.append(watch.judge(np.arange(CELLS), before, after)[0])
    assert not any(len(part) for part in found[:-1])
    return found[-1]


def test_the_noise_is_learnt_from_reads_of_cells_that_also_drift() -> None:
    rng = np.random.default_rng(1)
    watch, level = watch_and_level(rng)
    assert watch.relative_noise == pytest.approx(NOISE, rel=0.01)
    drifting = level * (1.0 + NOISE * rng.standard_normal((NOISE_READS, CELLS)))
    drifting *= 1.0 - 0.5 * NOISE * np.arange(NOISE_READS)[:, None]
    watch.learn_noise(drifting)
    assert watch.relative_noise == pytest.approx(NOISE, rel=0.15)


def test_one_stuck_cell_in_1_800_is_missed() -> None:
    rng = np.random.default_rng(2)
    watch, level = watch_and_level(rng)
    missed = CELLS - len(judged(watch, level, 1.0, rng))
    expected = CELLS / 1851.0
    assert missed < expected + 5.0 * np.sqrt(expected)
    assert np.flatnonzero(~watch.stuck).size == missed


@pytest.mark.parametrize(("scatter", "once_in"), [(3.0, 1e4), (4.0, 2.4e6), (10.0, 1e30)])
def test_a_cell_that_answers_is_seldom_taken_for_stuck(scatter: float, once_in: float) -> None:
    rng = np.random.default_rng(3)
    watch, level = watch_and_level(rng)
    expected = CELLS / once_in
    assert len(judged(watch, level, scatter, rng)) <= expected + 5.0 * np.sqrt(expected) + 1.0


def test_a_cell_at_nothing_is_told_from_none_by_the_finest_scatter() -> None:
    watch = Watch(2, FINEST)
    watch.learn_noise(np.full((NOISE_READS, 2), 80e-6) * (1.0 + NOISE * np.array([[1.0, -1.0]] * NOISE_READS)))
    rng = np.random.default_rng(4)
    for _ in range(UPDATES):
        still, moved = 0.1e-6 + 1e-9 * rng.standard_normal(2), 0.5e-6 + 1e-6 * rng.random(2)
        found, means = watch.judge(np.arange(2), np.array([still[0], moved[0]]), np.array([still[1], moved[1]]))
    assert found.tolist() == [0]
    assert means == pytest.approx([0.1e-6], rel=0.02)


def test_a_cell_that_fails_later_is_found_within_two_rounds() -> None:
    rng = np.random.default_rng(5)
    watch, level = watch_and_level(rng)
    place = np.array([7])
    for number in range(UPDATES + 5):
        assert not len(watch.judge(place, level[place], level[place] + (-1) ** number * 2e-6)[0]), "it answered"
    updates = 0
    while not watch.stuck[7]:
        before, after = level[place] * (1.0 + NOISE * rng.standard_normal((2, 1)))
        watch.judge(place, before, after)
        updates += 1
    assert updates <= 2 * UPDATES


def test_a_restored_watch_goes_on_as_the_one_that_was_kept() -> None:
    rng = np.random.default_rng(6)
    one, level = watch_and_level(rng)
    for _ in range(UPDATES - 2):
        one.judge(np.arange(0, CELLS, 2), level[::2], level[::2] * (1.0 + NOISE))
    other = Watch(CELLS, FINEST)
    other.restore(one.state())
    for _ in range(2):
        found = [watch.judge(np.arange(CELLS), level, level)[0].tolist() for watch in (one, other)]
        assert found[0] == found[1]
    assert len(found[0]) == CELLS // 2
    assert np.array_equal(one.state(), other.state())


# -- two states -------------------------------------------------------------------------------------------------------


def test_a_cell_of_two_states_is_pulsed_again_and_told_after_three_pulses_in_vain() -> None:
    watch, wanted, read = StateWatch(4), np.array([True, False, True, False]), np.array([True, False, False, True])
    for _ in range(VAIN - 1):
        again, stuck = watch.judge(read.copy(), wanted)
        assert again.tolist() == [2, 3]
        assert not len(stuck)
    again, stuck = watch.judge(read.copy(), wanted)
    assert not len(again)
    assert stuck.tolist() == [2, 3]
    assert watch.works(np.arange(4)).tolist() == [True, True, False, False]
    assert [part.tolist() for part in watch.judge(read.copy(), wanted)] == [[], []], "told once"


def test_a_cell_of_two_states_that_answers_at_last_begins_anew() -> None:
    watch, wanted = StateWatch(1), np.array([True])
    for _ in range(5):
        for state in (False, False, True):
            _, stuck = watch.judge(np.array([state]), wanted)
            assert not len(stuck)


def test_a_restored_watch_of_two_states_goes_on_as_the_one_that_was_kept() -> None:
    rng = np.random.default_rng(7)
    one, other = StateWatch(1000), StateWatch(1000)
    stuck, fixed = rng.random(1000) < 0.1, rng.random(1000) < 0.5
    for number in range(8):
        wanted = rng.random(1000) < 0.5
        read = np.where(stuck, fixed, wanted)
        mine = [part.tolist() for part in one.judge(read, wanted)]
        if number:
            assert mine == [part.tolist() for part in other.judge(read, wanted)]
        other.restore(one.state())
    assert set(np.flatnonzero(~one.works(np.arange(1000)))) <= set(np.flatnonzero(stuck))


def test_a_message_names_the_first_few() -> None:
    assert told(np.array([3]), "that pulses do not change") == "1 cell that pulses do not change: 3"
    assert told(np.arange(9), "fail") == "9 cells fail: 0, 1, 2, 3, 4, ..."
