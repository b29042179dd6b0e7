"""A small root module that needs no provider but Terraform's own, and a moto server."""

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployment.servers import moto_server, start_server, stop_server


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


@pytest.fixture
def moto_endpoint(tmp_path: Path, environment: dict[str, str]) -> Iterator[str]:
    process = start_server(
        moto_server(),
        python=sys.executable,
        folder=tmp_path,
        environment=environment,
        log=tmp_path / "moto.log",
        preferred_port=None,
        now=lambda: datetime.now(UTC),
    )
    yield process.endpoint
    stop_server(process)
