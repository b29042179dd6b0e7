"""Take the partition keys of dynamic partitioning out of records, or say why a record has none.

Talks to: the jq processes of the `JqPool` it is given. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from firehose_spec.error_documents import METADATA_EXTRACTION_CODE, METADATA_EXTRACTION_FAILED
from local_firehose.jq import Codes, JqPool
from local_firehose.jq_keys import query_keys
from local_firehose.records import Failure, Record

__all__ = ["Extracted", "PartitionKeyExtractor", "extraction_failure", "query_keys"]


@dataclass(frozen=True, slots=True)
class Extracted:
    """The keys of a batch, dictionary-encoded so that grouping is cheap.

    `codes` holds for each record (int32) its place in `distinct`, or -1 where `failures` has AWS's message for it; each entry of
    `distinct` has the values of `names`, in that order. Every entry of `distinct` is used, none occurs twice.
    """

    names: tuple[str, ...]
    codes: Codes
    distinct: list[tuple[str, ...]]
    failures: dict[int, str]

    def mapping(self, code: int) -> dict[str, str]:
        """Return the keys of one code by name, as a prefix expression wants them."""
        return dict(zip(self.names, self.distinct[code], strict=True))


class PartitionKeyExtractor:
    """Evaluates one MetadataExtractionQuery.

    >>> with JqPool(workers=1) as jq:
    ...     found = PartitionKeyExtractor("{store: .s}", jq=jq).extract([b'{"s":"S1"}', b"{}"])
    >>> found.codes.tolist(), found.distinct, found.failures
    ([0, -1], [('S1',)], {1: 'partitionKeys values must not be null or empty'})
    """

    def __init__(self, query: str, *, jq: JqPool, names: Sequence[str] | None = None) -> None:
        """Read `names` (default: all that the query's syntax names) out of the query's result.

        Raises:
            JqCompileError: `query` is not a jq 1.6 program.
        """
        self.names = tuple(query_keys(query) if names is None else names)
        self._query, self._jq = query, jq

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record; every record is one JSON document."""
        found = self._jq.keys(self._query, self.names, records)
        return Extracted(self.names, found.codes, found.distinct, found.failures)


def extraction_failure(record: Record, message: str) -> Failure:
    """Return the failure of a record without partition keys."""
    return Failure(record, METADATA_EXTRACTION_FAILED, METADATA_EXTRACTION_CODE, message)
