"""Find the system libraries that PyQt6 needs and this machine lacks; install them, or say exactly what to install.

Run by the environment's Python. On Debian and its kin, as root, they are installed. Otherwise the command that installs
them is printed; the exit status is then 0, because a headless run needs none of them, or 1 with ``--needed``.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

BINARIES = (
    "QtCore.abi3.so",
    "QtGui.abi3.so",
    "QtWidgets.abi3.so",
    "Qt6/plugins/platforms/libqxcb.so",
    "Qt6/plugins/platforms/libqoffscreen.so",
)
"""What a window, on a screen or off it, loads of PyQt6."""

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
"""Library -> Debian package that has it."""


def missing_libraries() -> list[str]:
    """Return the libraries that the loader does not find, sorted."""
    spec = importlib.util.find_spec("PyQt6")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("PyQt6 is not installed in this environment; run this with the environment's Python")
    folder = Path(spec.submodule_search_locations[0])
    if shutil.which("ldd") is None:
        return []
    found: set[str] = set()
    for binary in BINARIES:
        listing = subprocess.run(["ldd", folder / binary], capture_output=True, text=True, check=False).stdout
        found.update(line.split()[0] for line in listing.splitlines() if line.endswith("not found"))
    return sorted(found)


def install(packages: list[str]) -> None:
    """Install Debian packages."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-q"], check=True, env=quiet, stdout=subprocess.DEVNULL)
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)


def main() -> int:
    """Check, mend or explain; return the exit status."""
    if not sys.platform.startswith("linux"):
        return 0
    missing = missing_libraries()
    if not missing:
        return 0
    unknown = [library for library in missing if library not in PACKAGES]
    packages = sorted({PACKAGES[library] for library in missing if library in PACKAGES})
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing the system libraries that Qt lacks: {' '.join(packages)}", flush=True)
        try:
            install(packages)
        except subprocess.CalledProcessError as error:
            print(f"This failed: {' '.join(map(str, error.cmd))}", file=sys.stderr)
        missing = missing_libraries()
    if not missing:
        return 0
    print(f"Qt lacks these system libraries: {', '.join(missing)}", file=sys.stderr)
    if packages:
        print(f"On Debian and Ubuntu, install:  sudo apt-get install {' '.join(packages)}", file=sys.stderr)
    if unknown or not packages:
        print("Elsewhere, install the packages of your system that have these files.", file=sys.stderr)
    print("The command line and Python scripts work without; the window and its tests do not.", file=sys.stderr)
    return 1 if "--needed" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
