"""Plugins: the tables of drivers, protocols and simulated instruments, found through entry points by short name."""

import difflib
import functools
import importlib
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any, Literal

from labctl.errors import ConfigError

Kind = Literal["drivers", "protocols", "simulated_instruments", "reproductions"]


@functools.cache
def table(kind: Kind) -> dict[str, str]:
    """Return short name -> ``module:Class`` of every collection that is installed.

    Raises:
        ConfigError: A name is in two collections, or our own folder is hidden by another of the same name.
    """
    found: dict[str, str] = {}
    for entry in importlib.metadata.entry_points(group=f"labctl.{kind}"):
        if entry.name == "builtin":
            _check_ours(entry.module)
        for name, target in entry.load().items():
            if name in found and found[name] != target:
                raise ConfigError(f"{name!r} is in two collections of {kind}: {found[name]} and {target}")
            found[name] = target
    if not found and kind != "reproductions":
        raise ConfigError(f"no {kind} are installed; install labctl with: pip install labctl")
    return found


def load(kind: Kind, name: str) -> Any:
    """Return the class behind a short name.

    Raises:
        ConfigError: There is none of that name; the message has those that come near.
    """
    targets = table(kind)
    if name not in targets:
        near = difflib.get_close_matches(name, targets, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(targets))}"
        raise ConfigError(f"{name!r} is none of the {kind.replace('_', ' ')}; {hint}")
    module, _, attribute = targets[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def _check_ours(kind: str) -> None:
    """Make sure that ``import drivers`` finds ours and not a folder of the same name elsewhere."""
    spec = importlib.util.find_spec(kind)
    ours = Path(__file__).resolve().parent.parent / kind
    origin = Path(spec.origin).resolve().parent if spec and spec.origin else None
    if origin != ours:
        raise ConfigError(
            f"the folder {origin or (spec and spec.name)} hides labctl's own {kind!r}; rename or remove it"
        )
