from hypothesis import given
from hypothesis import strategies as st

from producers.line_splitter import MAX_PIECE_BYTES, LineSplitter


@given(st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"\r", b"a\nb", b"\x0b\x0c\x1c\x85"])))
def test_lines_are_the_bytes_cut_after_each_newline_however_they_come(parts: list[bytes]) -> None:
    splitter, lines = LineSplitter(), []
    for part in parts:
        lines += splitter.feed(part)
        assert (
            splitter.held_bytes == sum(map(len, parts[: parts.index(part) + 1])) - sum(map(len, lines))
            or parts.count(part) > 1
        )
    whole = b"".join(parts)
    complete = [line + b"\n" for line in whole.split(b"\n")[:-1]]
    assert lines == complete
    assert splitter.finish() == ([whole.rpartition(b"\n")[2]] if not whole.endswith(b"\n") and whole else [])
    assert splitter.finish() == []


def test_line_without_an_end_is_given_out_in_pieces() -> None:
    splitter, block = LineSplitter(), b"x" * (1 << 20)
    pieces = [piece for _ in range(33) for piece in splitter.feed(block)]
    assert [len(piece) for piece in pieces] == [MAX_PIECE_BYTES] * 2
    assert len(splitter.feed(b"end\n")[0]) == (1 << 20) + 4
