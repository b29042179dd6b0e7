"""Finding and asking the emulator, against small servers that answer as the real ones do."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deployment.emulator import Emulator, ask, configured_endpoint, resolved
from deployment.errors import TargetUnreachableError

Serve = Callable[[dict[str, Any]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[ThreadingHTTPServer] = []

    def start(answers: dict[str, Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(answers.get(self.path)).encode()
                self.send_response(200 if self.path in answers else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Clients:
    """boto3 clients of a cloud that may have a Glue, or no STS."""

    def __init__(self, *, glue: bool = True, sts: bool = True) -> None:
        self._glue, self._sts = glue, sts

    def __call__(self, service: str, endpoint: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        if not self._sts:
            raise ConnectionError("no STS")
        return {"Account": "000000000000"}

    def get_databases(self) -> dict[str, Any]:
        if not self._glue:
            raise NotImplementedError("not in your edition")
        return {}


def test_a_localstack_tells_version_edition_session_and_account(serve: Serve) -> None:
    health = {"services": {"s3": "available", "sts": "running"}, "edition": "community", "version": "4.13.1"}
    endpoint = serve({"/_localstack/health": health, "/_localstack/info": {"session_id": "abc"}})
    assert ask(endpoint, {}, Clients()) == Emulator(
        endpoint, "LocalStack 4.13.1 (community edition, 2 services)", "abc", "000000000000", has_glue=False
    )


@pytest.mark.parametrize(("answers", "has_glue"), [(True, True), (False, False)], ids=["answers", "named-but-refused"])
def test_a_glue_counts_only_if_it_answers(serve: Serve, answers: bool, has_glue: bool) -> None:
    endpoint = serve({"/_localstack/health": {"services": {"glue": "available"}}})
    assert ask(endpoint, {}, Clients(glue=answers)).has_glue is has_glue


def test_one_that_only_copies_the_health_page_is_not_called_localstack(serve: Serve) -> None:
    endpoint = serve(
        {"/_localstack/health": {"services": {"s3": "available"}, "edition": "light", "version": "1.5.33"}}
    )
    found = ask(endpoint, {}, Clients())
    assert (found.title, found.session) == (
        "a cloud that answers as LocalStack does, 1.5.33 (light edition, 1 services)",
        None,
    )


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [({}, "http://127.0.0.1:4599"), ({"LOCALSTACK_HOST": "127.0.0.1:4577"}, "http://127.0.0.1:4577")],
    ids=["nothing-said", "said-otherwise"],
)
def test_where_nothing_is_said_the_one_deployed_to_counts(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], endpoint: str
) -> None:
    for name in ("LOCALSTACK_HOST", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert configured_endpoint("http://127.0.0.1:4599") == endpoint


def test_another_cloud_without_a_session_is_taken_too(serve: Serve) -> None:
    endpoint = serve({})
    assert ask(endpoint, {}, Clients()) == Emulator(
        endpoint, "an AWS-compatible cloud", None, "000000000000", has_glue=True
    )


def test_a_server_of_ours_is_never_taken_for_a_localstack(serve: Serve) -> None:
    endpoint = serve({})
    with pytest.raises(
        TargetUnreachableError,
        match=rf"^{endpoint} is a server of TARGET=local \(moto\), not a LocalStack\. Unset AWS_ENDPOINT_URL",
    ):
        ask(endpoint, {"local (moto)": endpoint}, Clients())


def test_something_that_is_no_aws_is_told_as_such(serve: Serve) -> None:
    with pytest.raises(TargetUnreachableError, match=r"is no AWS-compatible cloud \(STS: no STS\)"):
        ask(serve({}), {}, Clients(sts=False))


def test_nothing_at_all_is_told_with_both_ways_to_start_one() -> None:
    with pytest.raises(
        TargetUnreachableError,
        match=r"No LocalStack answers at http://127\.0\.0\.1:9 .*\n  docker run .*\n  .*deployment\.localstack_server start",
    ):
        ask("http://127.0.0.1:9", {}, Clients())


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("http://localhost:4566", "http://127.0.0.1:4566", id="host-name"),
        pytest.param("http://127.0.0.1:4566/", "http://127.0.0.1:4566", id="address"),
        pytest.param("http://[::1]:4566", "http://[::1]:4566", id="ipv6"),
        pytest.param("https://10.1.2.3", "https://10.1.2.3", id="without-port"),
    ],
)
def test_a_host_name_becomes_an_address(url: str, address: str) -> None:
    assert resolved(url) == address


def test_a_name_that_does_not_resolve_is_told() -> None:
    with pytest.raises(TargetUnreachableError, match=r"'no\.such\.host\.invalid' does not resolve"):
        resolved("http://no.such.host.invalid:4566")


@pytest.mark.parametrize(
    ("environ", "endpoint"),
    [
        pytest.param({}, "http://127.0.0.1:4566", id="default"),
        pytest.param({"LOCALSTACK_HOST": "localhost:4577"}, "http://127.0.0.1:4577", id="host"),
        pytest.param({"AWS_ENDPOINT_URL": "http://127.0.0.1:1234"}, "http://127.0.0.1:1234", id="url"),
    ],
)
def test_the_address_follows_localstack_clients_rules(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], endpoint: str
) -> None:
    for name in ("LOCALSTACK_HOST", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert configured_endpoint() == endpoint
