"""Write the tables of facts in docs/fidelity/*.md from the YAML files beside this one: ``python tests/fidelity/tables.py``.

A table stands between ``<!-- facts: NAME … -->`` and ``<!-- end of facts -->``.
"""

import re
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs" / "fidelity"
BLOCK = re.compile(r"(<!-- facts: ([a-z_ ]+) -->\n).*?(<!-- end of facts -->)", re.DOTALL)


def table(name: str) -> str:
    """Return the Markdown table of one YAML file."""
    facts = yaml.safe_load((HERE / f"{name}.yaml").read_text("utf-8"))
    rows = [f"| {fact['id'].replace('-', ' ')} | {fact['mark']} | {fact['source']} |" for fact in facts]
    return "\n".join([f"### {name}.yaml", "", "| fact | mark | source |", "|---|---|---|", *rows, ""])


def rendered(text: str) -> str:
    """Return a document with its tables as the YAML files have them."""
    return BLOCK.sub(
        lambda match: match[1] + "\n" + "\n".join(table(name) for name in match[2].split()) + "\n" + match[3], text
    )


if __name__ == "__main__":
    for path in sorted(DOCS.glob("*.md")):
        path.write_text(rendered(path.read_text("utf-8")), "utf-8")
