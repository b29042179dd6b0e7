"""A record cut down to the leaves that a program reads: the same to the program, and less to parse.

Pure. What libjq gives for it is what it gives for the record, by what `jq_leaves` finds out.
"""

from collections.abc import Sequence

import msgspec

from local_firehose.jq_leaf import Path

_ENCODER = msgspec.json.Encoder()


def document_pieces(paths: Sequence[Path]) -> tuple[list[str], list[int]]:
    r"""Return what stands before, between and behind the leaves' texts in a document, and the order in which the leaves stand there.

    A document ends with a newline. No path is above another one.

    >>> document_pieces([("a", "x"), ("b",), ("a", "y")])
    (['{"a":{"x":', ',"y":', '},"b":', '}\n'], [0, 2, 1])
    """
    pieces, order = [""], list[int]()
    _write(list(enumerate(paths)), 0, pieces, order)
    pieces[-1] += "\n"
    return pieces, order


def _write(below: list[tuple[int, Path]], depth: int, pieces: list[str], order: list[int]) -> None:
    pieces[-1] += "{"
    for at, name in enumerate(dict.fromkeys(path[depth] for _, path in below)):
        pieces[-1] += "," * (at > 0) + _ENCODER.encode(name).decode() + ":"
        members = [(number, path) for number, path in below if path[depth] == name]
        if len(members[0][1]) == depth + 1:
            order.append(members[0][0])
            pieces.append("")
        else:
            _write(members, depth + 1, pieces, order)
    pieces[-1] += "}"
