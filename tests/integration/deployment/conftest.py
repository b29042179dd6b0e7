"""A small root module that needs no provider but Terraform's own, a moto server, and a cloud that answers what a test wants."""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

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


CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:iam::000000000000:root</Arn><UserId>u</UserId><Account>000000000000</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
HANG = "hang"  # never an answer

Answer = int | str | tuple[int, Any]
Serve = Callable[[Mapping[str, Answer]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a small cloud: `answers` by path of a page, by ``bucket``, ``glue`` or ``sts``; what is not named is a 404."""
    servers: list[ThreadingHTTPServer] = []
    over = threading.Event()

    def start(answers: Mapping[str, Answer]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(answers.get(self.path, 404))

            def do_HEAD(self) -> None:
                self.answer(answers.get("bucket", 404))

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                glue = "Glue" in self.headers.get("X-Amz-Target", "")
                self.answer(answers.get("glue", 404) if glue else answers.get("sts", (200, CALLER)))

            def answer(self, answer: Answer) -> None:
                if answer == HANG:
                    over.wait(20)
                else:
                    status, given = answer if isinstance(answer, tuple) else (answer, "")
                    body = (given if isinstance(given, str) else json.dumps(given)).encode()
                    self.send_response(int(status))
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    over.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nobody() -> str:
    """An address where connections are refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
