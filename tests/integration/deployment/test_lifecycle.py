"""A target that asks first: what is shown, what is dropped on a no, and that only own buckets are let go. Terraform is a stand-in."""

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployment.console import Console
from deployment.deployer import Deployer, TerraformSettings
from deployment.errors import RefusedError
from deployment.folders import TargetFolders
from deployment.lifecycle import Lifecycle
from deployment.stacks import Stack, selected
from deployment.target_record import TargetRecord, read_record, write_record

STACKS = selected("apache-logs")


class AskingTarget:
    """A target that wants a yes before anything changes."""

    name, flushes, confirms, afresh = "aws", False, True, ""

    def __init__(self, folders: TargetFolders, environ: Mapping[str, str], *, agrees: bool) -> None:
        self.folders, self._environ, self._agrees = folders, environ, agrees
        self.asked: list[tuple[str, str]] = []

    def start(self) -> TargetRecord:
        record = read_record(self.folders.record, "aws")
        if not record.account_id:
            record = TargetRecord("aws", "123456789012")
            write_record(self.folders.record, record)
        return record

    resume = reach = start

    def stop(self) -> tuple[str, ...]:
        return ()

    def environment(self, record: TargetRecord) -> dict[str, str]:
        return dict(self._environ)

    def variables(self, stack: Stack) -> Mapping[str, Any]:
        return {}

    def backend(self, stack: Stack) -> None:
        return None

    def confirm(self, doing: str, stacks: Sequence[Stack], shown: str) -> None:
        self.asked.append((doing, shown))
        if not self._agrees:
            raise RefusedError("Not confirmed; nothing was changed.")


class World:
    def __init__(self, tmp_path: Path) -> None:
        self.bin, self.folders = tmp_path / "bin", TargetFolders(tmp_path / "work", "aws")
        self.bin.mkdir()
        binary = self.bin / "terraform"
        script = (Path(__file__).parent / "fake_terraform.py").read_text("utf-8")
        binary.write_text(f"#!{sys.executable}\n{script}", "utf-8")
        binary.chmod(0o755)
        self.environ = {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}
        self.home = tmp_path

    def lifecycle(self, *, agrees: bool) -> tuple[Lifecycle, AskingTarget]:
        target = AskingTarget(self.folders, self.environ, agrees=agrees)
        source = Path(__file__).resolve().parents[3] / "terraform"
        console = Console(io.StringIO(), monotonic=lambda: 0.0)
        settings = TerraformSettings(source, self.environ, self.home, target.variables, target.backend)
        return Lifecycle(
            target, Deployer(self.folders, settings, console), console, now=lambda: datetime(2026, 11, 22, tzinfo=UTC)
        ), target

    def calls(self) -> list[str]:
        return [
            line.split()[1] for line in (self.bin / "calls").read_text("utf-8").splitlines() if "version" not in line
        ]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_yes_carries_out_the_plan_that_was_shown(world: World) -> None:
    lifecycle, target = world.lifecycle(agrees=True)
    lifecycle.deploy(STACKS)
    assert target.asked == [("Deploy", "# apache-logs: create\n")]
    assert world.calls() == ["init", "plan", "show", "apply", "output"]
    assert list(read_record(world.folders.record, "aws").stacks) == ["apache-logs"]


def test_a_no_applies_nothing_and_keeps_no_plan(world: World) -> None:
    lifecycle, _ = world.lifecycle(agrees=False)
    with pytest.raises(RefusedError, match="Not confirmed"):
        lifecycle.deploy(STACKS)
    assert world.calls() == ["init", "plan", "show"]
    assert list(world.folders.base.rglob("*.tfplan")) == []


def test_nothing_to_do_asks_nothing(world: World) -> None:
    world.lifecycle(agrees=True)[0].deploy(STACKS)
    lifecycle, target = world.lifecycle(agrees=False)
    lifecycle.deploy(STACKS)
    assert target.asked == []


def test_destroying_asks_first_and_then_lets_the_bucket_go_with_its_objects(world: World) -> None:
    world.lifecycle(agrees=True)[0].deploy(STACKS)
    manifest = world.folders.runs("apache-logs") / "one.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}", "utf-8")
    (world.bin / "calls").unlink()
    refusing, _ = world.lifecycle(agrees=False)
    with pytest.raises(RefusedError, match="Not confirmed"):
        refusing.destroy(STACKS)
    variables = world.folders.stack("apache-logs") / "00-deployment.auto.tfvars.json"
    assert (world.calls(), json.loads(variables.read_text("utf-8"))) == (["plan", "show"], {})
    lifecycle, target = world.lifecycle(agrees=True)
    lifecycle.destroy(STACKS)
    assert target.asked == [("Destroy", "# apache-logs: delete\n")]
    assert world.calls() == ["plan", "show", "plan", "show", "plan", "plan", "apply", "output"]
    assert json.loads(variables.read_text("utf-8")) == {"force_destroy": True}
    assert read_record(world.folders.record, "aws").stacks == {}
    assert not manifest.exists()
    assert [
        path.relative_to(world.folders.base).as_posix() for path in (world.folders.base / "parked").rglob("one.json")
    ] == ["parked/aws-until-20261122T000000/runs/apache-logs/one.json"]
