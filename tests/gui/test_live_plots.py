"""The live plots show what was streamed: data of curves, levels and images are looked at."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6.QtCore import QPointF

from labctl.gui.live.array_map import MapPanel
from labctl.gui.live.buffers import SlidingColumns, thinned
from labctl.gui.live.distribution import DistributionPanel, cumulative
from labctl.gui.live.trace import TracePanel
from labctl.gui.live.view import LiveView
from labctl.weight_layout import Part, layers_map, placed


@pytest.fixture
def shown(qtbot, light):
    def show(panel):
        qtbot.addWidget(panel)
        panel.resize(640, 300)
        panel.show()
        return panel

    return show


@pytest.fixture
def rows(lab):
    def make(**columns):
        defaults = {"time": 0.0, "cell": 0, "level": 0, "goal": 1e-6, "current": 1e-6}
        return lab.row.block(**{**defaults, **columns}).rows

    return make


@pytest.fixture
def trace(lab, shown):
    def make(**changes):
        return shown(TracePanel(dataclasses.replace(lab.protocol.plots[2], **changes)))

    return make


def test_a_trace_of_the_newest_group_drops_the_older_ones(trace, rows):
    panel = trace()
    panel.add(rows(time=[0, 1, 2], level=[0, 0, 1], current=[1e-6, 2e-6, 3e-6], goal=[5e-6, 5e-6, 6e-6]))
    panel.add(rows(time=[3, 4], level=1, current=[4e-6, 5e-6], goal=6e-6))
    assert panel.redraw()
    assert panel.curves[0].xData.tolist() == [2, 3, 4]
    assert panel.curves[0].yData.tolist() == [3e-6, 4e-6, 5e-6]
    assert panel.goal_line.value() == 6e-6
    assert "level 1" in panel.caption.text()
    assert "now 5 uA" in panel.caption.text()
    panel.add(rows(time=[9], level=2, current=[7e-6]))
    panel.redraw()
    assert panel.curves[0].xData.tolist() == [9]


def test_a_trace_of_all_groups_is_broken_where_the_group_changes(trace, rows):
    panel = trace(latest=False)
    panel.add(rows(time=[0, 1, 2, 3], level=[0, 0, 1, 1], current=[1, 2, 3, 4]))
    panel.add(rows(time=[4], level=[2], current=[5]))
    panel.redraw()
    np.testing.assert_array_equal(panel.goal_curve.yData[:2], [1e-6, 1e-6])
    panel.add(rows(time=[5, 6, 7], level=[0, 3, 4], current=[6, 7, 8]))
    panel.redraw()
    expected = [1, 2, math.nan, 3, 4, math.nan, 5, math.nan, 6, math.nan, 7, math.nan, 8]
    np.testing.assert_array_equal(panel.curves[0].yData, expected, "five groups are one line")
    assert all(curve.getData()[0] is None for curve in panel.curves[1:])
    panel.add(rows(time=[8, 9], level=[5, 6], current=[9, 10]))
    assert len(panel._groups) == 5, "no more are counted, however many cells there are"


def test_a_few_groups_have_a_line_of_their_own_that_the_caption_names(trace, rows):
    panel = trace(latest=False, goal=None)
    panel.add(rows(time=[0, 1, 2, 3], level=[2, 2, 1, 1], current=[1, 2, 3, 4]))
    panel.add(rows(time=[4, 5], level=[2, 1], current=[5, 6]))
    panel.redraw()
    points = [[(x, y) for x, y in zip(c.xData, c.yData, strict=True) if math.isfinite(y)] for c in panel.curves[:2]]
    assert points == [[(2, 3), (3, 4), (5, 6)], [(0, 1), (1, 2), (4, 5)]]
    assert [math.isnan(y) for y in panel.curves[1].yData] == [False, False, True, True, False, True]
    styles = {(curve.opts["pen"].color().name(), curve.opts["pen"].style()) for curve in panel.curves}
    assert len({colour for colour, _ in styles}) == len({style for _, style in styles}) == 4
    assert "level 1 solid, 2 dashed" in panel.caption.text()
    panel.clear()
    panel.add(rows(time=[0, 1], level=[5, 5], current=[1, 2]))
    panel.redraw()
    assert panel.curves[0].yData.tolist() == [1, 2]
    assert "solid" not in panel.caption.text()


def test_a_logarithmic_trace_leaves_out_what_has_no_logarithm(trace, rows):
    panel = trace(log_y=True, group=None, latest=False, goal=None)
    panel.add(rows(time=[0, 1, 2], current=[1e-6, 0.0, 1e-4]))
    panel.redraw()
    x, y = panel.curves[0].getData()
    np.testing.assert_allclose(y[[0, 2]], [-6, -4])
    assert math.isnan(y[1])
    assert x.tolist() == [0, 1, 2]
    assert panel.read_at(QPointF(1.0, -5.0)) == "time 1 s, current 10 uA"


def test_nothing_is_drawn_when_there_is_nothing_new_or_nobody_sees_it(trace, rows):
    panel = trace()
    assert not panel.redraw()
    panel.add(rows(time=[0.0]))
    panel.hide()
    assert not panel.redraw()
    panel.show()
    assert panel.redraw()
    assert not panel.redraw()


def test_a_distribution_has_a_sorted_curve_for_each_level(lab, shown, rows):
    panel = shown(DistributionPanel(lab.protocol.plots[0]))
    panel.add(rows(level=[0, 1, 0, 1, 0], current=[3e-6, 9e-6, 1e-6, 8e-6, 2e-6]))
    panel.redraw()
    assert sorted(panel.curves) == [0, 1]
    np.testing.assert_allclose(panel.curves[0].xData, [1e-6, 2e-6, 3e-6])
    np.testing.assert_allclose(panel.curves[0].yData, [1 / 3, 2 / 3, 1])
    first = panel.curves[0].opts["pen"].color().name()
    panel.add(rows(level=[2], current=[5e-6]))
    panel.redraw()
    colours = [panel.curves[level].opts["pen"].color().name() for level in (0, 1, 2)]
    assert len(set(colours)) == 3
    assert colours[0] == first
    assert all(curve.opts["pen"].width() == 1 for curve in panel.curves.values())
    assert panel.caption.text().startswith("3 levels")
    assert panel.read_at(QPointF(2.1e-6, 0.5)).startswith("level 0")
    panel.clear()
    assert panel.curves == {}


def test_a_long_distribution_is_thinned_but_keeps_its_ends():
    values = np.random.default_rng(5).normal(size=100_000)
    x, share = cumulative(values)
    assert len(x) == 400
    assert (x[0], x[-1]) == (values.min(), values.max())
    np.testing.assert_allclose(share, np.searchsorted(np.sort(values), x, side="right") / len(values))


def test_a_map_puts_each_cell_where_it_is_and_leaves_the_others_blank(lab, shown, rows):
    panel = shown(MapPanel(lab.protocol.plots[1]))
    panel.add(rows(cell=[0, 17, 2047, 17], current=[1e-6, 2e-6, 3e-6, 4e-6]))
    panel.redraw()
    image = panel.image.image
    assert image.shape == (128, 16)
    np.testing.assert_allclose([image[0, 0], image[1, 1], image[127, 15]], [1e-6, 4e-6, 3e-6])
    assert np.isfinite(image).sum() == 3
    assert panel.read_at(QPointF(1.2, 0.8)) == "row 1, column 1, cell 17: 4 uA"
    assert panel.read_at(QPointF(5.0, 5.0)).endswith("not measured")
    assert panel.read_at(QPointF(-3.0, 5.0)) == ""
    assert not panel.chooser.isVisible()


def test_a_map_shows_which_layer_lies_where_and_leaves_free_cells_blank(shown):
    panel = shown(MapPanel(layers_map(10, 4)))
    panel.add(
        placed([Part(0, np.arange(12).reshape(3, 4)), Part(1, np.array([[20, 21]])), Part(1, np.array([[79]]))]).rows
    )
    panel.redraw()
    image = panel.image.image
    assert np.all(image[:3] == 0.0)
    assert np.all(image[5, :2] == 1.0)
    assert np.isfinite(image).sum() == 14
    assert panel.chooser.isVisible()
    assert panel.read_at(QPointF(5.0, 1.0)) == "row 5, column 1, cell 21: 1"
    panel.chooser.setCurrentIndex(1)
    panel.redraw()
    assert panel.image.image[9, 3] == 1.0


def test_a_map_of_several_arrays_has_a_chooser(lab, shown, rows):
    panel = shown(MapPanel(lab.protocol.plots[1]))
    panel.add(rows(cell=[5 * 2048], current=[1e-6]))
    panel.add(rows(cell=[2048 + 3], current=[2e-6]))
    panel.redraw()
    assert panel.chooser.isVisible()
    assert [panel.chooser.itemText(i) for i in range(2)] == ["1", "5"]
    panel.chooser.setCurrentIndex(0)
    panel.redraw()
    assert panel.image.image[0, 3] == np.float32(2e-6)
    assert panel.read_at(QPointF(0.0, 3.0)).startswith("row 0, column 3, cell 2051")


def test_the_colour_scale_of_a_map_only_widens(lab, shown, rows):
    panel = shown(MapPanel(lab.protocol.plots[1]))
    panel.add(rows(cell=[0, 1], current=[1e-6, 2e-6]))
    wide = panel.levels
    panel.add(rows(cell=[0, 1], current=[1.4e-6, 1.5e-6]))
    assert panel.levels == wide
    panel.add(rows(cell=[0], current=[9e-6]))
    assert panel.levels[0] <= wide[0]
    assert panel.levels[1] >= 9e-6


def test_the_view_shows_what_a_protocol_declares_and_feeds_it_by_stream(lab, qtbot, light, rows):
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    view.show_protocol(lab.protocol)
    assert [type(panel) for panel in view.panels] == [DistributionPanel, MapPanel, TracePanel]
    view.add("another", rows(cell=[0]))
    assert not any(panel.is_stale for panel in view.panels)
    view.add("cell_read", rows(cell=[0]))
    qtbot.waitUntil(lambda: not any(panel.is_stale for panel in view.panels))
    view.clear()
    assert view.panels[1].images == {}


def test_the_plots_of_a_run_show_what_is_in_its_file(window, lab, qtbot):
    import labctl

    window.run_bar.buttons["run"].click()
    lab.gate.release(3)
    qtbot.waitUntil(lambda: window.session.run is not None and not window.session.is_active)
    window.tabs.setCurrentWidget(window.live)
    qtbot.waitUntil(lambda: not any(panel.is_stale for panel in window.live.panels))
    stored = labctl.load(window.result.path.text()).arrays("cell_read")
    distribution, array_map, trace = window.live.panels
    for level, curve in distribution.curves.items():
        np.testing.assert_array_equal(curve.xData, np.sort(stored["current"][stored["level"] == level]))
    np.testing.assert_array_equal(trace.curves[0].yData, stored["current"][stored["level"] == 2])
    np.testing.assert_array_equal(array_map.images[0][:2].ravel()[:20], stored["current"][40:].astype(np.float32))


@given(
    sizes=st.lists(st.integers(0, 40), max_size=30),
    capacity=st.integers(1, 50),
)
def test_a_sliding_buffer_keeps_the_newest_rows_in_order(sizes, capacity):
    buffer = SlidingColumns(2, capacity)
    everything = np.arange(2.0 * sum(sizes)).reshape(-1, 2).T
    at = 0
    for size in sizes:
        buffer.add(everything[:, at : at + size])
        at += size
        np.testing.assert_array_equal(buffer.columns(), everything[:, max(0, at - capacity) : at])
    assert buffer.dropped + len(buffer) >= min(at, capacity)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500), st.integers(1, 60))
def test_thinning_a_line_loses_neither_peak_nor_dip(values, pieces):
    y = np.array(values)
    x = np.arange(len(y), dtype=float)
    thin_x, thin_y = thinned(x, y, pieces)
    assert len(thin_x) == len(thin_y) <= max(2 * pieces, len(y))
    assert (thin_y.min(), thin_y.max()) == (y.min(), y.max())
    assert (np.diff(thin_x) >= 0).all()


def test_a_break_between_groups_is_kept_where_a_line_is_thinned():
    x = np.tile(np.arange(10_000.0), 2)
    y = np.where(np.arange(20_000) < 10_000, 1.0, 2.0)
    x, y = np.insert(x, 10_000, np.nan), np.insert(y, 10_000, np.nan)
    thin_x, thin_y = thinned(x, y, 300)
    assert len(thin_x) == len(thin_y) == 601
    assert np.isnan(thin_y).sum() == 1
    at = int(np.flatnonzero(np.isnan(thin_y))[0])
    assert thin_y[: at - 2].max() == 1.0
    assert thin_y[at + 1 :].min() == 2.0


def test_many_distributions_are_drawn_a_few_at_a_time_and_none_is_left_out(lab, shown, rows):
    panel = shown(DistributionPanel(lab.protocol.plots[0]))
    drawn = 0
    for turn in range(20):
        panel.add(rows(level=list(range(32)), current=(1e-6 * (turn + 1 + np.arange(32.0))).tolist()))
        drawn += panel.redraw()
    assert drawn == 20
    assert min(len(curve.xData) for curve in panel.curves.values()) >= 16, "each had its turn of late"
    while panel.redraw():
        pass
    assert {len(curve.xData) for curve in panel.curves.values()} == {20}
