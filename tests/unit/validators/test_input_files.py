import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from validators.errors import InputFileError
from validators.manifests import manifest_files, read_manifest
from validators.stack_outputs import read_outputs


def test_outputs_and_manifest_that_follow_their_schemas_are_read(tmp_path: Path, made: SimpleNamespace) -> None:
    (tmp_path / "o.json").write_text(json.dumps(made.outputs()))
    (tmp_path / "m.json").write_text(json.dumps(made.manifest(partition_digests={"a": "7"})))
    declared, manifest = read_outputs(tmp_path / "o.json"), read_manifest(tmp_path / "m.json")
    assert (declared.stream_name, declared.partitioning.keys if declared.partitioning else None) == (
        "SI-Firehose",
        made.keys,
    )
    assert (manifest.run_id, manifest.partition_digests) == ("run-7", {"a": 7})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(None, r"m\.json: cannot be read \(No such file or directory\); name the file", id="missing"),
        pytest.param("{", r"m\.json: is not JSON", id="not-json"),
        pytest.param("{}", r"m\.json: does not follow the manifest schema at \$", id="empty"),
        pytest.param('{"manifest_version": 2}', "does not follow the manifest schema", id="other-version"),
    ],
)
def test_manifest_that_cannot_be_read_says_why(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "m.json").write_text(text)
    with pytest.raises(InputFileError, match=message):
        read_manifest(tmp_path / "m.json")


def test_folder_names_all_its_manifests(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="holds no manifest"):
        manifest_files(tmp_path)
    for name in ("b.json", "a.json", "c.txt"):
        (tmp_path / name).write_text("{}")
    assert manifest_files(tmp_path) == [tmp_path / "a.json", tmp_path / "b.json"]
    assert manifest_files(tmp_path / "c.txt") == [tmp_path / "c.txt"]
