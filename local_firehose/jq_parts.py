"""Cut a query that builds one object into parts that can be asked for apart.

Pure. ``{store: .store_id, day: .at|strftime("%d")}`` needs a store and a day; a store seen before need not be computed again for a new
day. Keys that read the same leaves make one part. What stands before the object (definitions, bindings, a pipe) stays before each part.
Where each part gives one result, so does the whole, the same; where one does not, only the whole query tells what becomes of the record.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from local_firehose.jq_leaf import Leaf, Path, joint_leaves
from local_firehose.jq_leaves import leaves_of
from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_parser import parse
from local_firehose.jq_printer import printed
from local_firehose.jq_syntax import Binary, Bind, Definition, Node, Object, Text


@dataclass(frozen=True, slots=True)
class Part:
    """Some keys of a query, and the leaves that decide them; None where more than leaves does."""

    keys: tuple[str, ...]
    leaves: tuple[Leaf, ...] | None


class QueryParts:
    """A query's `parts` in the order of their first keys, programs for them, and the query as a `whole`.

    >>> [part.keys for part in QueryParts('{s: .s, day: .t|strftime("%d"), hour: .t|strftime("%H")}', ("s", "day", "hour")).parts]
    [('s',), ('day', 'hour')]
    """

    def __init__(self, query: str, names: Sequence[str]) -> None:
        """`names` are the keys wanted of each result."""
        self._query = query
        try:
            self._tree: Node | None = parse(query)
        except JqSyntaxError:
            self._tree = None
        whole = Part(tuple(names), None if self._tree is None else leaves_of(self._tree))
        parts = self._cut(whole.keys) or (whole,)
        uses = [(leaf.path, leaf.reduction) for part in (*parts, whole) for leaf in part.leaves or ()]
        outer = {leaf.path for leaf in joint_leaves(uses, ())}
        self.parts = tuple(_outermost(part, outer) for part in parts)
        self.whole = _outermost(whole, outer)

    def program(self, chosen: Collection[Part]) -> str:
        """Return a program whose object has the keys of the chosen parts."""
        if len(chosen) == len(self.parts) or self._tree is None:
            return self._query
        return printed(_reduced(self._tree, {key for part in chosen for key in part.keys}))

    def _cut(self, names: tuple[str, ...]) -> tuple[Part, ...]:
        built = None if self._tree is None else _built(self._tree)
        if self._tree is None or built is None:
            return ()
        keys = [key.constant for key, _ in built.entries if isinstance(key, Text) and key.format is None]
        if len(set(keys)) < len(built.entries) or len(set(names)) < len(names) or set(keys) != set(names):
            return ()
        alike: dict[object, list[str]] = {}
        for key in names:
            found = leaves_of(_reduced(self._tree, {key}))
            alike.setdefault(None if found is None else frozenset(leaf.path for leaf in found), []).append(key)
        return tuple(Part(tuple(group), leaves_of(_reduced(self._tree, set(group)))) for group in alike.values())


def _outermost(part: Part, outer: Collection[Path]) -> Part:
    """Return a part without leaves below one of another part; that one stands for them."""
    if part.leaves is None:
        return part
    found = [
        next((Leaf(leaf.path[:depth], None) for depth in range(1, len(leaf.path)) if leaf.path[:depth] in outer), leaf)
        for leaf in part.leaves
    ]
    return Part(part.keys, tuple(dict.fromkeys(found)))


def _built(node: Node) -> Object | None:
    """Return the object that a query ends in, if it gives nothing else."""
    match node:
        case Object():
            return node
        case Definition(rest=rest):
            return _built(rest)
        case Bind(patterns=(_,), body=body):  # of several patterns, an error in one key would choose for all
            return _built(body)
        case Binary(operator="|", right=right):
            return _built(right)
    return None


def _reduced(node: Node, keys: Collection[str]) -> Node:
    """Return the query with these keys only."""
    match node:
        case Object(entries=entries):
            return Object(tuple(entry for entry in entries if isinstance(entry[0], Text) and entry[0].constant in keys))
        case Definition(rest=rest):
            return replace(node, rest=_reduced(rest, keys))
        case Bind(body=body):
            return replace(node, body=_reduced(body, keys))
        case Binary(right=right):
            return replace(node, right=_reduced(right, keys))
    return node
