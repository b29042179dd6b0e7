"""Bodies decoded by other means than those that made them."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import cramjam
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from local_firehose.compression import HADOOP_BUFFER_BYTES, Compressed, compress

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "compression.yaml").read_text("utf-8"))
BODIES = st.one_of(
    st.binary(max_size=300), st.builds(lambda piece, n: piece * n, st.binary(max_size=40), st.integers(0, 9000))
)


def compressed(body: bytes, kind: str) -> Compressed:
    return compress(body, kind, entry_name=lambda: "0b5c2f6e-5f3a-4c39-b6d2-1f0b1c2d3e4f")


def unxerial(body: bytes) -> bytes:
    magic, version, compatible = struct.unpack_from(">8sii", body)
    assert (magic, version, compatible) == (b"\x82SNAPPY\x00", 1, 1)
    at, pieces = 16, []
    while at < len(body):
        (size,) = struct.unpack_from(">i", body, at)
        pieces.append(bytes(cramjam.snappy.decompress_raw(body[at + 4 : at + 4 + size])))
        assert len(pieces[-1]) <= 32 * 1024
        at += 4 + size
    return b"".join(pieces)


def unhadoop(body: bytes) -> bytes:
    at, pieces = 0, []
    while at < len(body):
        (block,) = struct.unpack_from(">i", body, at)
        at, got = at + 4, 0
        while got < block:
            (size,) = struct.unpack_from(">i", body, at)
            assert size <= HADOOP_BUFFER_BYTES
            pieces.append(bytes(cramjam.snappy.decompress_raw(body[at + 4 : at + 4 + size])))
            got += len(pieces[-1])
            at += 4 + size
        assert got == block
    return b"".join(pieces)


def unzip(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        (entry,) = archive.infolist()
        assert (entry.filename, entry.compress_type) == ("0b5c2f6e-5f3a-4c39-b6d2-1f0b1c2d3e4f", zipfile.ZIP_DEFLATED)
        return archive.read(entry)


DECODERS = {
    "UNCOMPRESSED": bytes,
    "GZIP": lambda body: zlib.decompress(body, wbits=31),
    "ZIP": unzip,
    "Snappy": unxerial,
    "HADOOP_SNAPPY": unhadoop,
}


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.lower()) for kind in DECODERS])
@settings(max_examples=40, deadline=None)
@given(body=BODIES)
def test_body_comes_back_from_every_format(kind: str, body: bytes) -> None:
    assert DECODERS[kind](compressed(body, kind).body) == body


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_format_has_its_content_encoding_extension_and_framing(fact: dict) -> None:
    found = compressed(b"x", fact["format"])
    assert (found.content_encoding, found.extension) == (fact["encoding"], fact["extension"])
    assert found.body.hex().startswith(fact["begins"])


@pytest.mark.parametrize("kind", ["GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"], ids=str.lower)
def test_large_body_that_does_not_compress_comes_back(kind: str) -> None:
    state, body = 1, bytearray()
    while len(body) < 700_000:  # a generator of bytes that no codec can shorten
        state = state * 6364136223846793005 % 2**64 + 1
        body += state.to_bytes(8, "little")[4:]
    assert DECODERS[kind](compressed(bytes(body), kind).body) == bytes(body)


def test_same_body_gives_the_same_gzip_bytes() -> None:
    assert compressed(b"x" * 100, "GZIP") == compressed(b"x" * 100, "GZIP")
