"""Training: steps on simulated arrays beside the same digital steps, and the EaPU optimiser beside plain Adam."""

import itertools
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from labctl.stations.station import open_station
from labctl.training import convolutional as network
from labctl.training.eapu import AdamEaPU
from labctl.training.hybrid import HybridTraining, Recipe
from labctl.training.sparse_learning import SparseNetwork, acting_weights
from protocols.train_cnn import TrainCnn

ROUNDS, STEPS, BATCH = 15, 20, 100


def interleaved(works: dict[str, Callable[[], None]]) -> dict[str, float]:
    """Return the median seconds of one step of each, measured in turn."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            for _ in range(STEPS):
                work()
            times[name].append((time.perf_counter() - began) / STEPS)
    return {name: statistics.median(values) for name, values in times.items()}


def ssl_step() -> None:
    """SSL's step at batch 100: digital, and with every weight read from the array and changed cells switched."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.random((BATCH, 784), dtype=np.float32))
    labels = torch.from_numpy(rng.integers(0, 10, BATCH))
    digital, physical = SparseNetwork(np.random.default_rng(1)), SparseNetwork(np.random.default_rng(1))
    with open_station("pcm-array", simulate=True, seed=1) as lab:
        array = lab["array"]
        buffer = np.empty(physical.cells, dtype=np.float32)
        high = physical.high()
        array.switch_cells(np.arange(physical.cells), high)  # type: ignore[attr-defined]

        def plain() -> None:
            _, gradient = digital.gradient(torch.sign(digital.weights), images, labels)
            digital.step(gradient, 1e-3)

        def on_the_array() -> None:
            nonlocal high
            lab.clock.wait(1.0)
            array.read_decades(buffer)  # type: ignore[attr-defined]
            _, gradient = physical.gradient(acting_weights(buffer), images, labels)
            physical.step(gradient, 1e-3)
            wanted = physical.high()
            cells = np.flatnonzero(wanted != high)
            array.switch_cells(cells, wanted[cells])  # type: ignore[attr-defined]
            high = wanted

        seconds = interleaved({"digital": plain, "array": on_the_array})
    ratio = seconds["array"] / seconds["digital"]
    rates = f"digital {1 / seconds['digital']:.0f}/s, on the array {1 / seconds['array']:.0f}/s"
    print(f"SSL step, batch {BATCH}: {rates}, {ratio:.2f} x the digital step (goal <= 2)")


class BareIteration:
    """The in-situ iteration with its weights in memory: batch, forward pass, gradient, threshold, change."""

    def __init__(self, of: HybridTraining) -> None:
        self.of, self.count = of, itertools.count()
        self.images = torch.rand(BATCH, 1, 28, 28)
        self.weights = network.from_maps([part * scale for part, scale in zip(of.maps, of.scales, strict=True)])

    def forward(self) -> None:
        """Pass a batch through the convolutions, whose outputs an iteration of the last layer alone has kept."""
        network.all_features(self.images, self.weights.c1, self.weights.c3)

    def step(self) -> None:
        """Make one."""
        of = self.of
        chosen = of.batch(next(self.count))
        labels = of.train_labels[chosen]
        inputs, slopes = of.slopes(0, chosen, labels, self.weights)
        network.error_rate(network.answers(inputs, self.weights.fc), labels.numpy())
        for layer in of.trained:
            change = -of.of.learning_rate * slopes[layer]
            reached = torch.abs(change) >= of.of.threshold * of.scales[layer]
            if reached.any():
                self.weights[layer][reached] += change[reached]


def cnn_step(trained: str) -> None:
    """The convolutional network's in-situ iteration over the board's wire, beside the same one with no array."""
    protocol = TrainCnn(software_epochs=2, learning_rate=0.1, trained=trained)
    with open_station("pe-board", simulate=True, seed=1) as lab:
        fields = protocol.model_dump(include=set(Recipe._fields))
        recipe = Recipe(**fields, settings=protocol.write_settings(), placed=protocol.placed())
        board: Any = lab["pe-board"]
        training = HybridTraining(recipe, board, 1)
        training.train_in_software()
        training.transfer()
        training.look()
        bare, count = BareIteration(training), itertools.count()

        def over_the_wire() -> None:
            training.iterate(next(count))

        works = {"bare": bare.step, "board": over_the_wire}
        seconds = interleaved({**works, "forward": bare.forward} if trained == "FC" else works)
    ratio = seconds["board"] / seconds["bare"]
    rates = f"bare {1 / seconds['bare']:.0f}/s, over the wire {1 / seconds['board']:.0f}/s"
    print(f"CNN iteration, {trained}, batch {BATCH}: {rates}, {ratio:.2f} x the bare computation (goal <= 5)")
    if "forward" in seconds:
        whole = seconds["board"] / (seconds["bare"] + seconds["forward"])
        print(f"  {whole:.2f} x where the bare computation passes the images through the convolutions each time")


def eapu_step() -> None:
    """A step of AdamEaPU beside one of Adam, 784-256-10."""

    def made(kind: Callable[..., torch.optim.Optimizer]) -> Callable[[], None]:
        net = torch.nn.Sequential(torch.nn.Linear(784, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
        optimiser = kind(net.parameters(), lr=1e-3)
        images, labels = torch.rand(BATCH, 784), torch.randint(0, 10, (BATCH,))

        def step() -> None:
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(net(images), labels).backward()  # type: ignore[no-untyped-call]
            optimiser.step()

        return step

    seconds = interleaved({"Adam": made(torch.optim.Adam), "AdamEaPU": made(AdamEaPU)})
    print(f"training step: Adam {1 / seconds['Adam']:.0f}/s, AdamEaPU {1 / seconds['AdamEaPU']:.0f}/s, "
          f"{seconds['AdamEaPU'] / seconds['Adam']:.2f} x")  # fmt: skip


if __name__ == "__main__":
    torch.set_num_threads(1)
    ssl_step()
    for layers in ("FC", "C1+C3+FC"):
        cnn_step(layers)
    eapu_step()
