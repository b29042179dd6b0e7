import re
from pathlib import Path

from validators.checks import CHECKS

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "checks.md"


def test_document_lists_every_check_as_the_code_has_it() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*) \| (.*) \|$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    assert rows == [(check.id, check.about, check.advice) for check in CHECKS.values()]


def test_ids_are_area_and_rule() -> None:
    assert [name for name in CHECKS if not re.fullmatch(r"[a-z]+\.[a-z_]+", name)] == []
