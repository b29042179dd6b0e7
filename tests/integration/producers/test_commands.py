"""The command line against a scripted Firehose: records, manifest, exit code, words."""

import bz2
import gzip
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import zstandard

from firehose_spec.digest import digest, row_item
from firehose_spec.schemas import load
from producers.dead_letter import read_dead_letters
from producers.store_inventory import COLUMNS

ROOT = Path(__file__).resolve().parents[3]
STORE = ("store-inventory", "--stream", "events", "--run-id", "run", "--start", "2026-11-21T00:00:00Z", "--seed", 7)


def manifest(path: Path) -> dict[str, Any]:
    document = json.loads(path.read_text("utf-8"))
    jsonschema.Draft202012Validator(load("manifest"), format_checker=jsonschema.FormatChecker()).validate(document)
    return dict(document)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with all that a line may be: not UTF-8, empty, with a carriage return, without a newline at the end."""
    path = tmp_path / "access.log"
    lines = [
        b'::1 - - [21/Nov/2026:08:00:01 +0800] "GET / HTTP/1.1" 200 5\n',
        b"\xff\xfe not UTF-8 \x00\x0b\x0c\n",
        b"\n",
        b"carriage return\r\n",
        b"lone \r inside\n",
        *(
            f'10.0.0.{n % 250} - - [21/Nov/2026:00:00:02 +0000] "GET /{n} HTTP/1.1" 200 5\n'.encode()
            for n in range(2000)
        ),
        b'::1 - - [22/Nov/2026:00:00:03 +0000] "GET /last HTTP/1.1" 200 5',
    ]
    path.write_bytes(b"".join(lines))
    return path


def test_store_events_arrive_and_the_manifest_tells_them(firehose, producer, tmp_path) -> None:
    exit_code, out, err = producer(*STORE, "--records", 3000, "--bad-share", 0.01, "--manifest", "run/manifest.json")
    assert (exit_code, out) == (0, "")
    assert "events: 3,000 of 3,000 records accepted" in err
    said = manifest(tmp_path / "run" / "manifest.json")
    records = firehose.records
    by_hash = {hashlib.sha256(record).hexdigest(): record for record in records}
    bad = {entry["sha256"]: entry for entry in said["expected_quarantine"]}
    assert len(by_hash) == len(records) == 3000
    assert len(bad) == 30
    assert bad.keys() <= by_hash.keys()
    assert Counter(entry["kind"] for entry in bad.values()) == dict.fromkeys(
        ("not-json", "truncated-json", "missing-store-id", "null-store-id", "empty-store-id", "wrong-type"), 5
    )
    good = [json.loads(record) for sha256, record in by_hash.items() if sha256 not in bad]
    assert said["digest"] == {
        "algorithm": "md5-64-sum",
        "over": "columns",
        "columns": list(COLUMNS),
        "items": 2970,
        "value": str(digest(row_item([event[column] for column in COLUMNS]) for event in good)),
    }
    assert said["partitions"] == Counter(
        f"store_id={event['store_id']}/{datetime.fromtimestamp(event['event_timestamp'], UTC):%Y/%m/%d/%H}"
        for event in good
    )
    sizes = sum(map(len, records))
    assert said["bytes"] == {"submitted": sizes, "accepted": sizes, "billed": 3000 * 5120}
    assert {key: said[key] for key in ("run_id", "pipeline", "stream", "region", "complete", "records", "accepted",
                                       "given_up", "accepted_sequences", "dead_letter", "events_per_record",
                                       "first_event_at", "last_event_at", "sources")} == {
        "run_id": "run", "pipeline": "store-inventory", "stream": "events", "region": "ap-southeast-1",
        "complete": True, "records": 3000, "accepted": 3000, "given_up": 0, "accepted_sequences": [[0, 2999]],
        "dead_letter": None, "events_per_record": 1, "first_event_at": "2026-11-21T00:00:00.000Z",
        "last_event_at": "2026-11-21T23:59:31.000Z", "sources": [],
    }  # fmt: skip
    assert said["generator"] == {
        "seed": 7, "start": "2026-11-21T00:00:00.000Z", "stores": 20, "hours": 24, "bad_share": 0.01}  # fmt: skip


def test_same_arguments_send_the_same_bytes(firehose, producer) -> None:
    arguments = (*STORE, "--records", 700, "--bad", "wrong-type=3", "--connections", 1, "--quiet")
    producer(*arguments)
    first = firehose.records
    firehose.script()
    producer(*arguments)
    assert firehose.records == first


def test_manifest_leaves_out_what_was_given_up(firehose, producer, tmp_path) -> None:
    firehose.script(entry=0.3, seed=5)
    exit_code, _, err = producer(
        *STORE, "--records", 2000, "--bad-share", 0.05, "--retry-seconds", 0, "--manifest", "m.json"
    )
    assert exit_code == 1
    said = manifest(tmp_path / "m.json")
    records = firehose.records
    letters = [json.loads(line) for line in (tmp_path / "m.dead-letter.ndjson").read_text("utf-8").splitlines()]
    assert said["accepted"] == len(records) == len(set(records))
    assert said["given_up"] == len(letters) == 2000 - len(records) > 300
    assert said["dead_letter"] == "m.dead-letter.ndjson"
    assert f"{said['given_up']:,} given up: see m.dead-letter.ndjson" in err
    bad = {entry["sha256"] for entry in said["expected_quarantine"]}
    sent_bad = {hashlib.sha256(record).hexdigest() for record in records} & bad
    assert sent_bad == bad
    good = [json.loads(record) for record in records if hashlib.sha256(record).hexdigest() not in bad]
    assert said["digest"]["value"] == str(digest(row_item([event[column] for column in COLUMNS]) for event in good))
    assert said["digest"]["items"] == len(good) == sum(said["partitions"].values())
    numbers = {number for low, high in said["accepted_sequences"] for number in range(low, high + 1)}
    assert numbers == set(range(2000)) - {letter["sequence"] for letter in letters}


def test_aggregated_events_are_told_event_by_event(firehose, producer, tmp_path) -> None:
    firehose.script("fail:1")
    exit_code, _, err = producer(*STORE, "--records", 1000, "--bad", "not-json=4", "--aggregate", "--retry-seconds", 0,
                                 "--manifest", "m.json")  # fmt: skip
    assert exit_code == 1
    said = manifest(tmp_path / "m.json")
    records = firehose.records
    bad = {entry["sha256"] for entry in said["expected_quarantine"]}
    packed = [record.split(b"\n") for record in records if hashlib.sha256(record).hexdigest() not in bad]
    events = [json.loads(event) for record in packed for event in record]
    assert max(map(len, records)) <= 5120
    assert said["events_per_record"] == max(map(len, packed)) > 10
    assert said["records"] == len(records) + 1
    assert said["digest"]["items"] == len(events)
    assert said["digest"]["value"] == str(digest(row_item([event[column] for column in COLUMNS]) for event in events))
    numbers = [number for low, high in said["accepted_sequences"] for number in range(low, high + 1)]
    good = {int(event["event_id"].removeprefix("run-")) for event in events}
    assert good <= set(numbers)
    assert len(numbers) == len(good) + 4
    assert "aggregation bills" in err


def test_log_lines_arrive_byte_for_byte(firehose, producer, tmp_path, log) -> None:
    (tmp_path / "config.json").write_text('{"stream_name": "lines", "region": "us-east-2", "log_file": "access.log"}')
    exit_code, out, _ = producer("apache-logs", "--config", "config.json", "--region", "us-east-2", "--connections", 1,
                                   "--manifest", "m.json")  # fmt: skip
    assert (exit_code, out) == (0, "")
    assert b"".join(firehose.records) == log.read_bytes()
    assert len(firehose.records) == 2006
    said = manifest(tmp_path / "m.json")
    lines = log.read_bytes().splitlines(keepends=True)  # splits at the lone carriage return too
    status = log.stat()
    value = str(digest(firehose.records))
    assert said["sources"] == [{"path": "access.log", "device": status.st_dev, "inode": status.st_ino, "first_byte": 0,
                                "end_byte": len(log.read_bytes()), "lines": 2006, "digest": value}]  # fmt: skip
    assert said["digest"] == {"algorithm": "md5-64-sum", "over": "bytes", "columns": [], "items": 2006, "value": value}
    assert (said["region"], said["stream"], said["pipeline"]) == ("us-east-2", "lines", "apache-logs")
    assert (said["first_event_at"], said["last_event_at"]) == ("2026-11-21T00:00:01.000Z", "2026-11-22T00:00:03.000Z")
    assert len(lines) == 2007


@pytest.mark.parametrize(
    "compress",
    [
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]), id="gzip-of-two-members"),
        pytest.param(bz2.compress, id="bz2"),
        pytest.param(zstandard.compress, id="zstd"),
        pytest.param(
            lambda data: zstandard.compress(data[:999]) + zstandard.compress(data[999:]), id="zstd-of-two-frames"
        ),
    ],
)
def test_compressed_log_is_read_by_content_not_by_name(firehose, producer, tmp_path, log, compress) -> None:
    (tmp_path / "old.log").write_bytes(compress(log.read_bytes()))
    assert producer("apache-logs", "--stream", "lines", "--log-file", "old.log", "--connections", 1)[0] == 0
    assert b"".join(firehose.records) == log.read_bytes()


def test_damaged_compressed_log_is_named(producer, tmp_path, log) -> None:
    (tmp_path / "bad.gz").write_bytes(gzip.compress(log.read_bytes())[:-500])
    exit_code, _, err = producer("apache-logs", "--stream", "lines", "--log-file", "bad.gz")
    assert exit_code == 2
    assert "log file bad.gz: Compressed file ended before the end-of-stream marker was reached" in err
    assert "Traceback" not in err


def test_several_files_and_globs_are_sent_one_after_the_other(firehose, producer, tmp_path) -> None:
    for name in ("b.log", "a.log", "c.txt"):
        (tmp_path / name).write_text(f"{name}\n")
    producer("apache-logs", "--stream", "lines", "--log-file", "c.txt", "--log-file", "*.log", "--log-file", "a.log",
             "--connections", 1)  # fmt: skip
    assert firehose.records == [b"c.txt\n", b"a.log\n", b"b.log\n"]


def test_line_over_the_limit_goes_to_the_dead_letter_file_whole(firehose, producer, tmp_path) -> None:
    long = b"x" * 1_024_000 + b"\n"
    (tmp_path / "long.log").write_bytes(b"before\n" + long + b"after\n")
    exit_code, _, err = producer("apache-logs", "--stream", "lines", "--log-file", "long.log", "--manifest", "m.json")
    assert exit_code == 1
    assert sorted(firehose.records) == [b"after\n", b"before\n"]
    said = manifest(tmp_path / "m.json")
    assert (said["accepted_sequences"], said["given_up"]) == ([[0, 0], [2, 2]], 1)
    assert said["sources"][0]["lines"] == 3
    assert said["digest"]["value"] == str(digest([b"before\n", b"after\n"]))
    exit_code, _, err = producer("replay", "m.dead-letter.ndjson")
    assert exit_code == 1
    assert "1 records remain" in err


def test_lines_as_json(firehose, producer, log) -> None:
    producer("apache-logs", "--stream", "lines", "--log-file", "access.log", "--json", "--connections", 1)
    events = [json.loads(record) for record in firehose.records]
    assert events[0] == {"remote_host": "::1", "remote_logname": None, "remote_user": None, "request_line": "GET / HTTP/1.1",
                         "final_status": 200, "bytes_sent": 5, "request_time": "2026-11-21T00:00:01.000Z",
                         "method": "GET", "path": "/", "protocol": "HTTP/1.1"}  # fmt: skip
    assert events[1] == {"unparsed": "\\xff\\xfe not UTF-8 \x00\x0b\x0c"}


def test_replay_sends_the_dead_letters_again_and_removes_the_file(firehose, producer, tmp_path) -> None:
    firehose.script(*["refuse:AccessDeniedException"] * 9)
    exit_code, _, err = producer(*STORE, "--records", 900, "--dead-letter", "dead.ndjson", "--connections", 1)
    assert exit_code == 2
    assert "stream events: AccessDeniedException: scripted refuse. The caller needs firehose:PutRecordBatch" in err
    firehose.script("ok", "refuse:AccessDeniedException")
    exit_code, _, err = producer("replay", "dead.ndjson", "--connections", 1)
    assert exit_code == 2
    assert "dead.ndjson: 400 records remain" in err
    first = firehose.records
    firehose.script()
    exit_code, _, err = producer("replay", "dead.ndjson", "--connections", 1)
    assert exit_code == 0
    assert "dead.ndjson: all accepted, the file is removed" in err
    assert not (tmp_path / "dead.ndjson").exists()
    sent = [*first, *firehose.records]
    assert [json.loads(record)["event_id"] for record in sent] == [f"run-{number}" for number in range(900)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stopped_run_flushes_and_tells_the_truth(firehose, start_producer, tmp_path, number) -> None:
    process = start_producer(*STORE, "--records", 1_000_000, "--rate", 5000, "--manifest", "m.json")
    deadline = time.monotonic() + 20
    while firehose.summary["stored"] < 1000 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    said = manifest(tmp_path / "m.json")
    records = firehose.records
    assert said["complete"] is False
    assert said["records"] == said["accepted"] == len(records) == len(set(records))
    assert said["accepted_sequences"] == [[0, len(records) - 1]]
    assert said["digest"]["value"] == str(digest(row_item(list(json.loads(record).values())) for record in records))


def test_stopped_run_gives_up_what_it_cannot_send_in_its_grace_time(firehose, start_producer, tmp_path) -> None:
    firehose.script(throttle=1.0)
    process = start_producer(*STORE, "--records", 100_000, "--manifest", "m.json", "--grace-seconds", 0.3)
    deadline = time.monotonic() + 20
    while firehose.summary["calls"] < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    process.communicate(timeout=30)
    said = manifest(tmp_path / "m.json")
    assert process.returncode == 143
    assert (said["accepted"], said["accepted_sequences"], said["digest"]["value"], said["partitions"]) == (
        0,
        [],
        "0",
        {},
    )
    assert said["records"] == said["given_up"] > 0
    letters = (tmp_path / "m.dead-letter.ndjson").read_text("utf-8").splitlines()
    assert len(letters) == said["given_up"]


def test_eight_producers_to_one_stream(firehose, start_producer, tmp_path) -> None:
    processes = [
        start_producer(
            "store-inventory",
            "--stream",
            "events",
            "--records",
            4000,
            "--run-id",
            f"run{number}",
            "--manifest",
            f"{number}.json",
            "--connections",
            2,
            "--quiet",
        )
        for number in range(8)
    ]
    assert [process.wait(60) for process in processes] == [0] * 8
    assert [manifest(tmp_path / f"{number}.json")["accepted"] for number in range(8)] == [4000] * 8
    ids = [json.loads(record)["event_id"] for record in firehose.records]
    assert sorted(ids) == sorted(f"run{run}-{number}" for run in range(8) for number in range(4000))


def test_dry_run_prints_the_first_batch_and_sends_nothing(firehose, producer) -> None:
    exit_code, out, _ = producer(*STORE, "--records", 1200, "--dry-run")
    assert exit_code == 0
    assert [json.loads(line)["event_id"] for line in out.splitlines()] == [f"run-{number}" for number in range(500)]
    assert firehose.summary["calls"] == 0


def test_progress_without_a_terminal_is_one_json_line_every_few_seconds(firehose, producer, monkeypatch) -> None:
    monkeypatch.setattr("producers.progress._LINE_SECONDS", 0.5)
    exit_code, _, err = producer(*STORE, "--records", 1500, "--rate", 1000)
    assert exit_code == 0
    line = json.loads(err.splitlines()[0])
    assert line["event"] == "progress"
    assert 0 < line["accepted"] < 1500
    assert line["records_per_second"] > 300


def test_sample_log_is_the_same_for_the_same_seed(producer, tmp_path) -> None:
    arguments = ("sample-log", "--lines", 500, "--seed", 3, "--start", "2026-11-22")
    assert producer(*arguments, "--out", "a.log")[0] == 0
    assert producer(*arguments, "--out", "-")[1] == (tmp_path / "a.log").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("apache-logs",), "no delivery stream: give --stream, or stream in config.json", id="no-stream"),
        pytest.param(("apache-logs", "--stream", "s"), "no log file: give --log-file", id="no-log-file"),
        pytest.param(
            ("apache-logs", "--stream", "s", "--log-file", "x"), "log file x: there is no such file", id="no-file"
        ),
        pytest.param(
            ("apache-logs", "--stream", "s", "--log-file", "x*"), "the pattern matches no file", id="no-match"
        ),
        pytest.param(("apache-logs", "--config", "none.json"), "none.json: No such file or directory", id="no-config"),
        pytest.param(("replay", "none"), "dead-letter file none: there is no such file", id="nothing-to-replay"),
        pytest.param((*STORE, "--records", 1, "--bad", "x=1"), "no such kind; there are not-json", id="unknown-kind"),
        pytest.param(
            (*STORE, "--records", 1, "--manifest", "access.log/m.json"), "--manifest access.log/m.json", id="manifest"
        ),
        pytest.param(
            (*STORE, "--records", 1, "--profile", "nobody"), "profile (nobody) could not be found", id="profile"
        ),
    ],
)
def test_mistake_is_answered_in_one_line(producer, tmp_path, arguments, message) -> None:
    (tmp_path / "access.log").touch()
    exit_code, out, err = producer(*arguments)
    assert (exit_code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_disk_that_is_full_for_dead_letters_is_told_in_one_line(firehose, producer, tmp_path) -> None:
    firehose.script("fail:0")
    code, _, err = producer(*STORE, "--records", 10, "--retry-seconds", 0, "--dead-letter", "/dev/full", "--quiet")
    assert code == 2
    assert err == (
        "producers: dead-letter file /dev/full: No space left on device; the run stops here, without a manifest of its end. "
        "Make room, or give --dead-letter another place, and run again\n"
    )


def test_full_disk_leaves_no_cut_line(tmp_path) -> None:
    path = tmp_path / "dead.ndjson"
    code = (
        "import resource, signal, sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from producers.dead_letter import DeadLetterFile; from producers.errors import DeadLetterError\n"
        "from producers.outbox import GivenUp\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with DeadLetterFile(Path(sys.argv[1]), stream='s', region='r', run_id='i', now=lambda: datetime.now(UTC)) as file:\n"
        "    file.write([GivenUp(0, b'x' * 99, 'c', 'm', 1)])\n"
        "    try: file.write([GivenUp(1, b'y' * 999, 'c', 'm', 1)])\n"
        "    except DeadLetterError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], env={"PYTHONPATH": str(ROOT)}, text=True,
                          capture_output=True, check=True)  # fmt: skip
    assert "File too large; the run stops here" in done.stdout
    assert [letter.data for letter in read_dead_letters(path)] == [b"x" * 99]


def test_manifest_that_would_replace_a_device_is_refused(firehose, producer) -> None:
    code, _, err = producer(*STORE, "--records", 10, "--manifest", "/dev/null")
    assert (code, err) == (
        2,
        "producers: --manifest /dev/null: is no file; give a path of a file that can be written\n",
    )
    assert firehose.summary["calls"] == 0
