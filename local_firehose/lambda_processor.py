"""Send records through a transforming Lambda function: invocations, retries, and what failed.

Talks to: the Lambda API, through the client it is given. Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from firehose_spec.error_documents import PROCESSING_FAILED as OUTPUT_TYPE
from local_firehose import lambda_protocol
from local_firehose.errors import BackingServiceError
from local_firehose.lambda_protocol import Dropped, Refused, Transformed, Verdict
from local_firehose.records import Failure, Record
from local_firehose.stream_config import Processor, StreamId

_MIB = 1024 * 1024
_MAX_PAYLOAD_BYTES = 6 * _MIB  # documented: each way of a synchronous invocation
_RECORD_OVERHEAD_BYTES = 200  # ids, names and punctuation around a record's data
_DEFAULT_BUFFER_MIB = 1.0
_DEFAULT_RETRIES = 3
_FIRST_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 0.1, 5.0

_BY_ERROR_CODE = {
    "TooManyRequestsException": lambda_protocol.INVOKE_LIMIT_EXCEEDED,
    "ThrottlingException": lambda_protocol.INVOKE_LIMIT_EXCEEDED,
    "ResourceNotFoundException": lambda_protocol.RESOURCE_NOT_FOUND,
    "AccessDeniedException": lambda_protocol.INVOKE_ACCESS_DENIED,
}


class LambdaClient(Protocol):
    """The part of a boto3 Lambda client that is used; its read timeout should be 300 s, Firehose's own limit, and its retries none."""

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Mapping[str, Any]: ...  # noqa: N803


@dataclass(frozen=True, slots=True)
class LambdaOutcome:
    """What the function left of some records."""

    records: list[Record]
    failures: list[Failure]
    dropped: list[Record]


class LambdaProcessor:
    """One stream's Lambda stage.

    Args of the constructor: `new_id` gives a fresh id, unique as long as an invocation lasts; `sleep` takes seconds; `on_invoked` hears
    of each invocation how many milliseconds it took and whether the function returned an answer.
    """

    def __init__(
        self,
        processor: Processor,
        *,
        stream: StreamId,
        client: LambdaClient,
        new_id: Callable[[], str],
        sleep: Callable[[float], None],
        on_invoked: Callable[[float, bool], None] = lambda _milliseconds, _is_answered: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._arn = processor.parameters["LambdaArn"]
        self._retries = int(float(processor.parameters.get("NumberOfRetries", _DEFAULT_RETRIES)))
        self.buffer_bytes = int(float(processor.parameters.get("BufferSizeInMBs", _DEFAULT_BUFFER_MIB)) * _MIB)
        self._stream, self._client, self._new_id, self._sleep = stream, client, new_id, sleep
        self._on_invoked, self._monotonic = on_invoked, monotonic

    def transform(self, records: Sequence[Record]) -> LambdaOutcome:
        """Invoke the function on all records, as many at a time as BufferSizeInMBs and Lambda's payload limit allow.

        Raises:
            BackingServiceError: Lambda cannot be reached at all; nothing was decided, try again later.
        """
        outcome = LambdaOutcome([], [], [])
        for batch in _batches(records, self.buffer_bytes):
            part = self._transform_batch(batch)
            outcome.records.extend(part.records)
            outcome.failures.extend(part.failures)
            outcome.dropped.extend(part.dropped)
        return outcome

    def _transform_batch(self, records: Sequence[Record]) -> LambdaOutcome:
        record_ids = [self._new_id() for _ in records]
        payload = lambda_protocol.request(
            records,
            record_ids,
            invocation_id=self._new_id(),
            stream_arn=self._stream.arn,
            region=self._stream.region,
        )
        answer, attempts = self._invoke(payload)
        decided: Sequence[Verdict]
        decided = (
            [answer] * len(records) if isinstance(answer, Refused) else lambda_protocol.verdicts(answer, record_ids)
        )
        outcome = LambdaOutcome([], [], [])
        for record, verdict in zip(records, decided, strict=True):
            if isinstance(verdict, Transformed):
                outcome.records.append(replace(record, data=verdict.data, lambda_keys=verdict.partition_keys))
            elif isinstance(verdict, Refused):
                outcome.failures.append(
                    Failure(record, OUTPUT_TYPE, verdict.code, verdict.message, attempts, lambda_arn=self._arn)
                )
            elif isinstance(verdict, Dropped):
                outcome.dropped.append(record)
        return outcome

    def _invoke(self, payload: bytes) -> tuple[bytes | Refused, int]:
        """Return the function's answer or why there is none, and how many attempts it took.

        observed: an error of the function is tried again, a wrong answer is final.
        """
        refused = lambda_protocol.FUNCTION_ERROR
        for attempt in range(1, self._retries + 2):
            if attempt > 1:
                self._sleep(min(_MAX_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 2)))
            began = self._monotonic()
            answer = self._attempt(payload)
            self._on_invoked((self._monotonic() - began) * 1000, isinstance(answer, bytes))
            if isinstance(answer, bytes):
                return answer, attempt
            refused = answer
        return refused, self._retries + 1

    def _attempt(self, payload: bytes) -> bytes | Refused:
        try:
            response = self._client.invoke(FunctionName=self._arn, InvocationType="RequestResponse", Payload=payload)
            body: bytes = response["Payload"].read()
        except ClientError as error:
            return _BY_ERROR_CODE.get(error.response.get("Error", {}).get("Code", ""), lambda_protocol.FUNCTION_ERROR)
        except ReadTimeoutError:
            return lambda_protocol.FUNCTION_TIMED_OUT
        except BotoCoreError as error:  # no answer at all: our environment's trouble, not the records'
            raise BackingServiceError("lambda", self._arn, str(error)) from error
        if response.get("FunctionError"):
            timed_out = b"Task timed out after" in body
            return lambda_protocol.FUNCTION_TIMED_OUT if timed_out else lambda_protocol.FUNCTION_ERROR
        return body


def _batches(records: Sequence[Record], buffer_bytes: int) -> Iterator[Sequence[Record]]:
    """Cut records into invocations: at most `buffer_bytes` of data, and 6 MiB of payload once it is base64."""
    start = size = payload = 0
    for at, record in enumerate(records):
        encoded = -(-len(record.data) // 3) * 4 + _RECORD_OVERHEAD_BYTES
        if at > start and (
            size + len(record.data) > buffer_bytes or payload + encoded > _MAX_PAYLOAD_BYTES - _MIB // 64
        ):
            yield records[start:at]
            start, size, payload = at, 0, 0
        size += len(record.data)
        payload += encoded
    if start < len(records):
        yield records[start:]
