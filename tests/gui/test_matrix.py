"""The live matrix: the newest value of each cell as number and colour, with read-out, and only what is new drawn."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF
from PyQt6.QtGui import QColor, QFont, QFontMetricsF

from labctl.gui import theme
from labctl.gui.live.matrix import MatrixPanel
from labctl.gui.live.view import LiveView, panel_for
from labctl.plots import ArrayMap, Matrix
from labctl.rows import Row, column

DOWN, ACROSS = np.indices((10, 10)).reshape(2, -1)


class Answers(Row):
    """Counts of answers."""

    round: int = column()
    truth: int = column()
    answer: int = column()
    count: int = column()
    share: float = column("%")


def answers(**changes):
    return Answers.block(**{"round": 0, "truth": 0, "answer": 0, "count": 0, "share": 0.0, **changes}).rows


def whole(counts, number=1):
    return answers(round=number, truth=DOWN, answer=ACROSS, count=np.asarray(counts).ravel())


def height_of_numbers(panel):
    panel.grab()  # lays it out
    return panel.numbers.height_on(panel.numbers.deviceTransform_())


@pytest.fixture
def shown(qtbot, light):
    def show(value="count", size=(420, 280), **options):
        panel = panel_for(Matrix(Answers, "truth", "answer", value, "Confusion", **options))
        qtbot.addWidget(panel)
        panel.resize(*size)
        panel.show()
        return panel

    return show


def test_a_matrix_shows_the_newest_value_of_each_cell(shown):
    panel = shown(moment=("round",))
    assert isinstance(panel, MatrixPanel)
    first = np.random.default_rng(3).integers(0, 100, (10, 10))
    panel.add(whole(first))
    assert panel.redraw()
    np.testing.assert_array_equal(panel.image.image, np.sqrt(first))
    panel.add(answers(round=[1, 2], truth=[3, 3], answer=[8, 8], count=[7, 40]))
    assert panel.redraw()
    first[3, 8] = 40
    np.testing.assert_array_equal(panel.values, first)
    share = 100 * np.trace(first) / first.sum()
    assert panel.caption.text() == f"round 2 · {share:.1f} % on the diagonal"
    assert not panel.redraw(), "nothing is new"


def test_the_cursor_reads_row_column_and_value_with_its_share_of_the_row(shown):
    panel = shown()
    panel.add(answers(truth=[4, 4], answer=[4, 9], count=[30, 10]))
    panel.redraw()
    assert panel.read_at(QPointF(9.3, 3.8)) == "truth 4, answer 9: count 10 (25.0 % of truth 4)"
    assert panel.read_at(QPointF(9.0, 5.0)) == "truth 5, answer 9: nothing yet"
    assert panel.read_at(QPointF(9.6, 4.0)) == ""
    assert panel.caption.text() == "98 without a value (grey) · 75.0 % on the diagonal"


def test_a_share_is_read_with_its_unit_and_kept_as_it_is(shown):
    panel = shown("share", rows=2, columns=2)
    panel.add(answers(truth=[0, 1], answer=[1, 1], share=[12.5, 87.25]))
    panel.redraw()
    assert panel.read_at(QPointF(1.0, 1.0)) == "truth 1, answer 1: 87.25 %"
    columns = panel.shown()
    assert columns["share"][1] == "%"
    np.testing.assert_array_equal(columns["share"][0], [12.5, 87.25])
    assert columns["truth"][0].tolist() == [0, 1]


@pytest.mark.parametrize("size", [(360, 240), (900, 600), (340, 600)])
def test_the_numbers_of_ten_classes_fit_into_their_cells(shown, size):
    panel = shown(size=size)
    panel.add(whole(np.where(np.eye(10), 1135, 3)))
    panel.redraw()
    height = height_of_numbers(panel)
    assert 8 <= height <= 15
    font = QFont()
    font.setPixelSize(height)
    assert QFontMetricsF(font).horizontalAdvance("1135") <= panel.item.getViewBox().width() / 10
    panel.resize(150, 150)
    assert height_of_numbers(panel) == 0, "no room: nothing rather than a smear"


@pytest.mark.parametrize("dark", [False, True])
def test_numbers_are_told_from_what_is_behind_them_in_each_theme(shown, qapp, dark):
    panel = shown(size=(640, 460))
    panel.add(whole(np.where(np.eye(10), 100, 30)))
    theme.apply(qapp, dark=dark)
    panel.colour()
    panel.redraw()
    picture = panel.plot.grab().toImage()
    view, box = panel.item.getViewBox(), panel.plot
    for cell in (QPointF(0.0, 0.0), QPointF(5.0, 0.0)):
        middle = box.mapFromScene(view.mapViewToScene(cell))
        around = [
            picture.pixelColor(middle.x() + dx, middle.y() + dy).lightnessF()
            for dx in range(-15, 16)
            for dy in range(-7, 8)
        ]
        assert max(around) - min(around) > 0.35
    theme.apply(qapp)


def test_the_theme_changes_the_colours_of_the_cells(shown, qapp):
    panel = shown()
    panel.add(whole(np.eye(10)))
    panel.redraw()
    assert panel.image.lut[-1][:3].tolist() == list(QColor(theme.LIGHT.accent).getRgb()[:3])
    theme.apply(qapp, dark=True)
    panel.colour()
    assert panel.image.lut[-1][:3].tolist() == list(QColor(theme.DARK.accent).getRgb()[:3])
    theme.apply(qapp)


def test_what_lies_beyond_the_matrix_is_left_out_and_said(shown):
    panel = shown()
    panel.add(answers(truth=[0, 10, -1], answer=[0, 0, 0], count=[1, 2, 3]))
    panel.redraw()
    assert np.nansum(panel.values) == 1
    assert "2 beyond the matrix" in panel.caption.text()


def test_a_large_matrix_has_a_colour_scale_in_place_of_numbers(shown):
    panel = shown(rows=28, columns=28)
    panel.add(answers(truth=[27], answer=[3], count=[50]))
    panel.redraw()
    assert panel.bar.levels() == (0.0, 50.0)
    assert panel.image.image[27, 3] == 50
    assert height_of_numbers(panel) == 0
    assert shown().bar is None


def test_a_frozen_matrix_keeps_what_it_shows_and_a_new_run_empties_it(shown):
    panel = shown()
    panel.add(whole(np.eye(10)))
    panel.redraw()
    panel.freeze.click()
    panel.add(whole(2 * np.eye(10)))
    assert not panel.redraw()
    assert panel.image.image.max() == 1.0
    panel.freeze.click()
    assert panel.image.image.max() == math.sqrt(2.0)
    panel.clear()
    assert np.isnan(panel.values).all()
    assert not panel.redraw()
    assert not panel.caption.text().strip()


def test_fit_undoes_a_zoom_of_a_matrix(shown):
    panel = shown()
    panel.add(whole(np.eye(10)))
    panel.redraw()
    view = panel.item.getViewBox()
    view.setRange(xRange=(2, 3), yRange=(2, 3), padding=0.0)
    assert view.viewRange()[0] == [2, 3]
    panel.fit.click()
    assert view.viewRange() == [[-0.5, 9.5], [-0.5, 9.5]]


def test_the_view_feeds_a_matrix_by_its_stream_and_draws_it(qtbot, light):
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    view.show_protocol(SimpleNamespace(plots=(Matrix(Answers, "truth", "answer", "count", "Confusion"),)))
    view.add("another", whole(np.eye(10)))
    assert not view.panels[0].is_stale
    view.add("answers", whole(np.eye(10)))
    qtbot.waitUntil(lambda: not view.panels[0].is_stale)
    assert view.panels[0].image.image[2, 2] == 1.0
    assert view.panels[0].minimumHeight() >= 250, "room for ten numbers above one another"
    view.clear()
    assert np.isnan(view.panels[0].values).all()


@pytest.mark.parametrize("maps", [1, 2])
def test_one_map_stands_above_the_other_plots_and_several_below_them(qtbot, light, maps):
    view = LiveView()
    qtbot.addWidget(view)
    view.resize(800, 900)
    view.show()
    declared = [ArrayMap(Answers, "truth", "count", f"Map {number}") for number in range(maps)]
    view.show_protocol(SimpleNamespace(plots=(*declared, Matrix(Answers, "truth", "answer", "count", "Confusion"))))
    *above, matrix = view.panels
    qtbot.waitUntil(lambda: matrix.isVisible())
    view.grab()
    heights = [panel.mapTo(view, QPoint(0, 0)).y() for panel in (*above, matrix)]
    assert (max(heights) == heights[-1]) == (maps == 1)
    assert len(set(heights)) == maps + 1
