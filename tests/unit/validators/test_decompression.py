import gzip
import io
import zipfile

import cramjam
import pytest

from validators.decompression import BodyError, decompress

BODY = b"line one\nline two\n" * 500


def raw(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


def xerial(data: bytes) -> bytes:
    blocks = [raw(data[at : at + 4096]) for at in range(0, len(data), 4096)]
    return b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01" + b"".join(len(b).to_bytes(4, "big") + b for b in blocks)


def hadoop(data: bytes) -> bytes:
    out = b""
    for at in range(0, len(data), 6000):
        block = data[at : at + 6000]
        chunks = [raw(block[:3000]), raw(block[3000:])] if len(block) > 3000 else [raw(block)]
        out += len(block).to_bytes(4, "big") + b"".join(len(c).to_bytes(4, "big") + c for c in chunks)
    return out


def zipped(data: bytes, entries: int = 1) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(entries):
            archive.writestr(f"entry-{number}", data)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("UNCOMPRESSED", BODY, id="plain"),
        pytest.param("GZIP", gzip.compress(BODY), id="gzip"),
        pytest.param("ZIP", zipped(BODY), id="zip"),
        pytest.param("Snappy", xerial(BODY), id="snappy-java"),
        pytest.param("HADOOP_SNAPPY", hadoop(BODY), id="hadoop-snappy"),
    ],
)
def test_body_of_each_format_is_read(name: str, body: bytes) -> None:
    assert decompress(body, name) == BODY


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        pytest.param("GZIP", gzip.compress(BODY)[:-9], "not GZIP", id="gzip-cut"),
        pytest.param("GZIP", BODY, "not GZIP", id="no-gzip"),
        pytest.param("ZIP", zipped(BODY, 2), "2 entries, where Firehose writes one", id="two-entries"),
        pytest.param("ZIP", BODY, "not ZIP", id="no-zip"),
        pytest.param("Snappy", raw(BODY), "the first bytes are", id="raw-snappy"),
        pytest.param("Snappy", xerial(BODY)[:-3], "a block of", id="snappy-cut"),
        pytest.param("HADOOP_SNAPPY", hadoop(BODY)[:-3], "a block of", id="hadoop-cut"),
        pytest.param("HADOOP_SNAPPY", xerial(BODY), "not HADOOP_SNAPPY", id="snappy-java-framing"),
    ],
)
def test_other_bodies_are_refused(name: str, body: bytes, message: str) -> None:
    with pytest.raises(BodyError, match=message):
        decompress(body, name)
