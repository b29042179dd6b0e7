"""The modules' own tests (`terraform test`, a mocked provider, no cloud), the stacks' validation, and what no stack may contain."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from deployment.folders import TargetFolders
from deployment.provider_setup import set_up_provider

TERRAFORM = Path(__file__).resolve().parents[3] / "terraform"
MODULES = sorted(path.name for path in (TERRAFORM / "modules").iterdir())
STACKS = sorted(path.name for path in (TERRAFORM / "stacks").iterdir())


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    work = tmp_path_factory.mktemp("work")
    provider = set_up_provider(TargetFolders(work, "local"), os.environ, Path.home())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return provider.environment(kept)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code, so that nothing tracked changes; relative module paths hold in it."""
    for path in TERRAFORM.rglob("*"):
        if (
            path.is_file()
            and ".terraform" not in path.parts
            and path.suffix in {".tf", ".hcl"}
            and not path.name.startswith(".")
        ):
            target = tmp_path / path.relative_to(TERRAFORM)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return tmp_path


def terraform(folder: Path, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_every_rule_of_the_module_holds(module: str, copy: Path, environment: dict[str, str]) -> None:
    folder = copy / "modules" / module
    terraform(folder, environment, "init", "-no-color", "-input=false")
    told = terraform(folder, environment, "test", "-no-color")
    runs = sum(text.count("\nrun ") for text in (path.read_text("utf-8") for path in folder.glob("tests/*.tftest.hcl")))
    assert re.search(r"Success! (\d+) passed, 0 failed", told), told
    assert int(re.search(r"Success! (\d+) passed", told)[1]) == runs > 0  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_is_valid(stack: str, copy: Path, environment: dict[str, str]) -> None:
    folder = copy / "stacks" / stack
    terraform(folder, environment, "init", "-no-color", "-input=false", "-backend=false")
    assert "Success" in terraform(folder, environment, "validate", "-no-color")


def test_every_file_is_in_terraforms_own_format(environment: dict[str, str]) -> None:
    assert terraform(TERRAFORM, environment, "fmt", "-check", "-recursive", "-diff") == ""


CODE = sorted(path for path in TERRAFORM.rglob("*.tf") if ".terraform" not in path.parts)


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(TERRAFORM).as_posix())
def test_no_file_knows_which_cloud_it_is_applied_to(path: Path) -> None:
    code = re.sub(r"#[^\n]*", "", path.read_text("utf-8"))
    switches = re.findall(
        r"endpoints\s*\{|localhost|127\.0\.0\.1|localstack|skip_credentials_validation|s3_use_path_style|access_key|var\.target",
        code,
    )
    assert switches == []


@pytest.mark.parametrize(
    "path",
    [path for path in CODE if path.name in {"variables.tf", "outputs.tf"}],
    ids=lambda path: path.relative_to(TERRAFORM).as_posix(),
)
def test_variables_and_outputs_are_described_and_sorted(path: Path) -> None:
    text = path.read_text("utf-8")
    blocks = re.findall(r'^(variable|output) "([a-z_]+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    assert [name for _, name, body in blocks if "  description = " not in re.sub(r" +=", " =", body)] == []
    names = [name for kind, name, _ in blocks if kind == "variable"]
    assert names == sorted(names)
    assert [
        name
        for kind, name, body in blocks
        if kind == "variable" and "nullable" not in body and "= null" not in re.sub(r" +=", " =", body)
    ] == []
