"""Published limits of Amazon Data Firehose, in bytes, records and seconds.

Source: https://docs.aws.amazon.com/firehose/latest/dev/limits.html and the service model (held to it by a test).
"""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * 1024

MAX_RECORD_BYTES = 1000 * KIB  # before base64
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * MIB

BILLING_STEP_BYTES = 5 * KIB  # each Direct PUT record is rounded up to this
MAX_SUB_RECORDS = 500  # deaggregation: a record with more is not split
MAX_ACTIVE_PARTITIONS = 500
MAX_PARTITION_KEYS = 50
MAX_EVALUATED_PREFIX_CHARACTERS = 512
MAX_PREFIX_CHARACTERS = 1024

MIN_BUFFER_MIB, MAX_BUFFER_MIB = 1, 128
MIN_BUFFER_MIB_CONVERTED = 64  # with format conversion or dynamic partitioning
MAX_BUFFER_SECONDS = 900
MIN_BUFFER_SECONDS_PARTITIONED = 60
MAX_RETRY_SECONDS = 7200
DIRECT_PUT_RETENTION_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class DirectPutQuota:
    """What one Direct PUT stream takes per second, before AWS raises it by itself."""

    records: int
    requests: int
    bytes: int


LARGE_REGIONS = frozenset({"us-east-1", "us-west-2", "eu-west-1"})
LARGE_REGION_QUOTA = DirectPutQuota(records=500_000, requests=2_000, bytes=5 * MIB)
OTHER_REGION_QUOTA = DirectPutQuota(records=100_000, requests=1_000, bytes=1 * MIB)


def direct_put_quota(region: str) -> DirectPutQuota:
    """Return the quota of one stream in `region`."""
    return LARGE_REGION_QUOTA if region in LARGE_REGIONS else OTHER_REGION_QUOTA


def billed_bytes(record_bytes: int) -> int:
    """Return what AWS bills for one Direct PUT record: rounded up to 5 KiB, per record, also inside a batch."""
    return -(-record_bytes // BILLING_STEP_BYTES) * BILLING_STEP_BYTES
