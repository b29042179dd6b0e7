"""One question to a cloud on this machine. Yes, no and no answer are three things: only a cloud that says no has lost a bucket, or has no Glue.

Talks to: S3, Glue, through the clients it is given. Whatever is neither yes nor no is told to the user, and nothing is changed.
"""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from deployment.errors import TargetUnreachableError

_NO_SUCH_BUCKET = frozenset({404})
_NO_SUCH_SERVICE = frozenset(
    {400, 404, 405, 501}
)  # unknown operation, unknown address, no POST here, not in this edition


def has_bucket(s3: Any, bucket: str) -> bool:
    """Tell whether the bucket is there.

    Raises:
        TargetUnreachableError: anything but a yes or a 404: time-out, refused connection, 403, 500 …
    """
    return (
        _ask(lambda: s3.head_bucket(Bucket=bucket), _NO_SUCH_BUCKET, f"whether s3://{bucket} is still there")
        is not None
    )


def answers_glue(glue: Any) -> bool:
    """Tell whether Glue answers: asked rather than read from a list, as some editions name it and refuse it.

    Raises:
        TargetUnreachableError: it did not say; a Glue of ours beside one that is merely slow would be another catalog.
    """
    try:
        answer = _ask(glue.get_databases, _NO_SUCH_SERVICE, "whether it has a Glue")
    except (AttributeError, ResponseParserError):  # no JSON object, so that boto3 trips over it: a web page or a list
        return False
    return answer is not None and "DatabaseList" in answer


def _ask(question: Callable[[], Any], noes: frozenset[int], about: str) -> Any:
    """Return the answer, or None for a no."""
    try:
        return question()
    except ClientError as exc:
        status, error = exc.response["ResponseMetadata"]["HTTPStatusCode"], exc.response["Error"]
        if status in noes:
            return None
        reason = " ".join(dict.fromkeys((str(status), error.get("Code", ""), error.get("Message", ""))))
        raise TargetUnreachableError(_no_answer(about, reason)) from exc
    except (BotoCoreError, OSError) as exc:
        raise TargetUnreachableError(_no_answer(about, str(exc))) from exc


def _no_answer(about: str, reason: str) -> str:
    return f"The cloud did not say {about}: {reason.strip().rstrip('.')}. Nothing was changed; run the command again once it answers."
