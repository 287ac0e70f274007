"""The population of cells: what was put in comes back, and new cells are like the old ones."""

import numpy as np
import pytest

from labctl.analysis.population import Cells, Population, Quantity, Samples, estimate, switch_cells

TRUE = Population(
    set=Quantity(4.48, 0.05, 0.02, 0.005),
    reset=Quantity(7.0, 0.10, 0.03, 0.01),
    drift=Quantity(0.10, 0.01, 0.003, 0.001),
)


def sampled(cells: Cells, column: int, switchings: int, noise: float, rng: np.random.Generator) -> Samples:
    values = cells.means[:, [column]] + cells.spreads[:, [column]] * rng.standard_normal((len(cells.means), switchings))
    values += noise * rng.standard_normal(values.shape)
    count = len(values)
    return Samples(
        values.mean(axis=1), values.std(axis=1, ddof=1), np.full(count, float(switchings)), np.full(count, noise**2)
    )


def test_the_population_comes_back_within_its_standard_errors() -> None:
    rng = np.random.default_rng(1)
    pulls: list[np.ndarray] = []
    for _ in range(60):
        cells = TRUE.draw_cells(120, rng)
        for column, (truth, noise) in enumerate(((TRUE.set, 0.0014), (TRUE.reset, 0.0014), (TRUE.drift, 0.0008))):
            found, errors = estimate(sampled(cells, column, 10 if column < 2 else 4, noise, rng))
            pulls.append((np.array(found) - np.array(truth)) / np.array(errors))
    pulls_of = np.array(pulls)
    for figure in range(4):
        assert np.mean(np.abs(pulls_of[:, figure]) < 1.96) >= 0.90  # 95 % of 180, less three standard deviations


def test_new_cells_have_the_populations_figures_and_one_rank() -> None:
    cells = TRUE.draw_cells(20_000, np.random.default_rng(2))
    for column, of in enumerate(TRUE):
        assert cells.means[:, column].mean() == pytest.approx(of.mean, abs=4 * of.mean_spread / np.sqrt(20_000))
        assert cells.means[:, column].std() == pytest.approx(of.mean_spread, rel=0.02)
        rank = (cells.means[:, column] - of.mean) / of.mean_spread
        kept = rank > -2.9  # below it sigma is cut off at 0
        assert cells.spreads[kept, column] == pytest.approx(of.spread + of.spread_spread * rank[kept])
    assert np.abs(np.corrcoef(cells.means.T) - np.eye(3)).max() < 4 / np.sqrt(20_000)


def test_switching_draws_anew_around_each_cell() -> None:
    rng = np.random.default_rng(3)
    cells = TRUE.draw_cells(50, rng)
    drawn = np.array([switch_cells(cells, rng) for _ in range(4000)])
    assert np.abs((drawn.mean(axis=0) - cells.means) / np.maximum(cells.spreads, 1e-9)).max() < 4.5 / np.sqrt(4000)
    assert drawn.std(axis=0) == pytest.approx(cells.spreads, rel=0.06)


def test_the_simulated_device_takes_the_population() -> None:
    from simulated_instruments.physics.pcm import PcmCells, PcmParameters

    of = Population(
        Quantity(4.3, 0.04, 0.01, 0.002), Quantity(6.7, 0.2, 0.05, 0.01), Quantity(0.07, 0.005, 0.002, 0.0005)
    )
    cells = PcmCells(4000, seed=4, parameters=PcmParameters(**of.model_options())).statistics()
    for name in ("set", "reset", "drift"):
        truth = getattr(of, name)
        assert np.mean(cells[f"mean_{name}"]) == pytest.approx(truth.mean, abs=4 * truth.mean_spread / np.sqrt(4000))
        assert np.std(cells[f"mean_{name}"]) == pytest.approx(truth.mean_spread, rel=0.05)
        assert np.std(cells[f"spread_{name}"]) == pytest.approx(truth.spread_spread, rel=0.05)


def test_two_cells_are_no_population() -> None:
    with pytest.raises(ValueError, match="3 or more cells"):
        estimate(Samples(*(np.ones(2) for _ in range(4))))
