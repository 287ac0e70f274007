"""The declarative command table: headers as manuals write them, found by any legal spelling."""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simulated_instruments.scpi.errors import ScpiError
from simulated_instruments.scpi.parameters import Kind

Reply = str | bytes

_NODE = re.compile(r"([A-Za-z]+)(\{(\w+)\})?")
_TYPED = re.compile(r"([A-Z_]+)(\d*)")
_MAX_SUFFIX_DIGITS = 6


@dataclass(frozen=True)
class Call:
    """One use of a command.

    Args:
        suffixes: The numbers in the header, by the names that the pattern gives them.
        complain: Queues an error without stopping the command.
    """

    suffixes: Mapping[str, int]
    complain: Callable[[ScpiError], None]

    def suffix(self, name: str, *, count: int) -> int:
        """Return the header's number ``name``, 1 where it was left out.

        Raises:
            ScpiError: -114, the instrument has only ``count`` of them.
        """
        number = self.suffixes.get(name, 1)
        if not 1 <= number <= count:
            raise ScpiError(-114)
        return number


@dataclass(frozen=True)
class Command:
    """A row of the table.

    Args:
        pattern: The header, ``"[SOURce{ch}]:VOLTage[:LEVel]"``: capitals are the short form, brackets what may be left
            out, ``{name}`` a numeric suffix.
        params: Kinds of the arguments.
        write: Called with the `Call` and the values, where the command can be sent without a question mark.
        query: Called with the `Call` and its own values; its result is the reply.
        query_params: Kinds of the query's arguments, all of them optional.
        optional: How many of the last ``params`` may be left out.
        show: How the query writes a number for MIN, MAX and DEF, where the command's first parameter is a number.
    """

    pattern: str
    params: Sequence[Kind] = ()
    write: Callable[..., None] | None = None
    query: Callable[..., Reply] | None = None
    query_params: Sequence[Kind] = ()
    optional: int = 0
    show: Callable[[float], str] | None = None


@dataclass
class Node:
    """A place in the header tree: what may follow it, and what it stands for itself."""

    children: dict[str, tuple["Node", str]] = field(default_factory=dict)
    command: Command | None = None


@dataclass(frozen=True)
class Place:
    """Where in the tree a header ended: the next header of the message goes on beside it."""

    node: Node
    suffixes: Mapping[str, int]


class Table:
    """Every command of an instrument, as a tree of short and long mnemonics."""

    def __init__(self, commands: Iterable[Command]) -> None:
        root = Node()
        self.root = Place(root, {})
        for command in commands:
            for nodes in _spellings(command.pattern):
                _insert(root, nodes, command)

    def find(self, header: str, here: Place) -> tuple[Command, Mapping[str, int], Place]:
        """Look a header up, relative to ``here`` unless it starts with a colon.

        Returns:
            The command, the header's numbers, and the place that the next header of the message is relative to.

        Raises:
            ScpiError: -113, there is no such header.
        """
        if header.startswith("*"):
            child = self.root.node.children.get(header.upper())
            if child is None or child[0].command is None:
                raise ScpiError(-113)
            return child[0].command, {}, here
        place = self.root if header.startswith(":") else here
        parent = place
        for mnemonic in header.removeprefix(":").upper().split(":"):
            parent, place = place, _descend(place, mnemonic)
        if place.node.command is None:
            raise ScpiError(-113)
        return place.node.command, place.suffixes, parent


def _descend(place: Place, mnemonic: str) -> Place:
    children = place.node.children
    if mnemonic in children:
        return Place(children[mnemonic][0], place.suffixes)
    typed = _TYPED.fullmatch(mnemonic)
    if typed is None or typed[1] not in children or not children[typed[1]][1]:
        raise ScpiError(-113)
    if len(typed[2]) > _MAX_SUFFIX_DIGITS:
        raise ScpiError(-114)
    node, name = children[typed[1]]
    return Place(node, {**place.suffixes, name: int(typed[2])})


def _spellings(pattern: str) -> list[list[str]]:
    """Return the pattern's node lists with each bracketed part in and out."""
    if pattern.startswith("*"):
        return [[pattern]]
    parts = re.findall(r"\[([^\]]*)\]|([^\[\]]+)", pattern)
    choices = [("", inner) if inner else (plain,) for inner, plain in parts]
    return [[n for n in "".join(c).split(":") if n] for c in itertools.product(*choices)]


def _insert(root: Node, nodes: list[str], command: Command) -> None:
    here = root
    for node in nodes:
        word, name = (node, "") if node.startswith("*") else _mnemonic(node)
        known = here.children.get(word.upper())
        child = (Node(), name) if known is None else known
        if child[1] != name:
            raise ValueError(f"{command.pattern}: {word} has the suffix {child[1]!r} elsewhere")
        for spelling in (word.upper(), "".join(c for c in word if not c.islower())):
            here.children[spelling] = child
        here = child[0]
    if here.command is not None and here.command is not command:
        raise ValueError(f"{command.pattern} stands for two commands")
    here.command = command


def _mnemonic(node: str) -> tuple[str, str]:
    match = _NODE.fullmatch(node)
    if match is None:
        raise ValueError(f"{node!r} is no mnemonic")
    return match[1], match[3] or ""
