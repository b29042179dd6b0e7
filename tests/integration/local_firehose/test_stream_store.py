import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from local_firehose.errors import StateFolderError
from local_firehose.stream_config import StreamId
from local_firehose.stream_record import StreamRecord
from local_firehose.stream_store import StreamStore


def record(name: str, **changes: object) -> StreamRecord:
    return StreamRecord(
        **{
            "account_id": "123456789012",
            "region": "eu-west-1",
            "name": name,
            "incarnation": "i",
            "type": "DirectPut",
            "version": 1,
            "status": "ACTIVE",
            "created_at_ms": 1,
            "destination": {"Prefix": "größe/"},
            "encryption": {"Status": "DISABLED"},
            "tags": {"a": "1", "b": None},
            **changes,
        }
    )


def test_streams_survive(tmp_path: Path) -> None:
    store = StreamStore(tmp_path)
    store.save(record("b"))
    store.save(record("a"))
    store.save(record("b", version=2))
    store.save(record("gone"))
    store.delete(StreamId("123456789012", "eu-west-1", "gone"))
    store.delete(StreamId("123456789012", "eu-west-1", "never there"))
    # no close: as after kill -9
    again = StreamStore(tmp_path)
    assert again.load() == [record("a"), record("b", version=2)]
    store.close()
    again.close()


def test_file_of_another_layout_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "streams.sqlite")
    connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(StateFolderError, match=r"has layout 7, this version reads 1; choose another --state-dir$"):
        StreamStore(tmp_path)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "streams.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(
        StateFolderError, match=r"cannot be used \(file is not a database\); choose another --state-dir$"
    ):
        StreamStore(tmp_path)


@pytest.mark.parametrize(
    "document", [pytest.param('{"unknown": 1}', id="of-another-version"), pytest.param("{", id="damaged")]
)
def test_stream_that_cannot_be_read_is_named(tmp_path: Path, document: str) -> None:
    StreamStore(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "streams.sqlite")) as connection:
        connection.execute("INSERT INTO streams VALUES ('1', 'r', 'odd', ?)", (document,))
        connection.commit()
    with (
        closing(StreamStore(tmp_path)) as store,
        pytest.raises(StateFolderError, match=r"holds the stream odd in a form that this version cannot read \("),
    ):
        store.load()


def test_folder_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateFolderError, match=r"cannot be opened \(unable to open database file\)"):
        StreamStore(tmp_path / "missing")
