"""Rows that some of a batch's records became, and several such parts as one.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from local_firehose.journal_chunk import Int64Array
from local_firehose.leaf_texts import LeafTexts


@dataclass(frozen=True, slots=True)
class BulkRows:
    """Rows of the records that were taken: row i came from record `places[i]`, in order.

    `leaves` has the values of further interest of those records that lay in one piece.
    """

    table: pa.Table
    places: Int64Array
    leaves: LeafTexts


def no_leaves() -> LeafTexts:
    """Return the values of no record."""
    return LeafTexts(np.zeros(0, np.int64), {})


def joined(parts: Sequence[BulkRows], schema: pa.Schema) -> BulkRows:
    """Return the parts as one; they have no record in common."""
    if not parts:
        return BulkRows(schema.empty_table(), np.zeros(0, np.int64), no_leaves())
    if len(parts) == 1:
        return parts[0]
    places = np.concatenate([part.places for part in parts])
    order = np.argsort(places, kind="stable")
    table = pa.concat_tables([part.table for part in parts]).take(pa.array(order))
    return BulkRows(table, places[order], _joined_leaves([part.leaves for part in parts]))


def _joined_leaves(leaves: Sequence[LeafTexts]) -> LeafTexts:
    """Return the values of all parts in which the same keys were read as in the largest."""
    largest = max(leaves, key=lambda each: len(each.places))
    alike = [each for each in leaves if each.texts.keys() == largest.texts.keys()]
    return LeafTexts(
        np.concatenate([each.places for each in alike]),
        {key: pa.concat_arrays([each.texts[key] for each in alike]) for key in largest.texts},
    )
