"""The adapter on the real binary, and each trap of python-terraform that it steers around."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from python_terraform import IsFlagged, Terraform

from deployment.environment import aws_settings
from deployment.errors import TerraformCommandError, TerraformNotFoundError, TerraformTooOldError
from deployment.local_clients import local_client
from deployment.plan import Event, Progress, ResourceChange
from deployment.terraform import TerraformAdapter


@pytest.fixture
def adapter(root_module: Path, environment: dict[str, str]) -> TerraformAdapter:
    adapter = TerraformAdapter(root_module, environment=environment)
    adapter.init()
    return adapter


def fake_terraform(folder: Path, script: str) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    binary = folder / "terraform"
    binary.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    binary.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def test_plan_apply_and_a_second_plan_that_is_empty(adapter: TerraformAdapter, tmp_path: Path) -> None:
    plan = adapter.plan(tmp_path / "plan")
    assert plan.changes == (ResourceChange("terraform_data.this", "terraform_data", "create"),)
    assert plan.output_changes == ("word",)
    adapter.apply(plan)
    assert adapter.outputs() == {"word": "first"}
    assert adapter.plan(tmp_path / "plan").is_empty


def test_destroying_is_applying_a_destroy_plan(adapter: TerraformAdapter, tmp_path: Path) -> None:
    adapter.apply(adapter.plan(tmp_path / "plan"))
    plan = adapter.plan(tmp_path / "plan", destroy=True)
    assert plan.changes == (ResourceChange("terraform_data.this", "terraform_data", "delete"),)
    adapter.apply(plan)
    assert adapter.outputs() == {}
    assert json.loads((Path(tmp_path) / "module" / "terraform.tfstate").read_text("utf-8"))["resources"] == []


def test_outputs_are_empty_before_the_first_apply(adapter: TerraformAdapter) -> None:
    assert adapter.outputs() == {}


def test_a_failed_plan_raises_with_terraforms_own_words(
    adapter: TerraformAdapter, root_module: Path, tmp_path: Path
) -> None:
    (root_module / "broken.tf").write_text('resource "terraform_data" "other" {\n  input = var.missing\n}\n', "utf-8")
    with pytest.raises(
        TerraformCommandError,
        match=r"terraform plan failed for module \(exit code 1\):\n  Reference to undeclared input variable",
    ):
        adapter.plan(tmp_path / "plan")


def test_only_the_plan_that_was_looked_at_is_applied(
    adapter: TerraformAdapter, root_module: Path, tmp_path: Path
) -> None:
    plan = adapter.plan(tmp_path / "plan")
    (root_module / "late.auto.tfvars").write_text('word = "second"\n', "utf-8")
    adapter.apply(plan)
    assert adapter.outputs() == {"word": "first"}


def test_progress_is_told_while_terraform_runs(root_module: Path, environment: dict[str, str], tmp_path: Path) -> None:
    told: list[Event] = []
    adapter = TerraformAdapter(root_module, environment=environment, on_event=told.append)
    adapter.init()
    adapter.apply(adapter.plan(tmp_path / "plan"))
    assert [(event.address, event.state) for event in told if isinstance(event, Progress)] == [
        ("terraform_data.this", "started"),
        ("terraform_data.this", "done"),
    ]


def test_a_plan_is_shown_as_people_know_it(adapter: TerraformAdapter, tmp_path: Path) -> None:
    assert "# terraform_data.this will be created" in adapter.show(adapter.plan(tmp_path / "plan"))


def test_a_settings_file_that_is_missing_does_no_harm(
    root_module: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    adapter = TerraformAdapter(
        root_module, environment={**environment, "TF_CLI_CONFIG_FILE": str(tmp_path / "missing")}
    )
    adapter.init()
    assert not adapter.plan(tmp_path / "plan").is_empty
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", adapter.version())


def test_terraform_missing_is_told_before_anything_runs(root_module: Path, tmp_path: Path) -> None:
    with pytest.raises(TerraformNotFoundError, match=r"^terraform is not on PATH; version 1\.10 or newer is needed"):
        TerraformAdapter(root_module, environment={"PATH": str(tmp_path)})


@pytest.mark.parametrize("version", ["0.12.31", "1.5.7", "1.9.8"])
def test_a_terraform_that_is_too_old_is_told_with_its_version(root_module: Path, tmp_path: Path, version: str) -> None:
    environment = fake_terraform(tmp_path / "bin", f"""echo '{{"terraform_version": "{version}"}}'""")
    with pytest.raises(TerraformTooOldError, match=f"^terraform {re.escape(version)} is on PATH"):
        TerraformAdapter(root_module, environment=environment).version()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            "echo garbage", r"terraform version failed for module \(exit code 0\):\n  garbage$", id="another-program"
        ),
        pytest.param("echo '{}'", r"\(exit code 0\):\n  \{\}$", id="no-version"),
        pytest.param("echo 'no version chosen' >&2; exit 1", r"\(exit code 1\):\n  no version chosen$", id="a-wrapper"),
    ],
)
def test_what_is_no_terraform_is_told_by_what_it_said(
    root_module: Path, tmp_path: Path, script: str, words: str
) -> None:
    with pytest.raises(TerraformCommandError, match=words):
        TerraformAdapter(root_module, environment=fake_terraform(tmp_path / "bin", script)).version()


@pytest.mark.parametrize("version", ["1.10.0", "1.10.0-rc1", "1.11.4", "2.0.0"])
def test_newer_terraforms_are_taken(root_module: Path, tmp_path: Path, version: str) -> None:
    script = (
        f"""echo 'There are some problems with the CLI configuration:'; echo '{{"terraform_version": "{version}"}}'"""
    )
    assert TerraformAdapter(root_module, environment=fake_terraform(tmp_path / "bin", script)).version() == version


def test_terraform_sees_the_given_environment_and_nothing_else(
    root_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # trap: python-terraform hands over the whole environment of this process, or none at all
    monkeypatch.setenv("AWS_PROFILE", "production")
    seen = tmp_path / "seen"
    environment = fake_terraform(tmp_path / "bin", f"""env > {seen}; echo '{{"terraform_version": "1.11.4"}}'""")
    TerraformAdapter(root_module, environment={**environment, "AWS_REGION": "us-east-2"}).version()
    told = seen.read_text("utf-8")
    assert "AWS_REGION=us-east-2" in told
    assert "AWS_PROFILE" not in told


def command_lines(root_module: Path, tmp_path: Path, exit_code: int = 0) -> tuple[TerraformAdapter, Path]:
    said = tmp_path / "said"
    environment = fake_terraform(tmp_path / "bin", f'echo "$@" >> {said}; exit {exit_code}')
    return TerraformAdapter(root_module, environment=environment), said


def test_saved_plans_are_applied_without_variables(root_module: Path, tmp_path: Path) -> None:
    # trap: an empty dictionary of variables becomes -var-file, which terraform refuses beside a saved plan
    assert any("-var-file" in word for word in recorded(Terraform().apply, "plan"))
    adapter, said = command_lines(root_module, tmp_path)
    adapter.apply(adapter.plan(tmp_path / "plan"))
    plan, apply = said.read_text("utf-8").splitlines()
    assert plan.split() == [
        "plan",
        "-no-color",
        "-input=false",
        f"-out={tmp_path / 'plan'}",
        "-json",
        "-detailed-exitcode",
    ]
    assert apply.split() == [
        "apply",
        "-no-color",
        "-input=false",
        "-json",
        "-auto-approve=false",
        str(tmp_path / "plan"),
    ]


def test_force_is_never_sent(root_module: Path, tmp_path: Path) -> None:
    # trap: destroy() sends -force, which Terraform 1 does not know
    assert "-force" in recorded(Terraform().destroy)
    adapter, said = command_lines(root_module, tmp_path)
    adapter.apply(adapter.plan(tmp_path / "plan", destroy=True))
    assert "-force" not in said.read_text("utf-8").split()
    assert "-destroy" in said.read_text("utf-8").splitlines()[0].split()


@pytest.mark.parametrize("exit_code", [0, 2])
def test_two_means_that_there_is_something_to_do(root_module: Path, tmp_path: Path, exit_code: int) -> None:
    # trap: with -detailed-exitcode a plan with changes exits with 2
    adapter, _ = command_lines(root_module, tmp_path, exit_code)
    assert adapter.plan(tmp_path / "plan").changes == ()


def test_all_outputs_are_read_and_one_is_picked(
    adapter: TerraformAdapter, root_module: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # trap: output("name") takes the value of a value
    adapter.apply(adapter.plan(tmp_path / "plan"))
    with pytest.raises(TypeError, match="string indices must be integers"):
        Terraform(working_dir=str(root_module)).output("word")
    assert adapter.outputs()["word"] == "first"


def test_an_attribute_that_is_missing_becomes_a_command() -> None:
    # trap: a typo runs terraform; the adapter calls no name of its own
    assert recorded(Terraform().aply, "plan")[1:] == ["aply", "plan"]


def recorded(method: Any, *arguments: str) -> list[str]:
    """Return the command line that python-terraform itself would run."""
    terraform = Terraform()
    name = getattr(method, "__name__", "")
    if name == "wrapper":
        return list(terraform.generate_cmd_string("aply", *arguments))
    lines: list[list[str]] = []
    terraform.cmd = lambda command, *words, **options: lines.append(
        terraform.generate_cmd_string(command, *words, **options)
    )
    getattr(terraform, name)(*arguments)
    terraform.temp_var_files.clean_up()
    return lines[0]


def test_flags_are_the_librarys_own_objects() -> None:
    assert Terraform().generate_cmd_string("plan", json=IsFlagged)[1:] == ["plan", "-json"]


def test_state_on_disk_moves_to_s3_when_a_backend_is_set(
    root_module: Path, environment: dict[str, str], tmp_path: Path, moto_endpoint: str
) -> None:
    bucket = local_client("s3", moto_endpoint)
    bucket.create_bucket(Bucket="state")
    environment = {**environment, **aws_settings({"default": moto_endpoint})}
    adapter = TerraformAdapter(root_module, environment=environment)
    adapter.init()
    adapter.apply(adapter.plan(tmp_path / "plan"))
    (root_module / "backend.tf").write_text('terraform {\n  backend "s3" {}\n}\n', "utf-8")
    settings = {
        "bucket": "state",
        "region": "us-east-1",
        "key": "module/terraform.tfstate",
        "use_lockfile": "true",
        "encrypt": "true",
    }
    adapter.init(backend=settings, migrate=True)
    assert [entry["Key"] for entry in bucket.list_objects_v2(Bucket="state")["Contents"]] == [
        "module/terraform.tfstate"
    ]
    assert adapter.outputs() == {"word": "first"}
    assert adapter.plan(tmp_path / "plan").is_empty
    adapter.init(backend=settings)
    assert adapter.outputs() == {"word": "first"}
