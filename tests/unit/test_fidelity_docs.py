"""docs/fidelity says what the code and the facts say."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs" / "fidelity").glob("*.md"))
REFERENCE = re.compile(r"(docs/fidelity/[a-z-]+\.md)#([a-z0-9-]+)")
HELD_BY = re.compile(r"`(test_\w+\.py)(?:::(\w+))?`")
CLAIMS = [
    (path.name, line.split("|")[1].strip(), line.split("|")[-2])
    for path in DOCS
    for line in path.read_text("utf-8").splitlines()
    if re.match(r"\|.*\| [DOS] \|", line)
]
FACT_FILES = sorted((ROOT / "tests" / "fidelity").glob("*.yaml"))
REFERENCES = sorted(
    {
        (str(path.relative_to(ROOT)), *match.groups())
        for folder, pattern in (("local_firehose", "*.py"), ("tests/fidelity", "*.yaml"))
        for path in (ROOT / folder).glob(pattern)
        for match in REFERENCE.finditer(path.read_text("utf-8"))
    }
)


def tables():
    spec = importlib.util.spec_from_file_location("tables", ROOT / "tests" / "fidelity" / "tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def anchors(text: str) -> set[str]:
    """The anchors that GitHub makes of headings, and those given by hand."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in DOCS])
def test_tables_are_those_of_the_facts(path: Path) -> None:
    text = path.read_text("utf-8")
    assert tables().rendered(text) == text, "run: python tests/fidelity/tables.py"


@pytest.mark.parametrize(
    ("source", "document", "anchor"),
    [pytest.param(*reference, id=f"{reference[0]}#{reference[2]}") for reference in REFERENCES],
)
def test_every_decision_that_is_referred_to_is_written_down(source: str, document: str, anchor: str) -> None:
    assert anchor in anchors((ROOT / document).read_text("utf-8"))


@pytest.mark.parametrize(
    ("document", "rule", "held_by"), [pytest.param(*claim, id=f"{claim[0]}: {claim[1][:60]}") for claim in CLAIMS]
)
def test_every_rule_is_held_by_tests_that_exist(document: str, rule: str, held_by: str) -> None:
    named = HELD_BY.findall(held_by)
    assert named, f"{document} names no test for: {rule}"
    for file, function in named:
        found = [path.read_text("utf-8") for path in (ROOT / "tests").rglob(file)]
        assert found, f"{document} names {file} for: {rule}"
        assert not function or any(f"def {function}(" in text for text in found), f"{document} names {function}"


def test_there_are_rules_and_references_to_check() -> None:
    assert len(CLAIMS) >= 20
    assert len(REFERENCES) >= 30


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in FACT_FILES])
def test_every_file_of_facts_is_run_by_a_test(path: Path) -> None:
    readers = [test for test in (ROOT / "tests").rglob("test_*.py") if test != Path(__file__)]
    names = (path.name, f"{path.stem.partition('_')[0]}*.yaml")
    assert any(name in test.read_text("utf-8") for test in readers for name in names)
