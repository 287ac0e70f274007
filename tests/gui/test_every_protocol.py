"""Every protocol in the window: its form opens, its defaults are right, the dry run is shown on its station."""

import pytest

from labctl import plugins
from labctl.gui.window import MainWindow

PROTOCOLS = sorted(plugins.table("protocols"))
STATIONS = sorted({plugins.load("protocols", name).station for name in PROTOCOLS})


@pytest.fixture
def window(qtbot, store, tmp_path, light):
    window = MainWindow(output=tmp_path / "runs", store=store)
    window.confirm = lambda title, question: True
    window.resize(1280, 800)
    window.show()
    qtbot.waitUntil(lambda: window.form is not None)
    yield window
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible())
    window.deleteLater()


@pytest.mark.parametrize("station", STATIONS)
def test_every_protocol_of_a_station_opens_its_form_and_shows_its_dry_run(window, qtbot, station):
    window.open_station(station, simulate=True, seed=1)
    qtbot.waitUntil(lambda: window.laboratory.station is not None)
    for name in PROTOCOLS:
        protocol = plugins.load("protocols", name)
        if protocol.station != station:
            continue
        window.chooser.choose(name)
        form = window.form
        assert form.protocol_class is protocol
        assert form.protocol == protocol()
        fields = {path[0] for path in form.rows}
        assert fields == set(protocol.model_fields), "every parameter has an entry"
        qtbot.waitUntil(lambda: window.conductor.plan is not None)
        words = window.run_bar.plan.text()
        assert "Dry run: estimated duration about" in words, f"{name}: {words}"
        assert "pulses per device" in words
        assert not window.chooser.offer.isVisible()
        assert len(window.live.panels) == len(protocol.plots)
