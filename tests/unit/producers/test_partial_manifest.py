import json
from pathlib import Path

import pytest

from producers.errors import ConfigError
from producers.partial_manifest import PartialManifest, keep_manifest_of_another_run


def partial(path: Path | None, *, records: int = 3, every: float = 60.0) -> PartialManifest:
    return PartialManifest(
        path, lambda: {"run_id": "run", "records": records, "in_progress": True}, every_seconds=every, now=100.0
    )


def test_manifest_is_due_every_so_often_while_something_happens(tmp_path: Path) -> None:
    written = partial(tmp_path / "m.json")
    assert not written.is_due(159.9, 3)
    assert not written.is_due(160.0, 0)
    assert written.is_due(160.0, 3)
    written.write(161.0, is_settled=True)
    assert json.loads((tmp_path / "m.json").read_text("utf-8"))["records"] == 3
    assert not written.is_due(220.9, 4)
    assert not written.is_due(221.0, 3)  # nothing new
    assert written.is_due(221.0, 4)


def test_records_still_in_hand_put_it_off_a_little(tmp_path: Path) -> None:
    written = partial(tmp_path / "m.json")
    written.write(170.0, is_settled=False)
    assert not (tmp_path / "m.json").exists()
    assert not written.is_due(179.9, 3)
    assert written.is_due(180.0, 3)


@pytest.mark.parametrize(("path", "every"), [(None, 60.0), (Path("m.json"), 0.0)], ids=["no-path", "never"])
def test_no_partial_manifest_is_wanted(path: Path | None, every: float) -> None:
    assert not partial(path, every=every).is_due(1e9, 3)


def test_manifest_that_cannot_be_written_warns_once_and_stops_nothing(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_bytes(b"")
    written = partial(tmp_path / "file" / "m.json")
    for now in (160.0, 220.0):
        assert written.is_due(now, 3)
        written.write(now, is_settled=True)
    warned = capsys.readouterr().err
    assert warned.count("producers: warning: manifest") == 1
    assert "give --manifest a path that can be written" in warned


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        pytest.param({"run_id": "old", "in_progress": True}, True, id="killed-run"),
        pytest.param({"run_id": "new", "in_progress": True}, False, id="own"),
        pytest.param({"run_id": "old", "in_progress": False}, False, id="run-that-ended"),
        pytest.param({"run_id": "old"}, False, id="older-version"),
        pytest.param([1], False, id="no-manifest"),
    ],
)
def test_what_a_killed_run_left_is_put_aside(found: object, kept: bool, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(found), "utf-8")
    keep_manifest_of_another_run(path, "new")
    assert sorted(each.name for each in tmp_path.iterdir()) == (["m.old.json"] if kept else ["m.json"])


def test_nothing_to_keep_is_fine(tmp_path: Path) -> None:
    keep_manifest_of_another_run(tmp_path / "m.json", "new")
    (tmp_path / "cut.json").write_text('{"run_id"', "utf-8")
    keep_manifest_of_another_run(tmp_path / "cut.json", "new")
    assert [each.name for each in tmp_path.iterdir()] == ["cut.json"]


def test_manifest_that_cannot_be_put_aside_is_named(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "m.json"
    path.write_text('{"run_id": "old", "in_progress": true}', "utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ConfigError, match="of the killed run old: Permission denied; move it away yourself"):
        keep_manifest_of_another_run(path, "new")
