"""`python -m producers store-inventory`.

Talks to: the sender, standard error.
"""

import argparse
import sys
from datetime import UTC, datetime, timedelta

from firehose_spec.quotas import KIB
from producers.bad_records import shares_to_counts
from producers.errors import ConfigError
from producers.run_id import fresh_run_id
from producers.sending import send
from producers.store_inventory import StorePlan
from producers.store_source import StoreSource


def run(given: argparse.Namespace) -> int:
    """Send generated StoreApp events."""
    run_id = given.run_id or fresh_run_id(datetime.now(UTC))
    full_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    plan = StorePlan(
        run_id=run_id,
        seed=given.seed,
        start=given.start or full_hour - timedelta(hours=given.hours),
        events=given.records,
        stores=given.stores,
        hours=given.hours,
        late_share=given.late_share,
        late_seconds=given.late_seconds,
    )
    by_kind = dict(_pair(text) for text in given.bad)
    source = StoreSource(
        plan,
        bad_counts=shares_to_counts(given.records, share=given.bad_share, by_kind=by_kind),
        aggregate_bytes=given.aggregate * KIB,
    )
    exit_code = send(source, given, run_id=run_id, stream=given.stream)
    if source.unaggregated_billed_bytes:
        print(
            f"{given.stream}: aggregation bills {source.billed_bytes / KIB:,.0f} KiB instead of "
            f"{source.unaggregated_billed_bytes / KIB:,.0f} KiB, {source.billed_bytes / source.unaggregated_billed_bytes:.1%}",
            file=sys.stderr,
        )
    return exit_code


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--bad {text}: give it as KIND=COUNT")
    return name.strip(), value.strip()
