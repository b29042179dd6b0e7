"""Compress an object's body as ``CompressionFormat`` says, with the extension and Content-Encoding that go with it.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html; observed rows in docs/fidelity/processing.md.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow

from local_firehose.stream_config import CompressionFormat

GZIP_LEVEL = 6

# snappy-java's SnappyOutputStream: magic, version 1, readable since version 1, then blocks of a length and raw Snappy.
XERIAL_HEADER = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
XERIAL_BLOCK_BYTES = 32 * 1024
# Hadoop's SnappyCodec reads into a buffer of 256 KiB; a block leaves room for what Snappy may add to incompressible bytes.
HADOOP_BUFFER_BYTES = 256 * 1024
HADOOP_BLOCK_BYTES = HADOOP_BUFFER_BYTES - (HADOOP_BUFFER_BYTES // 6 + 32)


@dataclass(frozen=True, slots=True)
class Compressed:
    """What is put: the body, its Content-Encoding (None: no such header) and the default extension, dot included."""

    body: bytes
    content_encoding: str | None
    extension: str


def compress(body: bytes, compression_format: CompressionFormat, *, entry_name: Callable[[], str]) -> Compressed:
    """Return the object for `body`.

    Args:
        body: the records as they are delivered, delimiters included.
        compression_format: the stream's, in AWS's spelling.
        entry_name: gives the name of a ZIP's single entry, a fresh random UUID on AWS; not called for other formats.
    """
    match compression_format:  # observed: floci-io/floci#2328, each row
        case "UNCOMPRESSED":
            return Compressed(body, None, "")
        case "GZIP":
            return Compressed(_gzip(body), "gzip", ".gz")
        case "ZIP":
            return Compressed(_zip(body, entry_name()), "zip", ".zip")
        case "Snappy":
            return Compressed(_xerial_snappy(body), "snappy-java", ".snappy")
        case "HADOOP_SNAPPY":
            # observed: .snappy, although documented as .hsnappy
            return Compressed(_hadoop_snappy(body), "hadoop-snappy", ".snappy")


def _gzip(body: bytes) -> bytes:
    deflater = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, wbits=31)  # 31: gzip framing, time of modification 0
    return deflater.compress(body) + deflater.flush()


def _zip(body: bytes, entry_name: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(entry_name), body, zipfile.ZIP_DEFLATED, GZIP_LEVEL)
    return target.getvalue()


def _xerial_snappy(body: bytes) -> bytes:
    pieces = [XERIAL_HEADER]
    for block in _blocks(body, XERIAL_BLOCK_BYTES):
        packed = _raw_snappy(block)
        pieces += [struct.pack(">i", len(packed)), packed]
    return b"".join(pieces)


def _hadoop_snappy(body: bytes) -> bytes:
    pieces = []
    for block in _blocks(body, HADOOP_BLOCK_BYTES):
        packed = _raw_snappy(block)
        pieces += [struct.pack(">ii", len(block), len(packed)), packed]
    return b"".join(pieces)


def _blocks(body: bytes, size: int) -> Iterator[memoryview]:
    view = memoryview(body)
    for start in range(0, len(body), size):
        yield view[start : start + size]


def _raw_snappy(block: memoryview) -> bytes:
    packed: bytes = pyarrow.compress(pyarrow.py_buffer(block), codec="snappy", asbytes=True)
    return packed
