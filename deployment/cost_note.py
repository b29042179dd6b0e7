"""What the stacks cost on AWS, roughly: shown before anything is made.

Pure. Prices are those of us-east-2 in USD as of 2025, before taxes and free tiers; other Regions differ by some tens of per cent.
Source: https://aws.amazon.com/firehose/pricing/, https://aws.amazon.com/cloudwatch/pricing/
"""

from collections.abc import Sequence

from deployment.stacks import Stack
from firehose_spec.quotas import billed_bytes

INGEST_PER_GB = 0.029
CONVERSION_PER_GB = 0.018
PARTITIONING_PER_GB = 0.020
PARTITIONING_PER_THOUSAND_OBJECTS = 0.005
JQ_PER_HOUR = 0.07
ALARM_PER_MONTH = 0.10
PUT_PER_THOUSAND = 0.005

_ALARMS = {"store-inventory": 2, "apache-logs": 1}
_RECORD_BYTES = 250  # both sources; any record is billed as 5 KiB


def cost_note(stacks: Sequence[Stack]) -> str:
    """Return what the stacks cost a month when idle, and what a million records cost."""
    idle = sum(_ALARMS[stack.pipeline] for stack in stacks) * ALARM_PER_MONTH
    billed_gb = 1_000_000 * billed_bytes(_RECORD_BYTES) / 1e9
    parts = []
    for stack in stacks:
        per_gb = INGEST_PER_GB + (CONVERSION_PER_GB if stack.pipeline == "store-inventory" else 0)
        parts.append(f"{stack.pipeline} {billed_gb * per_gb:.2f} USD")
    return (
        f"Cost: about {idle:.2f} USD a month for alarms while nothing is sent; a million records: {', '.join(parts)} "
        f"(each is billed as 5 KiB), and where partitioned {PARTITIONING_PER_GB:.3f} USD a GB delivered and "
        f"{PARTITIONING_PER_THOUSAND_OBJECTS + PUT_PER_THOUSAND:.3f} USD a thousand objects and {JQ_PER_HOUR:.2f} USD an hour of jq."
    )
