from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from firehose_spec import digest
from validators.manifests import manifest_of
from validators.raw_lines import difference, line_hashes, sent_lines, split_records, total

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d"]), max_size=30)


@given(st.lists(st.binary(max_size=6), max_size=20))
def test_total_is_the_digest(items: list[bytes]) -> None:
    assert total(line_hashes(items)) == digest.digest(items)


@given(LINES, LINES)
def test_difference_is_that_of_multisets(sent: list[bytes], delivered: list[bytes]) -> None:
    a, b = Counter(sent), Counter(delivered)
    found = difference(line_hashes(sent), line_hashes(delivered))
    assert (found.lost, found.duplicated, found.invented) == (
        (a - b).total(),
        sum(count for line, count in (b - a).items() if line in a),
        sum(count for line, count in (b - a).items() if line not in a),
    )


@given(st.binary(max_size=60))
def test_records_are_cut_at_newlines_and_nothing_is_lost(body: bytes) -> None:
    records = split_records(body)
    assert b"".join(records) == body
    assert all(record.endswith(b"\n") for record in records[:-1])
    assert all(b"\n" not in record[:-1] for record in records)


def test_accepted_lines_are_read_again_from_their_ranges(tmp_path: Path, made: SimpleNamespace) -> None:
    first, second = tmp_path / "a.log", tmp_path / "b.log"
    first.write_bytes(b"skipped\none\ntwo\nnot sent\n")
    second.write_bytes(b"three\nfour\n")
    sources = [
        {"path": str(first), "first_byte": 8, "end_byte": 16},
        {"path": str(second), "first_byte": 0, "end_byte": 11},
    ]
    value = made.manifest(
        accepted_sequences=[[0, 0], [2, 3]],
        sources=[{**source, "device": 0, "inode": 0, "lines": 2, "digest": "0"} for source in sources],
    )
    assert list(sent_lines(manifest_of(value, "m.json")) or ()) == [b"one\n", b"three\n", b"four\n"]
    second.unlink()
    assert sent_lines(manifest_of(value, "m.json")) is None


def test_a_truncated_log_cannot_be_read_again(tmp_path: Path, made: SimpleNamespace) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n")
    source = {"path": str(log), "first_byte": 0, "end_byte": 40, "device": 0, "inode": 0, "lines": 9, "digest": "0"}
    assert sent_lines(manifest_of(made.manifest(sources=[source]), "m.json")) is None
