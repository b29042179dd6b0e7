from hypothesis import given
from hypothesis import strategies as st

from producers.log_prefix import SAMPLE_BYTES, Prefix


def reader(content: bytes):
    return lambda offset, size: content[offset : offset + size]


@given(st.lists(st.binary(min_size=1, max_size=700), max_size=9), st.integers(0, 9))
def test_prefix_that_grows_equals_the_one_read_from_the_file(lines: list[bytes], cut: int) -> None:
    content = b"".join(lines)
    prefix = Prefix()
    prefix.extend(lines[:cut])
    prefix.extend(lines[cut:])
    from_file = Prefix.read(reader(content + b"more"), len(content))
    assert from_file is not None
    assert (prefix.offset, prefix.digest) == (len(content), from_file.digest)
    assert prefix.matches(reader(content + b"more"))
    assert prefix.starts(reader(content))


def test_other_content_does_not_match() -> None:
    content = bytes(range(256)) * 20
    prefix = Prefix.read(reader(content), 4000)
    assert prefix is not None
    assert not prefix.matches(reader(b"y" + content[1:]))
    assert not prefix.matches(reader(content[:3999]))
    assert not prefix.matches(reader(content[:3990] + b"z" * 100))
    assert prefix.matches(reader(content[:3000] + b"-" + content[3001:])) is False
    assert not prefix.starts(reader(b"other"))
    assert prefix.starts(reader(content[:10]))  # a copy in the making


def test_file_shorter_than_the_prefix_has_none() -> None:
    assert Prefix.read(reader(b"x" * SAMPLE_BYTES), SAMPLE_BYTES + 1) is None
