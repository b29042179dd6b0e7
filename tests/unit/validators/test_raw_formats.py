"""Raw streams in every compression format: intact objects give no finding, another format's body is not readable."""

import gzip
import io
import zipfile
from dataclasses import replace

import cramjam
import pytest

from validators.decompression import CONTENT_ENCODINGS, EXTENSIONS
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.suite import Suite


def raw(data: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(data))


def sized(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def compress(name: str, body: bytes) -> bytes:
    match name:
        case "GZIP":
            return gzip.compress(body)
        case "ZIP":
            sink = io.BytesIO()
            with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("0b7b9c8e", body)
            return sink.getvalue()
        case "Snappy":
            return b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01" + sized(raw(body))
    return len(body).to_bytes(4, "big") + sized(raw(body))


def delivery(log_delivery: Evidence, name: str) -> Evidence:
    assert isinstance(log_delivery.bucket, MemoryBucket)
    assert log_delivery.stream is not None
    objects = {
        key + EXTENSIONS[name]: replace(
            stored, data=compress(name, stored.data), content_encoding=CONTENT_ENCODINGS[name]
        )
        for key, stored in log_delivery.bucket.objects.items()
    }
    stream = replace(log_delivery.stream, destination={**log_delivery.stream.destination, "CompressionFormat": name})
    return replace(
        log_delivery,
        bucket=MemoryBucket("logs", objects),
        stream=stream,
        declared=replace(log_delivery.declared, compression_format=name),
    )


@pytest.mark.parametrize("name", ["GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"])
def test_intact_compressed_delivery_has_no_finding(name: str, log_delivery: Evidence) -> None:
    verdict = Suite(delivery(log_delivery, name)).run()
    assert (list(verdict.findings), verdict.numbers.delivered) == ([], 300)


def test_body_of_another_format_is_not_readable(log_delivery: Evidence) -> None:
    evidence = delivery(log_delivery, "GZIP")
    assert isinstance(evidence.bucket, MemoryBucket)
    first = min(evidence.bucket.objects)
    plain = evidence.bucket.objects[first].with_data(b"plain\n")
    verdict = Suite(replace(evidence, bucket=evidence.bucket.changed({first: plain}))).run()
    assert {result.check for result in verdict.results if result.findings} == {"object.readable", "completeness.lost"}


def test_file_extension_replaces_that_of_the_format(log_delivery: Evidence) -> None:
    evidence = delivery(log_delivery, "GZIP")
    assert isinstance(evidence.bucket, MemoryBucket)
    assert evidence.stream is not None
    renamed = {key.removesuffix(".gz") + ".custom.log": stored for key, stored in evidence.bucket.objects.items()}
    destination = {**evidence.stream.destination, "FileExtension": ".custom.log"}
    verdict = Suite(
        replace(
            evidence, bucket=MemoryBucket("logs", renamed), stream=replace(evidence.stream, destination=destination)
        )
    ).run()
    assert {finding.check for finding in verdict.findings} == {"configuration.rest"}
