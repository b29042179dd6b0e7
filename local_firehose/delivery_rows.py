"""Rows between processing and buffering: the columns to deliver, and where each row comes from and goes to.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from local_firehose.journal_chunk import Int64Array

RAW = "data"

Identity = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in journal order.

    `table` is what is delivered; `codes[i]` is the place of row i's buffer in `identities`; `origins[i]` is the place of its record in
    the chunk that it was read from; `sizes` are bytes before compression and conversion. Rows of one record share a row id.
    """

    table: pa.Table
    row_ids: Int64Array
    arrived_ms: Int64Array
    opened_ms: Int64Array
    sizes: Int64Array
    origins: Int64Array
    codes: Int64Array
    identities: Sequence[Identity]

    def __len__(self) -> int:
        return len(self.row_ids)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Rows":
        """Return the rows that `mask` keeps."""
        if bool(mask.all()):
            return self
        return self._taken(np.flatnonzero(mask))

    def by_identity(self) -> tuple["Rows", list[Identity], list[int]]:
        """Return the rows grouped by buffer (journal order within one), the buffers found, and where each begins and ends."""
        counts = np.bincount(self.codes, minlength=len(self.identities))
        present = np.flatnonzero(counts)
        bounds = [0, *np.cumsum(counts[present]).tolist()]
        grouped = self
        if len(present) > 1:
            codes = self.codes.astype(np.uint16) if len(self.identities) < 1 << 16 else self.codes  # radix sort
            grouped = self._taken(np.argsort(codes, kind="stable"))
        return grouped, [self.identities[code] for code in present.tolist()], bounds

    def _taken(self, places: npt.NDArray[np.intp]) -> "Rows":
        return replace(
            self,
            table=self.table.take(pa.array(places)),
            row_ids=self.row_ids[places],
            arrived_ms=self.arrived_ms[places],
            opened_ms=self.opened_ms[places],
            sizes=self.sizes[places],
            origins=self.origins[places],
            codes=self.codes[places],
        )


def raw_table(values: pa.BinaryArray) -> pa.Table:
    """Return a table of records that are delivered as they are."""
    return pa.table({RAW: values})
