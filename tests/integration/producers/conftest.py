"""A scripted Firehose on loopback, a clean AWS environment, and the command line as a child process."""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from producers.__main__ import main

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "ap-southeast-1"}


class Firehose:
    """The stand-in's admin side."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"

    def script(self, *calls: str, seed: int = 1, keep_ledger: bool = True, **then: float) -> None:
        """Set what the next calls meet and forget what was stored; `then` are shares, see scripted_firehose.py."""
        shares = {name.replace("_after_", "-after-").removeprefix("http_"): value for name, value in then.items()}
        self._request(
            "/script", json.dumps({"calls": calls, "seed": seed, "keep_ledger": keep_ledger, "then": shares}).encode()
        )

    @property
    def ledger(self) -> list[list[bytes]]:
        return [[base64.b64decode(record) for record in call] for call in self._request("/ledger")["calls"]]

    @property
    def records(self) -> list[bytes]:
        return [record for call in self.ledger for record in call]

    @property
    def summary(self) -> dict[str, int]:
        return dict(self._request("/summary"))

    @property
    def last_request(self) -> tuple[dict[str, str], bytes]:
        answer = self._request("/last")
        return answer["headers"], base64.b64decode(answer["body"])

    def _request(self, path: str, body: bytes | None = None) -> Any:
        with urllib.request.urlopen(self.endpoint + path, data=body, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def firehose_process() -> Iterator[Firehose]:
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("scripted_firehose.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Firehose(int(process.stdout.readline()))
        process.stdin.close()
        process.wait(10)


@pytest.fixture
def firehose(firehose_process: Firehose) -> Firehose:
    firehose_process.script()
    return firehose_process


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """AWS's variables as a user would set them, and no others."""
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    values = {**KEYS, "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def session(aws_environment: dict[str, str]) -> boto3.Session:
    return boto3.Session()


@pytest.fixture
def start_producer(
    aws_environment: dict[str, str], firehose: Firehose, tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `python -m producers …` against the scripted Firehose."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "producers", *map(str, arguments)],
            cwd=tmp_path,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_ENDPOINT_URL_FIREHOSE": firehose.endpoint,
                **aws_environment,
                **environment,
            },
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def producer(
    aws_environment: dict[str, str],
    firehose: Firehose,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Callable[..., tuple[int, str, str]]:
    """Run `python -m producers …` in this process; return exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL_FIREHOSE", firehose.endpoint)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments: object) -> tuple[int, str, str]:
        capfdbinary.readouterr()
        exit_code = main([*map(str, arguments)])
        out, err = capfdbinary.readouterr()
        return exit_code, out.decode(), err.decode()

    return run
