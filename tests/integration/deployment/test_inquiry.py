"""Yes, no and no answer, on real sockets."""

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest

from deployment.errors import TargetUnreachableError
from deployment.inquiry import answers_glue, has_bucket
from deployment.local_clients import local_client

client = functools.partial(local_client, patience_seconds=0.3)
Serve = Callable[[dict[str, Any]], str]


@pytest.mark.parametrize(("answer", "there"), [(200, True), (404, False)], ids=["200", "404"])
def test_a_bucket_is_there_or_a_404_says_that_it_is_not(serve: Serve, answer: int, there: bool) -> None:
    assert has_bucket(client("s3", serve({"bucket": answer})), "b") is there


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(403, "403 Forbidden", id="403"),
        pytest.param(500, "500 Internal Server Error", id="500"),
        pytest.param(503, "503 Service Unavailable", id="503"),
        pytest.param("hang", "Read timeout on endpoint URL", id="hangs"),
    ],
)
def test_no_other_answer_makes_a_bucket_lost(serve: Serve, answer: Any, reason: str) -> None:
    with pytest.raises(
        TargetUnreachableError,
        match=rf"^The cloud did not say whether s3://b is still there: {reason}.* Nothing was changed; run the command again once it answers\.$",
    ):
        has_bucket(client("s3", serve({"bucket": answer})), "b")


def test_a_refused_connection_makes_no_bucket_lost(nobody: str) -> None:
    with pytest.raises(TargetUnreachableError, match=rf'Could not connect to the endpoint URL: "{re.escape(nobody)}/b'):
        has_bucket(client("s3", nobody), "b")


@pytest.mark.parametrize(
    ("answer", "there"),
    [
        pytest.param((200, {"DatabaseList": []}), True, id="an-empty-catalog"),
        pytest.param((400, {"__type": "UnknownOperationException"}), False, id="unknown-operation"),
        pytest.param(404, False, id="404"),
        pytest.param(405, False, id="405"),
        pytest.param(
            (501, {"__type": "InternalFailure", "message": "not in your plan"}), False, id="not-in-the-edition"
        ),
        pytest.param((200, "<html>welcome</html>"), False, id="a-web-page"),
        pytest.param((200, []), False, id="another-json"),
        pytest.param((200, {}), False, id="something-else-that-says-yes-to-all"),
    ],
)
def test_glue_answers_or_is_not_there(serve: Serve, answer: Any, there: bool) -> None:
    assert answers_glue(client("glue", serve({"glue": answer}))) is there


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(
            (403, {"__type": "AccessDeniedException", "message": "no"}), "403 AccessDeniedException no", id="403"
        ),
        pytest.param((500, "boom"), "500 boom", id="500"),
        pytest.param("hang", "Read timeout on endpoint URL", id="hangs"),
    ],
)
def test_a_glue_that_does_not_answer_is_not_taken_for_none(serve: Serve, answer: Any, reason: str) -> None:
    with pytest.raises(TargetUnreachableError, match=rf"^The cloud did not say whether it has a Glue: {reason}"):
        answers_glue(client("glue", serve({"glue": answer})))


def test_a_refused_connection_says_nothing_of_glue(nobody: str) -> None:
    with pytest.raises(TargetUnreachableError, match="Could not connect to the endpoint URL"):
        answers_glue(client("glue", nobody))
