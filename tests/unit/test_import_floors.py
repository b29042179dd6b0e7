"""Imports go down only, and the packages meet nowhere but in `__main__` files and `firehose_spec`."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("deployment", "producers", "local_firehose", "validators", "firehose_spec")


def modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports_of(name: str) -> set[str]:
    """Every imported module, also inside functions; of ours the module itself, of others the dotted name as written."""
    path = MODULES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")
                up = up[: len(up) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            for alias in node.names:
                dotted = f"{base}.{alias.name}"
                found.add(dotted if dotted in MODULES else base)
    return found


@pytest.mark.parametrize("name", sorted(MODULES))
def test_packages_meet_only_in_main_files_and_firehose_spec(name: str) -> None:
    package = name.split(".", maxsplit=1)[0]
    if name.endswith("__main__"):
        return
    crossing = {target for target in imports_of(name) if target.split(".")[0] in PACKAGES} - {
        target for target in imports_of(name) if target.split(".")[0] in {package, "firehose_spec"}
    }
    assert crossing == set()


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("firehose_spec")))
def test_firehose_spec_needs_the_standard_library_only(name: str) -> None:
    foreign = {
        target for target in imports_of(name) if target.split(".")[0] not in sys.stdlib_module_names | {"firehose_spec"}
    }
    assert foreign == set()


@pytest.mark.parametrize(
    ("library", "allowed"),
    [
        pytest.param("python_terraform", {"deployment.terraform"}, id="python-terraform-behind-one-adapter"),
        pytest.param("moto", set(), id="moto-is-only-ever-a-child-process"),
    ],
)
def test_library_has_no_other_importer(library: str, allowed: set[str]) -> None:
    importers = {name for name in MODULES if any(target.split(".")[0] == library for target in imports_of(name))}
    assert importers - allowed == set()


def test_no_import_cycle() -> None:
    graph = {name: {target for target in imports_of(name) if target in MODULES and target != name} for name in MODULES}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name in done:
            return
        for target in sorted(graph[name]):
            visit(target, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        visit(name, ())
