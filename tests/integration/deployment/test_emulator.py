"""Finding and asking the emulator, against small servers that answer as the real ones do."""

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

from deployment import emulator
from deployment.emulator import Emulator, ask, configured_endpoint, resolved
from deployment.errors import TargetUnreachableError
from deployment.local_clients import local_client

Serve = Callable[[dict[str, Any]], str]
GLUE = (200, {"DatabaseList": []})
client = functools.partial(local_client, patience_seconds=0.3)


def test_a_localstack_tells_version_edition_session_and_account(serve: Serve) -> None:
    health = {"services": {"s3": "available", "sts": "running"}, "edition": "community", "version": "4.13.1"}
    endpoint = serve({"/_localstack/health": (200, health), "/_localstack/info": (200, {"session_id": "abc"})})
    assert ask(endpoint, {}, client) == Emulator(
        endpoint, "LocalStack 4.13.1 (community edition, 2 services)", "abc", "000000000000", has_glue=False
    )


@pytest.mark.parametrize(
    ("listed", "answers", "has_glue"),
    [("available", GLUE, True), ("available", 501, False), ("disabled", GLUE, False)],
    ids=["answers", "named-but-refused", "disabled"],
)
def test_a_glue_counts_only_if_it_answers(serve: Serve, listed: str, answers: Any, has_glue: bool) -> None:
    endpoint = serve({"/_localstack/health": (200, {"services": {"glue": listed}}), "glue": answers})
    assert ask(endpoint, {}, client).has_glue is has_glue


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        pytest.param(
            {"/_localstack/health": "hang"}, r"No LocalStack answers at .*health: timed out", id="health-hangs"
        ),
        pytest.param({"/_localstack/health": 503}, r"health answered 503: .* Nothing was changed", id="health-503"),
        pytest.param(
            {"/_localstack/health": (200, {"services": {}}), "/_localstack/info": "hang"},
            r"No LocalStack answers at .*info: timed out",
            id="info-hangs",
        ),
        pytest.param(
            {"/_localstack/health": (200, {"services": {}}), "/_localstack/info": 500},
            r"info answered 500: .* Nothing was changed",
            id="info-500",
        ),
        pytest.param({"sts": "hang"}, r"^STS does not answer at .*Read timeout.* Nothing was changed", id="sts-hangs"),
        pytest.param({"glue": "hang"}, r"^The cloud did not say whether it has a Glue: Read timeout", id="glue-hangs"),
    ],
)
def test_silence_is_never_taken_for_another_cloud(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(emulator, "PAGE_SECONDS", 0.3)
    with pytest.raises(TargetUnreachableError, match=message):
        ask(serve(answers), {}, client)


def test_one_that_only_copies_the_health_page_is_not_called_localstack(serve: Serve) -> None:
    endpoint = serve(
        {"/_localstack/health": (200, {"services": {"s3": "available"}, "edition": "light", "version": "1.5.33"})}
    )
    found = ask(endpoint, {}, client)
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
    endpoint = serve({"glue": GLUE})
    assert ask(endpoint, {}, client) == Emulator(
        endpoint, "an AWS-compatible cloud", None, "000000000000", has_glue=True
    )


def test_a_server_of_ours_is_never_taken_for_a_localstack(serve: Serve) -> None:
    endpoint = serve({})
    with pytest.raises(
        TargetUnreachableError,
        match=rf"^{endpoint} is a server of TARGET=local \(moto\), not a LocalStack\. Unset AWS_ENDPOINT_URL",
    ):
        ask(endpoint, {"local (moto)": endpoint}, client)


def test_something_that_is_no_aws_is_told_as_such(serve: Serve) -> None:
    with pytest.raises(TargetUnreachableError, match=r"is no AWS-compatible cloud \(STS: Unable to parse response"):
        ask(serve({"sts": 404}), {}, client)


def test_nothing_at_all_is_told_with_both_ways_to_start_one(nobody: str) -> None:
    with pytest.raises(
        TargetUnreachableError,
        match=rf"No LocalStack answers at {re.escape(nobody)} .*\n  docker run .*\n  .*deployment\.localstack_server start",
    ):
        ask(nobody, {}, client)


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
