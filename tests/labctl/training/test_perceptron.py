"""The small network that is trained on the host, against finite differences and a problem with a known answer."""

import numpy as np
import pytest

from labctl.training import perceptron

SEED = 4


def loss(weights, inputs, labels):
    outputs = perceptron.forward(weights, inputs)[-1]
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]))


def test_the_gradients_are_those_of_the_cross_entropy():
    rng = np.random.default_rng(SEED)
    weights = [rng.normal(0.0, 0.5, shape) for shape in ((6, 5), (5, 4), (4, 3))]
    inputs, labels = rng.random((8, 6)), rng.integers(0, 3, 8).astype(np.uint8)
    for layer, gradient in enumerate(perceptron._gradients(weights, inputs, labels)):
        for place in np.ndindex(gradient.shape):
            sides = []
            for sign in (1.0, -1.0):
                moved = [weight.copy() for weight in weights]
                moved[layer][place] += sign * 1e-6
                sides.append(loss(moved, inputs, labels))
            assert gradient[place] == pytest.approx((sides[0] - sides[1]) / 2e-6, abs=1e-7)


def test_a_network_learns_what_can_be_told_apart_and_keeps_its_bound():
    rng = np.random.default_rng(SEED)
    centres = rng.random((4, 10))
    labels = rng.integers(0, 4, 600).astype(np.uint8)
    inputs = centres[labels] + 0.05 * rng.standard_normal((600, 10))
    weights = perceptron.trained((10, 8, 4), inputs, labels, rng, epochs=30, learning_rate=0.2, bound=0.8, noise=0.02)
    assert [weight.shape for weight in weights] == [(10, 8), (8, 4)]
    assert max(np.abs(weight).max() for weight in weights) <= 0.8
    assert perceptron.accuracy(weights, inputs, labels) > 0.97


def test_images_are_shrunk_to_means_of_sixteen_pixels():
    images = np.zeros((2, 28, 28), np.uint8)
    images[0, 2:6, 2:6] = 255
    images[1] = 255
    small = perceptron.shrunk(images)
    assert small.shape == (2, 64)
    assert small[0].tolist() == [0.0] * 9 + [1.0] + [0.0] * 54
    # The margin of two pixels leaves a quarter of a corner and half of an edge.
    assert small[1].reshape(8, 8)[0, 0] == 0.25
    assert small[1].reshape(8, 8)[0, 1] == 0.5
    assert small[1].reshape(8, 8)[3, 3] == 1.0
