"""List a bucket and sort its keys: delivered objects, error objects, and what does not belong.

Pure but for the listing, which the bucket that is passed in gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from validators.bucket import ObjectSummary
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.object_key import KeyGrammar, ParsedKey


@dataclass(slots=True)
class ObjectFacts:
    """One object as far as it has been looked at. `rows` counts records, `plain_bytes` their size before compression, None if unknown."""

    summary: ObjectSummary
    parsed: ParsedKey
    rows: int = 0
    plain_bytes: int | None = None

    @property
    def key(self) -> str:
        return self.summary.key

    def age_seconds(self, zone: tzinfo) -> float | None:
        """Return the seconds from the oldest record's arrival (in the name) to the object's time in the bucket."""
        if self.parsed.named_at is None:
            return None
        return (self.summary.modified_at - self.parsed.named_at.replace(tzinfo=zone)).total_seconds()


@dataclass(slots=True)
class Inventory:
    """A bucket's keys sorted; misplaced objects are read as what they look like, so that their records are
    not called lost too.
    """

    data: list[ObjectFacts] = field(default_factory=list)
    errors: list[ObjectFacts] = field(default_factory=list)
    others: int = 0
    left_out: int = 0


def take_inventory(evidence: Evidence, findings: Findings) -> Inventory:
    """List the bucket and add a finding for each key that the stream cannot have written."""
    grammar, scope, zone = evidence.grammar(), evidence.scope, time_zone(evidence)
    inventory = Inventory()
    for summary in evidence.bucket.list(scope.prefix):
        if summary.key.startswith(scope.ignore):
            inventory.left_out += 1
            continue
        parsed = grammar.parse(summary.key)
        if parsed.named_at is not None:
            named_at = parsed.named_at.replace(tzinfo=zone)
            if (scope.since and named_at < scope.since) or (scope.until and named_at >= scope.until):
                inventory.left_out += 1
                continue
        findings.extend(_judge(evidence, grammar, parsed))
        facts = ObjectFacts(summary, parsed)
        match parsed.kind:
            case "data":
                inventory.data.append(facts)
            case "error":
                inventory.errors.append(facts)
            case "misplaced" if parsed.error_type:
                inventory.errors.append(facts)
            case "misplaced" if parsed.extension == evidence.extension:
                inventory.data.append(facts)
            case _:
                inventory.others += 1
    return inventory


def _judge(evidence: Evidence, grammar: KeyGrammar, parsed: ParsedKey) -> Iterator[Finding]:
    uri = f"s3://{evidence.bucket.name}/{parsed.key}"
    if parsed.kind == "foreign":
        expected = f"{grammar.stream_name}-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid>{grammar.extension}"
        yield Finding("key.foreign", uri, expected=f"an object named {expected}", found=parsed.key.rpartition("/")[2])
        return
    if parsed.kind == "misplaced":
        expected = grammar.expected_folders(parsed.named_at)
        yield Finding("key.prefix", uri, expected=expected, found=f"{parsed.folder or 'the root'}: {parsed.problem}")
    newest = evidence.stream.version if evidence.stream is not None else parsed.version
    if not 1 <= parsed.version <= newest:
        yield Finding("key.version", uri, expected=f"a version from 1 to {newest}", found=str(parsed.version))
    wanted = "" if parsed.error_type else grammar.extension
    if parsed.kind != "misplaced" and parsed.extension != wanted:
        yield Finding("key.extension", uri, expected=wanted or "no extension", found=parsed.extension or "no extension")


def time_zone(evidence: Evidence) -> tzinfo:
    """Return the zone of the times in keys: CustomTimeZone, UTC by default."""
    name = str(evidence.stream.destination.get("CustomTimeZone") or "UTC") if evidence.stream is not None else "UTC"
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
