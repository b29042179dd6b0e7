"""Which partition each record belongs to: key values by query and by Lambda, one partition for each evaluated prefix.

Pure but for jq's process behind the extractor. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import pyarrow as pa

from firehose_spec.error_documents import NULL_KEY_MESSAGE
from firehose_spec.quotas import MAX_EVALUATED_PREFIX_CHARACTERS
from local_firehose.delivery_rows import Identity
from local_firehose.errors import PrefixExpressionError
from local_firehose.journal_chunk import Int64Array
from local_firehose.leaf_texts import LeafTexts
from local_firehose.object_key import RANDOM_STRING_CHARACTERS, CompiledPrefix
from local_firehose.partition_keys import Extracted

UNPARTITIONED = -1
_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_ANY_RANDOM_STRING = "-" * RANDOM_STRING_CHARACTERS
_MAX_KNOWN_PARTITIONS = 100_000
_MAX_KEY_BYTES = 1024  # of UTF-8; documented: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_KEY_TOO_LONG_MESSAGE = f"The object's key would be longer than the {_MAX_KEY_BYTES} bytes that S3 takes"
_TOO_LONG_MESSAGE = f"Length of evaluated prefix cannot be greater than {MAX_EVALUATED_PREFIX_CHARACTERS}"

LambdaKeys = Sequence[dict[str, str] | None]


class KeyExtractor(Protocol):
    """Evaluates the metadata extraction query; yields the values of the prefix's query keys, in their order.

    `leaf_keys` are the top-level keys of a record whose values decide, where the query lets that be known.
    """

    @property
    def leaf_keys(self) -> tuple[str, ...]: ...

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record."""
        ...

    def extract_read(self, records: pa.BinaryArray, read: LeafTexts) -> Extracted:
        """Return the same, sparing what was read already."""
        ...


@dataclass(frozen=True, slots=True)
class Partitioned:
    """Place of each record's partition in `identities`, or -1 where `refused` has the message for it, by place."""

    codes: Int64Array
    identities: list[Identity]
    refused: list[tuple[int, str]]


class Partitioner:
    """Assigns partitions by a prefix; use it from one thread at a time. Without `is_partitioned` there is one for all records.

    `name_bytes` is how long the names of objects are, which come after the prefix; `on_extracted` hears how many milliseconds the query took for a batch of records.
    """

    def __init__(
        self,
        prefix: CompiledPrefix,
        *,
        is_partitioned: bool,
        extractor: KeyExtractor | None,
        name_bytes: int = 0,
        on_extracted: Callable[[float], None] = lambda _milliseconds: None,
    ) -> None:
        self._prefix = prefix
        self._is_partitioned = is_partitioned
        self._extractor = extractor
        self._name_bytes = name_bytes
        self._on_extracted = on_extracted
        self._canonical: dict[str, Identity] = {}
        self._known: dict[Identity, Identity] = {}

    @property
    def leaf_keys(self) -> tuple[str, ...]:
        """The top-level keys whose values help if they are read already."""
        return () if self._extractor is None or not self._is_partitioned else self._extractor.leaf_keys

    def partition(
        self, records: pa.BinaryArray, lambda_keys: LambdaKeys | None, read: LeafTexts | None = None
    ) -> Partitioned:
        """Return the partition of each record; `read` has values of `leaf_keys` that are known already."""
        codes = np.zeros(len(records), dtype=np.int64)
        if not self._is_partitioned:
            return Partitioned(codes, [()], [])
        found: list[Identity] = [()]
        refused: list[tuple[int, str]] = []
        if self._extractor is not None:
            extractor, began = self._extractor, time.perf_counter()
            extracted = (
                extractor.extract(records.to_pylist()) if read is None else extractor.extract_read(records, read)
            )
            self._on_extracted((time.perf_counter() - began) * 1000)
            codes, found = extracted.codes.astype(np.int64), list(extracted.distinct)
            refused = list(extracted.failures.items())
        if self._prefix.lambda_keys:
            codes, found = self._with_lambda_keys(codes, found, lambda_keys)
        identities: dict[Identity, int] = {}
        translation = np.full(len(found) + 1, UNPARTITIONED, dtype=np.int64)  # the last place serves code -1
        for code, values in enumerate(found):
            try:
                translation[code] = identities.setdefault(self._identity(values), len(identities))
            except (PrefixExpressionError, _UnusableKeysError) as error:
                refused += [(place, str(error)) for place in np.flatnonzero(codes == code).tolist()]
        return Partitioned(translation[codes], list(identities) or [()], refused)

    def folder(self, identity: Identity, *, arrived_at: datetime, random_string: Callable[[], str]) -> str:
        """Return the evaluated prefix of a partition.

        Raises:
            PrefixExpressionError: a value is missing.
        """
        split = len(self._prefix.query_keys)
        return self._prefix.evaluate(
            arrived_at=arrived_at,
            partition_keys=dict(zip(self._prefix.query_keys, identity[:split], strict=False)),
            lambda_keys=dict(zip(self._prefix.lambda_keys, identity[split:], strict=False)),
            random_string=random_string,
        )

    def _with_lambda_keys(
        self, codes: Int64Array, found: list[Identity], lambda_keys: LambdaKeys | None
    ) -> tuple[Int64Array, list[Identity]]:
        combined: dict[Identity, int] = {}
        result = np.full(len(codes), UNPARTITIONED, dtype=np.int64)
        for place, code in enumerate(codes.tolist()):
            if code >= 0:
                own = (lambda_keys[place] if lambda_keys else None) or {}
                values = (*found[code], *(own.get(name, "") for name in self._prefix.lambda_keys))
                result[place] = combined.setdefault(values, len(combined))
        return result, list(combined)

    def _identity(self, values: Identity) -> Identity:
        """Return the one set of values that stands for all that evaluate to the same prefix."""
        known = self._known.get(values)
        if known is None:
            if len(self._known) >= _MAX_KNOWN_PARTITIONS:
                self._known.clear()
                self._canonical.clear()
            known = self._known[values] = self._canonical.setdefault(self._folder_of(values), values)
        return known

    def _folder_of(self, values: Identity) -> str:
        """Return what stands for the evaluated prefix of all records with these values."""
        if not all(values):  # decided: docs/fidelity/delivery.md#lambda-key-missing, as a null key of the query
            raise _UnusableKeysError(NULL_KEY_MESSAGE)
        folder = self.folder(values, arrived_at=_ANY_INSTANT, random_string=lambda: _ANY_RANDOM_STRING)
        if len(folder) > MAX_EVALUATED_PREFIX_CHARACTERS:
            # documented: the limit, and that what cannot be evaluated goes to the error prefix; S3 would refuse such a key for ever.
            # decided: docs/fidelity/processing.md#long-prefixes, the type and the words
            raise _UnusableKeysError(_TOO_LONG_MESSAGE)
        if (
            len(folder.encode()) + self._name_bytes > _MAX_KEY_BYTES
        ):  # decided: docs/fidelity/processing.md#long-prefixes
            raise _UnusableKeysError(_KEY_TOO_LONG_MESSAGE)
        return folder


class _UnusableKeysError(Exception):
    """A key that a Lambda did not give, or gave empty; or keys with which the prefix becomes longer than it may be."""
