"""EaPU: the same on average, few updates, and an ordinary PyTorch optimiser in every other respect."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from labctl.training.eapu import THRESHOLD, AdamEaPU, SGDEaPU, probabilistic

PAIRS = [(AdamEaPU, torch.optim.Adam), (SGDEaPU, torch.optim.SGD)]
each_pair = pytest.mark.parametrize(("ours", "plain"), PAIRS)
each_kind = pytest.mark.parametrize("kind", [AdamEaPU, SGDEaPU])


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def model(seed: int = 0) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))


def loss_of(net: torch.nn.Module, seed: int = 3) -> torch.Tensor:
    x = torch.randn(16, 5, generator=seeded(seed))
    return ((net(x) - x[:, :2]) ** 2).mean()


def train(net: torch.nn.Module, optimiser: Any, steps: int) -> None:
    for step in range(steps):
        optimiser.zero_grad()
        loss_of(net, step).backward()
        optimiser.step()


def test_the_mean_update_is_the_wanted_change_within_its_standard_error() -> None:
    wanted = torch.tensor([-0.03, -0.02, -0.001, 0.0, 1e-4, 0.005, 0.0249, 0.025, 0.1], dtype=torch.float64)
    draws = 200_000
    updates = probabilistic(wanted.expand(draws, -1), 0.025, seeded(1))
    share = (wanted.abs() / 0.025).clamp(max=1.0)
    error = 0.025 * (share * (1 - share) / draws).sqrt()
    assert torch.all((updates.mean(0) - wanted).abs() <= 4.0 * error + 1e-15)


def test_a_small_change_is_made_as_large_as_the_threshold_or_not_at_all() -> None:
    wanted = torch.full((10_000,), -0.01, dtype=torch.float64)
    updates = probabilistic(wanted, 0.025, seeded(2))
    assert set(updates.unique().tolist()) == {-0.025, 0.0}
    assert (updates != 0).double().mean().item() == pytest.approx(0.4, abs=0.02)


def test_large_changes_no_change_and_a_threshold_of_zero_pass_as_they_are() -> None:
    wanted = torch.tensor([-1.0, -0.025, 0.0, 0.025, 7.0])
    assert torch.equal(probabilistic(wanted, 0.025, seeded(3)), wanted)
    small = torch.randn(100, generator=seeded(4)) * 1e-6
    assert torch.equal(probabilistic(small, 0.0), small)


@each_pair
def test_without_a_threshold_it_is_the_plain_optimiser(ours: Any, plain: Any) -> None:
    first, second = model(), model()
    train(first, ours(first.parameters(), lr=0.01, threshold=0.0), 20)
    train(second, plain(second.parameters(), lr=0.01), 20)
    for mine, theirs in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-5, atol=1e-7)


@each_pair
def test_each_step_is_what_the_plain_optimiser_would_do_passed_through_the_rule(ours: Any, plain: Any) -> None:
    first, second = model(), model()
    mine, theirs = ours(first.parameters(), lr=0.01, generator=seeded(7)), plain(second.parameters(), lr=0.01)
    before = [parameter.detach().clone() for parameter in second.parameters()]
    train(first, mine, 1)
    train(second, theirs, 1)
    generator = seeded(7)
    for old, wanted, got in zip(before, second.parameters(), first.parameters(), strict=True):
        expected = old + probabilistic(wanted.detach() - old, THRESHOLD, generator)
        torch.testing.assert_close(got.detach(), expected, rtol=0, atol=0)


@each_kind
def test_few_weights_change_in_a_step_and_the_loss_falls_all_the_same(kind: Any) -> None:
    net = model()
    optimiser = kind(net.parameters(), lr=0.003 if kind is AdamEaPU else 0.05, generator=seeded(5))
    start = loss_of(net).item()
    before = torch.cat([p.detach().flatten().clone() for p in net.parameters()])
    train(net, optimiser, 1)
    after = torch.cat([p.detach().flatten() for p in net.parameters()])
    assert 0 < (after != before).sum() < 0.5 * len(before)
    train(net, optimiser, 400)
    assert loss_of(net).item() < 0.4 * start


@each_kind
def test_parameter_groups_have_their_own_threshold_and_learning_rate(kind: Any) -> None:
    net = model()
    groups = [{"params": net[0].parameters(), "threshold": 0.0}, {"params": net[2].parameters(), "lr": 0.0}]
    optimiser = kind(groups, lr=0.01)
    assert [group["threshold"] for group in optimiser.param_groups] == [0.0, THRESHOLD]
    frozen = copy.deepcopy(net[2].state_dict())
    train(net, optimiser, 3)
    assert all(torch.equal(frozen[name], value) for name, value in net[2].state_dict().items())
    optimiser.add_param_group({"params": [torch.nn.Parameter(torch.zeros(2))]})
    assert optimiser.param_groups[2]["threshold"] == THRESHOLD


@each_kind
def test_a_state_dict_restores_the_optimiser(kind: Any) -> None:
    first = model()
    one = kind(first.parameters(), lr=0.01, threshold=0.004, generator=seeded(9))
    train(first, one, 5)
    second = copy.deepcopy(first)
    two = kind(second.parameters(), lr=0.5, generator=seeded(0))
    two.load_state_dict(copy.deepcopy(one.state_dict()))
    two.generator.set_state(one.generator.get_state())
    assert two.param_groups[0]["threshold"] == 0.004
    train(first, one, 5)
    train(second, two, 5)
    for mine, theirs in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@each_kind
def test_a_state_dict_of_the_plain_optimiser_gets_the_usual_threshold(kind: Any) -> None:
    plain = dict(PAIRS)[kind]
    net = model()
    saved = plain(net.parameters(), lr=0.02).state_dict()
    optimiser = kind(net.parameters(), threshold=0.5)
    optimiser.load_state_dict(saved)
    assert optimiser.param_groups[0]["threshold"] == THRESHOLD
    assert optimiser.param_groups[0]["lr"] == 0.02


@each_kind
def test_a_closure_is_called_and_its_loss_returned(kind: Any) -> None:
    net = model()
    optimiser = kind(net.parameters(), lr=0.01)
    calls = []

    def closure() -> float:
        optimiser.zero_grad()
        loss = loss_of(net)
        loss.backward()
        calls.append(loss.item())
        return loss.item()

    assert optimiser.step(closure) == calls[0]
    assert len(calls) == 1


@each_kind
def test_a_learning_rate_scheduler_drives_it(kind: Any) -> None:
    net = model()
    optimiser = kind(net.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.1)
    train(net, optimiser, 1)
    scheduler.step()
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.001)


@each_kind
def test_a_weight_without_gradient_stays(kind: Any) -> None:
    used, unused = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    optimiser = kind([used, unused], lr=0.1)
    used.sum().backward()
    optimiser.step()
    assert torch.equal(unused, torch.ones(3))
    assert not torch.equal(used, torch.ones(3))


@each_kind
@pytest.mark.parametrize("threshold", [-0.1, float("nan"), float("inf")])
def test_an_impossible_threshold_is_refused(kind: Any, threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold must be finite and not negative"):
        kind(model().parameters(), threshold=threshold)


def test_the_readme_s_example_runs_as_it_stands() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (block,) = (code for code in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "AdamEaPU" in code)
    names: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(block, names)
    assert isinstance(names["optimiser"], AdamEaPU)
    assert names["net"].weight.grad is not None
