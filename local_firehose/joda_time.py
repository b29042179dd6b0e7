"""Timestamps by Joda-Time patterns: the TimestampFormats of the Hive JSON SerDe.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_HiveJsonSerDe.html and
org.apache.hive.common.util.TimestampParser: the formats are tried in order, then java.sql.Timestamp.valueOf; ``millis`` is epoch
milliseconds; the result has milliseconds.
"""

import re
from collections.abc import Sequence

from local_firehose.joda_pattern import JodaPattern
from local_firehose.serde_errors import MalformedDataError
from local_firehose.timestamps import sql_timestamp, wrapped

MILLIS = "millis"
_MILLIS = re.compile(r"(-?\d{1,18})(?:\.\d+)?", re.ASCII)


class TimestampParser:
    """Parses a record's texts by a list of formats."""

    def __init__(self, formats: Sequence[str]) -> None:
        """Compile the formats.

        Raises:
            TimestampPatternError: a letter that is no Joda pattern letter, or an open quote.
        """
        self._parsers = [_parse_millis if text == MILLIS else JodaPattern(text).parse for text in formats]

    def parse(self, text: str) -> int:
        """Return epoch nanoseconds by the first format that fits all of `text`.

        Raises:
            MalformedDataError: no format fits, java.sql.Timestamp.valueOf neither.
        """
        for parse in self._parsers:
            instant = parse(text)
            if instant is not None:
                return instant
        try:
            return sql_timestamp(text)
        except MalformedDataError:
            if self._parsers:
                raise MalformedDataError(f'Cannot parse "{text}" with any of the timestamp formats') from None
            raise


def _parse_millis(text: str) -> int | None:
    match = _MILLIS.fullmatch(text)
    return wrapped(int(match[1]) * 10**6) if match else None
