from pathlib import Path

import pytest

from deployment.folders import TargetFolders
from deployment.stacks import STACKS
from deployment.workspace import (
    configure,
    copy_sources,
    forget_initialised,
    has_resources,
    is_initialised,
    mark_initialised,
)

STACK = STACKS["apache-logs"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "modules/bucket/main.tf": "# bucket",
        "modules/bucket/tests/rules.tftest.hcl": "run",
        "stacks/apache-logs/main.tf": "# stack",
        "stacks/apache-logs/aws.tfvars": 'bucket = "theirs"',
        "stacks/apache-logs/extra.auto.tfvars": 'tags = { team = "a" }',
        "stacks/apache-logs/.terraform/modules/old.tf": "# not ours",
    }
    for name, text in files.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "source"


def copied(folders: TargetFolders) -> dict[str, str]:
    return {
        path.relative_to(folders.terraform).as_posix(): path.read_text("utf-8")
        for path in folders.terraform.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("target", "own"),
    [
        pytest.param("local", {}, id="without-settings-of-its-own"),
        pytest.param("aws", {"stacks/apache-logs/aws.auto.tfvars": 'bucket = "theirs"'}, id="with-settings-of-its-own"),
    ],
)
def test_the_copy_has_the_code_and_the_settings_of_its_target(
    tmp_path: Path, source: Path, target: str, own: dict[str, str]
) -> None:
    folders = TargetFolders(tmp_path / "work", target)
    copy_sources(source, folders)
    assert copied(folders) == {
        "modules/bucket/main.tf": "# bucket",
        "stacks/apache-logs/main.tf": "# stack",
        "stacks/apache-logs/extra.auto.tfvars": 'tags = { team = "a" }',
        **own,
    }


def test_a_file_that_is_gone_from_the_source_goes_from_the_copy_and_state_stays(tmp_path: Path, source: Path) -> None:
    folders = TargetFolders(tmp_path / "work", "local")
    copy_sources(source, folders)
    folders.state("apache-logs").write_text("{}", "utf-8")
    (source / "modules" / "bucket" / "main.tf").unlink()
    copy_sources(source, folders)
    assert sorted(copied(folders)) == [
        "stacks/apache-logs/extra.auto.tfvars",
        "stacks/apache-logs/main.tf",
        "stacks/apache-logs/terraform.tfstate",
    ]


def test_the_backend_block_is_there_only_for_state_in_s3(tmp_path: Path) -> None:
    folders = TargetFolders(tmp_path, "aws")
    configure(folders, STACK, variables={"bucket": "b"}, backend={"bucket": "state"})
    block = folders.stack("apache-logs") / "backend.tf"
    assert block.read_text("utf-8") == 'terraform {\n  backend "s3" {}\n}\n'
    configure(folders, STACK, variables={"bucket": "b"}, backend=None)
    assert not block.exists()
    variables = folders.stack("apache-logs") / "00-deployment.auto.tfvars.json"
    assert (variables.read_text("utf-8"), variables.stat().st_mode & 0o777) == ('{\n  "bucket": "b"\n}\n', 0o600)


def test_init_is_asked_for_once_until_code_setting_or_provider_change(tmp_path: Path, source: Path) -> None:
    folders = TargetFolders(tmp_path / "work", "local")
    copy_sources(source, folders)
    binary = (
        folders.stack("apache-logs")
        / ".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64/terraform-provider-aws_v5"
    )
    binary.parent.mkdir(parents=True)
    binary.touch()
    assert not is_initialised(folders, STACK, "terraform 1.11.4")
    mark_initialised(folders, STACK, "terraform 1.11.4")
    assert is_initialised(folders, STACK, "terraform 1.11.4")
    assert not is_initialised(folders, STACK, "terraform 1.12.0")
    module = folders.terraform / "modules" / "bucket" / "main.tf"
    module.write_text("# changed", "utf-8")
    assert not is_initialised(folders, STACK, "terraform 1.11.4")
    mark_initialised(folders, STACK, "terraform 1.11.4")
    binary.unlink()
    assert not is_initialised(folders, STACK, "terraform 1.11.4")
    binary.touch()
    forget_initialised(folders, STACK)
    assert not is_initialised(folders, STACK, "terraform 1.11.4")


@pytest.mark.parametrize(
    ("text", "there"),
    [
        pytest.param(None, False, id="no-file"),
        pytest.param('{"resources": []}', False, id="all-destroyed"),
        pytest.param('{"resources": [{"type": "aws_s3_bucket"}]}', True, id="something-left"),
        pytest.param("{torn", True, id="unreadable-may-hold-something"),
    ],
)
def test_a_state_tells_whether_anything_is_left(tmp_path: Path, text: str | None, there: bool) -> None:
    path = tmp_path / "terraform.tfstate"
    if text is not None:
        path.write_text(text, "utf-8")
    assert has_resources(path) is there
