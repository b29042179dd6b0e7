"""JSON Schemas of the files that the packages hand each other; `load` reads one by name."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> dict[str, Any]:
    """Return the schema `name` (without ``.json``): manifest, report, stack_outputs, target, status, error_line."""
    return dict(json.loads(files(__package__).joinpath(f"{name}.json").read_text("utf-8")))
