"""Values that one parse of a batch found, for whoever else wants them.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from local_firehose.journal_chunk import Int64Array


@dataclass(frozen=True, slots=True)
class LeafTexts:
    """Top-level values of some of a batch's records, as JSON text.

    `places[i]` is a record's place in the batch, and ``texts[key][i]`` the text of its value, null where that is null. Each of these
    records is one strict JSON object without a key twice. A key that is not in `texts` was not read; the records may have it or not.
    """

    places: Int64Array
    texts: Mapping[str, pa.StringArray]
