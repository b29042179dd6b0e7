"""Faults injected on purpose, as a script says: which calls, which entries, how often, how long.

Pure: reads a document (JSON types, from the admin path or a YAML file) into rules. `fault_injection` carries them out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from local_firehose.errors import AdminRequestError

EntryError = Literal["ServiceUnavailableException", "InternalFailure"]
CallError = Literal["ServiceUnavailableException", "InternalFailure", "TimeOut"]

_OPERATIONS = ("PutRecord", "PutRecordBatch")
_ENTRY_ERRORS = ("ServiceUnavailableException", "InternalFailure")
_CALL_ERRORS = (*_ENTRY_ERRORS, "TimeOut")
_S3_CODES = ("InternalError", "S3.AccessDenied", "S3.NoSuchBucket", "S3.KMS.NotFoundException", "SlowDown")


@dataclass(frozen=True, slots=True)
class Scope:
    """When a rule applies: to which stream (None: all), to how many calls, for how long after it was set."""

    stream: str | None = None
    times: int | None = None
    for_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class PutRule:
    """What happens to a put: entries that fail by place or by share, the whole call, a delay before the answer.

    `is_stored`: the records are kept although the call fails, as after a lost answer on AWS; the producer's retry then duplicates them.
    """

    scope: Scope
    operation: str | None = None
    fail_entries: frozenset[int] = frozenset()
    fail_share: float = 0.0
    error: EntryError = "ServiceUnavailableException"
    fail_call: CallError | None = None
    is_stored: bool = False
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class S3Rule:
    """S3 fails for the stream, with this code of Firehose's error log; a share of the attempts, all by default."""

    scope: Scope
    code: str = "InternalError"
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Quotas:
    """Throughput of one stream per second; None: the Region's published Direct PUT quota."""

    records: int | None = None
    requests: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class FaultScript:
    """All faults in force; `quotas` is None while throughput is not limited, `active_partitions` while the published limit holds."""

    puts: tuple[PutRule, ...] = ()
    s3: tuple[S3Rule, ...] = ()
    quotas: Quotas | None = None
    active_partitions: int | None = None
    seed: int | None = None
    document: Mapping[str, object] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.puts or self.s3 or self.quotas)


def read_faults(document: object) -> FaultScript:
    """Read a fault script; an empty document or None means no faults.

    Raises:
        AdminRequestError: it names the place, what was found there and what is allowed.
    """
    if document is None:
        return FaultScript()
    top = _Members(document, "the document")
    script = FaultScript(
        puts=tuple(_put_rule(_Members(rule, f"puts[{at}]")) for at, rule in enumerate(top.list("puts"))),
        s3=tuple(_s3_rule(_Members(rule, f"s3[{at}]")) for at, rule in enumerate(top.list("s3"))),
        quotas=_quotas(top.take("quotas")),
        active_partitions=top.whole("active_partitions"),
        seed=top.whole("seed"),
        document=dict(document) if isinstance(document, Mapping) else {},
    )
    top.end()
    return script


def _put_rule(members: "_Members") -> PutRule:
    entries = members.list("fail_entries")
    for at, entry in enumerate(entries):
        if not isinstance(entry, int) or isinstance(entry, bool) or not 0 <= entry < 500:
            raise _refusal(f"{members.place}.fail_entries[{at}]", entry, "the place of an entry, 0 to 499")
    rule = PutRule(
        scope=_scope(members),
        operation=members.choice("operation", _OPERATIONS),
        fail_entries=frozenset(entry for entry in entries if isinstance(entry, int)),
        fail_share=members.number("fail_share", low=0, high=1) or 0.0,
        error=members.choice("error", _ENTRY_ERRORS) or "ServiceUnavailableException",  # type: ignore[arg-type]
        fail_call=members.choice("fail_call", _CALL_ERRORS),  # type: ignore[arg-type]
        is_stored=members.truth("stored"),
        delay_seconds=members.number("delay_seconds", low=0, high=3600) or 0.0,
    )
    members.end()
    if not (rule.fail_entries or rule.fail_share or rule.fail_call or rule.delay_seconds):
        raise AdminRequestError(
            f"{members.place} does nothing; give it fail_entries, fail_share, fail_call or delay_seconds"
        )
    return rule


def _s3_rule(members: "_Members") -> S3Rule:
    share = members.number("share", low=0, high=1)
    rule = S3Rule(
        scope=_scope(members),
        code=members.choice("code", _S3_CODES) or "InternalError",
        share=1.0 if share is None else share,
    )
    members.end()
    return rule


def _scope(members: "_Members") -> Scope:
    return Scope(
        stream=members.text("stream"),
        times=members.whole("times"),
        for_seconds=members.number("for_seconds", low=0, high=10**9),
    )


def _quotas(value: object) -> Quotas | None:
    if value is None or value is False:
        return None
    if value is True:
        return Quotas()
    members = _Members(value, "quotas")
    quotas = Quotas(members.whole("records"), members.whole("requests"), members.whole("bytes"))
    members.end()
    return quotas


class _Members:
    """The members of one object; each is taken once, and what is left over was not meant for us."""

    def __init__(self, value: object, place: str) -> None:
        if not isinstance(value, Mapping):
            raise _refusal(place, value, "an object")
        self.place = place
        self._left: dict[str, object] = {str(name): member for name, member in value.items()}
        self._known: list[str] = []

    def take(self, name: str) -> object:
        self._known.append(name)
        return self._left.pop(name, None)

    def list(self, name: str) -> "list[object]":
        value = self.take(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _refusal(f"{self.place}.{name}", value, "a list")
        return value

    def text(self, name: str) -> str | None:
        value = self.take(name)
        if value is None or value == "*":
            return None
        if not isinstance(value, str):
            raise _refusal(f"{self.place}.{name}", value, "a string")
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, str) or value not in allowed:
            raise _refusal(f"{self.place}.{name}", value, f"one of {', '.join(allowed)}")
        return value

    def number(self, name: str, *, low: float, high: float) -> float | None:
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise _refusal(f"{self.place}.{name}", value, f"a number from {low} to {high}")
        return float(value)

    def whole(self, name: str) -> int | None:
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise _refusal(f"{self.place}.{name}", value, "a whole number from 0")
        return value

    def truth(self, name: str) -> bool:
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise _refusal(f"{self.place}.{name}", value, "true or false")

    def end(self) -> None:
        if self._left:
            name = next(iter(self._left))
            raise AdminRequestError(f"{self.place}.{name} is not known; known: {', '.join(self._known)}")


def _refusal(place: str, value: object, allowed: str) -> AdminRequestError:
    return AdminRequestError(f"{place} is {value!r}; give {allowed}")
