"""``python -m local_firehose serve`` as a process, with real services behind it and boto3 in front."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_firehose.__main__ import main

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "firehose.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": "123456789012", "sts:ExternalId": "123456789012"},
                "ArnLike": {"aws:SourceArn": "arn:aws:firehose:*:123456789012:deliverystream/*"},
            },
        }
    ],
}
ROLE = "arn:aws:iam::123456789012:role/serve"


class Server:
    """One server process; `port` is known once it has said so."""

    def __init__(self, state_dir: Path, *arguments: str) -> None:
        self.log = (state_dir.parent / f"{state_dir.name}.log").open("a+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local_firehose", "serve", "--port", "0", "--state-dir", str(state_dir), *arguments],
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        line = self.process.stdout.readline()
        assert line.startswith("local_firehose listens on http://127.0.0.1:"), (line, Path(self.log.name).read_text())
        self.url = line.split()[3]
        self.port = int(self.url.rpartition(":")[2])

    def client(self, region: str = "us-east-1") -> Any:
        config = Config(retries={"max_attempts": 1})
        return boto3.session.Session().client("firehose", endpoint_url=self.url, region_name=region, config=config)

    def admin(self, method: str, name: str, body: object = None) -> tuple[int, Any]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/_local_firehose/{name}", method=method, data=data)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.log.close()
        return code


@pytest.fixture
def start(cloud, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Return what starts servers; those still running at the end are stopped."""
    try:
        cloud.client("iam").create_role(RoleName="serve", AssumeRolePolicyDocument=json.dumps(TRUST))
    except ClientError as error:
        assert error.response["Error"]["Code"] == "EntityAlreadyExists"  # noqa: PT017, of an earlier test
    started: list[Server] = []

    def start_one(*arguments: str, state: str = "state") -> Server:
        started.append(Server(tmp_path / state, *arguments))
        return started[-1]

    yield start_one
    for server in started:
        if server.process.poll() is None:
            server.stop(signal.SIGKILL)


def create(client: Any, name: str, bucket: str, **destination: Any) -> None:
    configuration = {"RoleARN": ROLE, "BucketARN": f"arn:aws:s3:::{bucket}", **destination}
    client.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=configuration)


def test_records_come_through_and_streams_survive_a_kill(start, cloud) -> None:
    server = start()
    create(server.client(), "s", cloud.bucket, Prefix="raw/")
    server.client().put_record(DeliveryStreamName="s", Record={"Data": b"one\n"})
    described = server.client().describe_delivery_stream(DeliveryStreamName="s")["DeliveryStreamDescription"]
    server.stop(signal.SIGKILL)
    again = start()
    now = again.client().describe_delivery_stream(DeliveryStreamName="s")["DeliveryStreamDescription"]
    assert now == described
    status, flushed = again.admin("POST", "flush", {"timeout_seconds": 30})
    assert (status, flushed["records"], flushed["failed"]) == (200, 1, [])
    assert list(cloud.objects("raw/").values()) == [b"one\n"]
    status, body = again.admin("GET", "status")
    (stream,) = body["streams"]
    assert (status, stream["name"], stream["delivered_records"], stream["buffered_records"]) == (200, "s", 1, 0)
    assert again.stop() == 0


@pytest.fixture(scope="module")
def shared(moto_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for tests that leave it as it is."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", moto_endpoint)
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        server = Server(tmp_path_factory.mktemp("shared") / "state")
    yield server
    server.stop()


def test_each_region_has_its_own_streams(shared, start, cloud) -> None:
    server = shared
    create(server.client("us-east-1"), "regional", cloud.bucket)
    assert server.client("us-east-1").list_delivery_streams()["DeliveryStreamNames"] == ["regional"]
    assert server.client("eu-west-1").list_delivery_streams()["DeliveryStreamNames"] == []


def test_errors_reach_boto3_as_aws_s(shared, start, cloud) -> None:
    client = shared.client()
    with pytest.raises(
        client.exceptions.ResourceNotFoundException, match=r"Firehose no under account 123456789012 not"
    ):
        client.put_record(DeliveryStreamName="no", Record={"Data": b""})
    with pytest.raises(
        client.exceptions.InvalidArgumentException, match=r"Firehose is unable to assume role .*/missing\."
    ):
        create(client, "s", cloud.bucket, RoleARN="arn:aws:iam::123456789012:role/missing")
    with pytest.raises(
        ClientError, match=r"\(AccessDeniedException\).*User: arn:aws:sts::123456789012:user/moto is not"
    ):
        create(client, "s", cloud.bucket, RoleARN="arn:aws:iam::999999999999:role/serve")
    with pytest.raises(client.exceptions.InvalidArgumentException, match=r"EntityNotFoundException"):
        create(
            client,
            "s",
            cloud.bucket,
            DataFormatConversionConfiguration={
                "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "none", "TableName": "none"},
                "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
                "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
            },
        )


def test_settling_takes_as_long_as_told_on_a_clock_that_can_be_moved(start, cloud) -> None:
    server = start("--settle-seconds", "600")
    create(server.client(), "s", cloud.bucket)

    def status() -> str:
        answer = server.client().describe_delivery_stream(DeliveryStreamName="s")
        return answer["DeliveryStreamDescription"]["DeliveryStreamStatus"]

    assert status() == "CREATING"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        server.client().put_record(DeliveryStreamName="s", Record={"Data": b"x"})
    code, _ = server.admin("POST", "clock", {"advance_seconds": 600})
    assert (code, status()) == (200, "ACTIVE")
    server.client().put_record(DeliveryStreamName="s", Record={"Data": b"x"})


def test_services_that_are_away_are_named(start, monkeypatch) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{probe.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", away)
        server = start()
        with pytest.raises(
            ClientError,
            match=rf"cannot tell the account of access key test: STS at {away} failed .*AWS_ENDPOINT_URL_STS",
        ):
            server.client().list_delivery_streams()
        assert server.admin("GET", "health")[0] == 200


@pytest.fixture
def refusal(capsys) -> Callable[..., tuple[int, str]]:
    """Return what runs a command that is refused, and gives its exit code and last line."""

    def run(*arguments: str) -> tuple[int, str]:
        try:
            code = main(list(arguments))
        except SystemExit as error:  # argparse
            code = error.code
        return code, capsys.readouterr().err.strip().splitlines()[-1]

    return run


def test_second_server_on_the_folder_or_the_port_is_refused(start, refusal, tmp_path: Path) -> None:
    server = start()
    code, message = refusal("serve", "--port", "0", "--state-dir", str(tmp_path / "state"))
    assert code == 2
    assert message == (
        f"local_firehose: --state-dir {tmp_path / 'state'} is in use by the local_firehose with process id "
        f"{server.process.pid}; stop that one or give another folder"
    )
    code, message = refusal("serve", "--port", str(server.port), "--state-dir", str(tmp_path / "other"))
    assert code == 2
    assert message == (
        f"local_firehose: cannot listen on 127.0.0.1:{server.port} (Address already in use); stop what listens there or "
        "give another --port"
    )


def test_log_level_of_the_environment_is_checked_as_the_flag_is(refusal, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LOCAL_FIREHOSE_LOG_LEVEL", "loud")
    code, message = refusal("serve", "--state-dir", str(tmp_path / "state"))
    assert code == 2
    assert message == (
        "python -m local_firehose serve: error: argument --log-level: 'loud' (of the flag, or of LOCAL_FIREHOSE_LOG_LEVEL) "
        "is none of debug, info, warning, error"
    )


def test_start_that_cannot_be_says_why(refusal, tmp_path: Path, monkeypatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    code, message = refusal("serve", "--port", "0", "--state-dir", str(tmp_path / "s"))
    assert (code, message.startswith("local_firehose: no AWS credentials are set")) == (2, True)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    (tmp_path / "file").write_text("")
    code, message = refusal("serve", "--port", "0", "--state-dir", str(tmp_path / "file"))
    assert (code, message) == (
        2,
        f"local_firehose: --state-dir {tmp_path / 'file'} cannot be used (File exists); give a folder that can be written",
    )
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "journal").write_text("")
    code, message = refusal("serve", "--port", "0", "--state-dir", str(tmp_path / "s"))
    assert (code, message.startswith(f"local_firehose: --state-dir {tmp_path / 's'} cannot be used (")) == (2, True)
    (tmp_path / "faults.yaml").write_text("a: [")
    code, message = refusal(
        "serve", "--port", "0", "--state-dir", str(tmp_path / "s"), "--faults", str(tmp_path / "faults.yaml")
    )
    assert (code, message.startswith(f"local_firehose: --faults {tmp_path / 'faults.yaml'} cannot be read: ")) == (
        2,
        True,
    )
    code, message = refusal("serve", "--port", "70000")
    assert (code, message.endswith("argument --port: 70000 is not between 0 and 65535")) == (2, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_nothing_is_left_running_after_a_signal_to_the_whole_group(start, tmp_path: Path, number: int) -> None:
    server = start()
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(server.process.pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    assert children
    for child in children:
        os.kill(int(child), number)
    assert server.stop(number) == 0
    assert (tmp_path / "state.log").read_text() == ""  # nothing died, nothing was started again
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline
        time.sleep(0.05)
