"""A small root module that needs no provider but Terraform's own."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def root_module(tmp_path: Path) -> Path:
    """A stack of one resource and one output; `terraform_data` is built into terraform."""
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "main.tf").write_text(
        'variable "word" {\n  default = "first"\n}\n'
        'resource "terraform_data" "this" {\n  input = var.word\n}\n'
        'output "word" {\n  value = terraform_data.this.output\n}\n',
        "utf-8",
    )
    return folder


@pytest.fixture
def environment() -> dict[str, str]:
    """The least that terraform needs, apart from the user's own settings."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "CHECKPOINT_DISABLE": "1",
        "TF_IN_AUTOMATION": "1",
    }
