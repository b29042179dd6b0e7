"""The keys that a MetadataExtraction query yields, read off the query without running it on data.

Talks to: libjq in a process of its own, to compile: some programs make it abort. Firehose wants an object constructor, such as
``{store_id: .store_id}``; it refuses a query with keys that the Prefix does not name.
Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
"""

from functools import lru_cache

from local_firehose.jq import JqPool
from local_firehose.jq_errors import JqCompileError
from local_firehose.jq_keys import readable_keys


class QueryError(ValueError):
    """A query that jq does not compile; `reason` is jq's message on one line."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@lru_cache(maxsize=256)  # a process each is dear, and Terraform asks for the same streams again and again
def output_keys(query: str) -> frozenset[str] | None:
    """Return the keys that a query puts out; None where they cannot be read off.

    >>> sorted(output_keys('{store: .store_id, "day": (.at | strftime("%d")), region}') or ())
    ['day', 'region', 'store']

    Raises:
        QueryError: jq does not compile it.
    """
    try:
        with JqPool(workers=1) as jq:
            jq.check(query)
        return readable_keys(query)
    except JqCompileError as error:
        raise QueryError(" ".join(error.reason.split())) from error
