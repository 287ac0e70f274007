#!/bin/sh
# Make the virtual environment $2 with the Python $1, or say exactly what is missing for it.
set -eu

python=$1
venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "labctl needs Python 3.11 or newer, but '$python' is not one." >&2
    echo "On Debian 12 or later, and on Ubuntu 24.04 or later:  sudo apt-get install python3 python3-venv" >&2
    echo "If you have one under another name:                   make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print(f"{sys.version_info.major}.{sys.version_info.minor}")')
    echo "'$python' cannot make virtual environments. Install:  sudo apt-get install python$version-venv" >&2
    exit 1
fi
"$python" -m venv "$venv"
