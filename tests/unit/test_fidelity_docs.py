"""docs/fidelity says what the code and the facts say."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs" / "fidelity").glob("*.md"))
REFERENCE = re.compile(r"(docs/fidelity/[a-z-]+\.md)#([a-z0-9-]+)")
REFERENCES = sorted(
    {
        (str(path.relative_to(ROOT)), *match.groups())
        for folder, pattern in (("local_firehose", "*.py"), ("tests/fidelity", "*.yaml"))
        for path in (ROOT / folder).glob(pattern)
        for match in REFERENCE.finditer(path.read_text("utf-8"))
        if (ROOT / match[1]).exists()
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
