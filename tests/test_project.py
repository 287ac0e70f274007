"""The project as a whole: versions agree, packages are complete, files stay small, ``--help`` is light."""

import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import labctl
from labctl import plugins
from labctl.stations.model import read_station, shipped_stations

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("labctl", "drivers", "protocols", "simulated_instruments")
HEAVY = {
    "numpy", "scipy", "pandas", "numba", "pyarrow", "h5py", "matplotlib", "pydantic", "pyvisa", "pyvisa_py", "serial",
    "PyQt6", "pyqtgraph", "lupa", "torch", "mlxtend", "skimage",
}  # fmt: skip
MOST_LINES = 500
KINDS: tuple[plugins.Kind, ...] = ("drivers", "protocols", "simulated_instruments")


def folder_of(package: str) -> Path:
    """Return where a package is: here, or in the environment when the wheel is tested."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def source_files() -> list[Path]:
    folders = [folder_of(package) for package in PACKAGES]
    folders += [ROOT / name for name in ("tests", "examples", "benchmarks", "setup") if (ROOT / name).is_dir()]
    return [file for folder in folders for file in folder.rglob("*") if file.suffix in {".py", ".lua", ".sh"}]


def declared_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def test_pyproject_the_package_and_the_installation_name_one_version() -> None:
    assert labctl.__version__ == declared_version()
    assert importlib.metadata.version("labctl") == declared_version()


def test_the_changelog_has_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", changelog, re.MULTILINE)
    assert declared_version() in headings


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_marked_as_typed(package: str) -> None:
    assert (folder_of(package) / "py.typed").is_file()


def test_no_file_is_longer_than_500_lines() -> None:
    files = source_files()
    assert len(files) > 50
    lengths = {str(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_of_a_plugin_table_loads(kind: plugins.Kind) -> None:
    names = plugins.table(kind)
    assert names
    for name in names:
        assert isinstance(plugins.load(kind, name), type), name


def test_every_driver_has_a_simulated_twin() -> None:
    assert plugins.table("drivers").keys() <= plugins.table("simulated_instruments").keys()


def test_every_shipped_station_can_be_read_and_has_its_drivers() -> None:
    stations = shipped_stations()
    assert "pe-board" in stations
    for name, path in stations.items():
        station, _ = read_station(path)
        assert station.name == name
        assert {table.driver for table in station.instruments.values()} <= plugins.table("drivers").keys()


def test_any_pyvisa_program_opens_a_station_file(tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text(read_station("full-lab")[1], encoding="utf-8")
    script = (
        "import pyvisa\nmanager = pyvisa.ResourceManager('station.toml@labsim')\n"
        "for name in sorted(manager.list_resources('?*')):\n"
        "    if 'ASRL' not in name:\n"
        "        with manager.open_resource(name, read_termination='\\n') as line:\n"
        "            print(line.query('*IDN?').split(',')[1].strip())\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path
    ).stdout
    assert sorted(said.split("\n")) == ["", "33622A", "B1500A", "MSO-X 3104A", "Model 2636B"]


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nsys.argv = ['labctl', '--help']\nfrom labctl.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('loaded:', [name for name in {sorted(HEAVY)!r} if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert "Run a protocol" in shown
    assert shown.splitlines()[-1] == "loaded: []"


def target_of(document: Path, link: str) -> Path:
    """Return where a relative link leads; the packages are elsewhere when the wheel is tested."""
    path = (document.parent / link).resolve().relative_to(ROOT)
    first = path.parts[0] if path.parts else ""
    return folder_of(first).joinpath(*path.parts[1:]) if first in PACKAGES else ROOT / path


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/guide.md", "docs/run-file.md"])
def test_every_file_that_a_document_points_to_is_there(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith("http")]
    assert local
    assert [link for link in local if not target_of(document, link).exists()] == []
