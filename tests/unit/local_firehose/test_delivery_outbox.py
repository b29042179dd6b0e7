"""Objects are promised before they are written, and what is promised is written without waiting for all the others' promises."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from local_firehose import delivery_outbox
from local_firehose.buffering import Buffer, Slice
from local_firehose.delivery_outbox import Outbox
from local_firehose.delivery_run import Run
from local_firehose.ledger import PlannedObject


class Steps:
    """Ledger and upload threads in one, which only note what they are told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self._id = 0

    def next_id(self) -> int:
        self._id += 1
        return self._id

    def plan(self, objects: list[PlannedObject]) -> None:
        self.told.append(("promised", len(objects)))

    def submit(self, jobs: list[Any]) -> None:
        self.told.append(("written", len(jobs)))


def buffer(number: int, rows: int) -> Buffer:
    run = Run(pa.table({"n": list(range(rows))}), np.arange(rows, dtype=np.int64) << 20, [0, rows])
    return Buffer((str(number),), 0, 0, 0, rows, 8 * rows, [Slice(run, 0, rows)])


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        pytest.param([], [], id="none"),
        pytest.param([1, 2, 3], [("promised", 3), ("written", 3)], id="few-rows-in-one-go"),
        pytest.param(
            [6, 6, 20, 1, 1],
            [("promised", 2), ("written", 2), ("promised", 1), ("written", 1), ("promised", 2), ("written", 2)],
            id="many-rows-in-turns",
        ),
        pytest.param([10], [("promised", 1), ("written", 1)], id="no-empty-turn"),
    ],
)
def test_many_rows_are_promised_in_turns(
    rows: list[int], told: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_outbox, "ROWS_A_PROMISE", 10)
    steps = Steps()
    tools = SimpleNamespace(uploads=steps)
    setup = SimpleNamespace(
        destination=lambda _kind: SimpleNamespace(bucket="bucket"),
        key=lambda _kind, identity, arrived_ms: f"{identity[0]}-{arrived_ms}",
    )
    outbox = Outbox(
        cast("Any", steps), tools=cast("Any", tools), signal=lambda: None, on_error=lambda _code, _message: None
    )
    outbox.plan(
        (("data", buffer(number, size)) for number, size in enumerate(rows)), cast("Any", setup), cast("Any", None)
    )
    assert steps.told == told
    assert len(outbox.ids) == len(rows)
