"""Undo what CompressionFormat does to the body of a delivered object, format by format.

Pure. Firehose's Snappy is the snappy-java stream and its HADOOP_SNAPPY is Hadoop's block framing; neither is Google's frame format.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
"""

import gzip
import io
import zipfile
import zlib

import cramjam

_XERIAL_MAGIC = b"\x82SNAPPY\x00"

# documented: the extension of an object name follows its format; observed: HADOOP_SNAPPY objects end in .snappy
EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz", "ZIP": ".zip", "Snappy": ".snappy", "HADOOP_SNAPPY": ".snappy"}
# observed: headers of real objects
CONTENT_ENCODINGS = {
    "UNCOMPRESSED": "",
    "GZIP": "gzip",
    "ZIP": "zip",
    "Snappy": "snappy-java",
    "HADOOP_SNAPPY": "hadoop-snappy",
}


class BodyError(ValueError):
    """A body that its format cannot have written."""


def decompress(body: bytes, compression_format: str) -> bytes:
    """Return the records of a body, concatenated.

    Raises:
        BodyError: the body is not of this format, or is cut short.
    """
    try:
        match compression_format:
            case "GZIP":
                return gzip.decompress(body)
            case "ZIP":
                return _unzip(body)
            case "Snappy":
                return _snappy_java(body)
            case "HADOOP_SNAPPY":
                return _hadoop_snappy(body)
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, cramjam.DecompressionError) as exc:
        raise BodyError(f"not {compression_format}: {exc}") from exc
    return body


def _unzip(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        entries = archive.namelist()
        if len(entries) != 1:
            raise BodyError(f"{len(entries)} entries, where Firehose writes one")
        return archive.read(entries[0])


def _snappy_java(body: bytes) -> bytes:
    """Read magic, two version numbers, then blocks of (length, compressed bytes)."""
    if not body.startswith(_XERIAL_MAGIC):
        raise BodyError(f"the first bytes are {body[:8]!r}, not {_XERIAL_MAGIC!r}")
    blocks, position = [], 16
    while position < len(body):
        block, position = _block(body, position)
        blocks.append(bytes(cramjam.snappy.decompress_raw(block)))
    return b"".join(blocks)


def _hadoop_snappy(body: bytes) -> bytes:
    """Read blocks of (uncompressed length, then chunks of (length, compressed bytes) until that length is reached)."""
    chunks, position = [], 0
    while position < len(body):
        wanted = int.from_bytes(body[position : position + 4], "big")
        position += 4
        while wanted > 0:
            block, position = _block(body, position)
            chunk = bytes(cramjam.snappy.decompress_raw(block))
            wanted -= len(chunk)
            chunks.append(chunk)
        if wanted < 0:
            raise BodyError("a block holds more than it announces")
    return b"".join(chunks)


def _block(body: bytes, position: int) -> tuple[bytes, int]:
    length = int.from_bytes(body[position : position + 4], "big")
    end = position + 4 + length
    if length == 0 or end > len(body):
        raise BodyError(f"a block of {length} bytes at byte {position} of {len(body)}")
    return body[position + 4 : end], end
