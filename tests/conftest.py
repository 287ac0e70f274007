"""Fixtures for all tests: a thread, a pseudo-terminal or a run file left behind fails the test that left it."""

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hardware", action="store_true", help="run the tests that need a real instrument")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--hardware"):
        chosen = [item for item in items if "hardware" not in item.keywords]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


def _descriptors() -> set[str]:
    """Return the files, sockets and terminals that are open; libraries and fonts that are mapped are not ours."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir() if Path("/proc/self/fd").is_dir() else ():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.endswith((".h5", ".journal", ".new")) or target.startswith(("/dev/ptmx", "/dev/pts/")):
            found.add(f"{entry.name} {target}")
    return found


@pytest.fixture(scope="module", autouse=True)
def only_this_module_s_garbage() -> None:
    """What was imported and still lives is not looked through again after each test, which took a third of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    threads, descriptors = set(threading.enumerate()), _descriptors()
    yield
    gc.collect()
    for thread in set(threading.enumerate()) - threads:
        thread.join(2.0)
        assert not thread.is_alive(), f"the test left the thread {thread.name!r} running"
    left = _descriptors() - descriptors
    assert not left, f"the test left open: {sorted(left)}"
