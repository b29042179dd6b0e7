"""Records as delivery passes them from stage to stage.

Pure. A `Record` keeps a reference to the put it came from, so that whatever a stage does to the bytes, a failure can report the bytes
that were sent (error objects carry the original `rawData`), and the ledger can account for every accepted record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ErrorOutputType = Literal[
    "processing-failed",
    "metadata-extraction-failed",
    "format-conversion-failed",
    "activePartitionExceeded",
    "decompression-failed",
]


@dataclass(frozen=True, slots=True)
class Record:
    """One record, or one sub-record after deaggregation.

    `sequence` is the accepted record's place in its stream's journal (0, 1, 2 …; sub-records share it); `arrived_ms` is its approximate
    arrival in epoch milliseconds; `original` is what the producer sent, `data` what the stages so far made of it; `lambda_keys` is set
    by a Lambda processor; `ordinal` tells the sub-records of one record apart, in the order deaggregation found them.
    """

    sequence: int
    arrived_ms: int
    data: bytes
    original: bytes
    lambda_keys: Mapping[str, str] | None = None
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that goes to the error output instead; `error_code` and `error_message` are AWS's words.

    `attempts` is AWS's attemptsMade; `lambda_arn` is set for Lambda failures only.
    """

    record: Record
    output_type: ErrorOutputType
    error_code: str
    error_message: str
    attempts: int = 1
    lambda_arn: str | None = None
