"""Where a stream's journal and ledger lie.

Pure. The incarnation is part of the name, so that a stream never sees the records of an earlier one of its name.
"""

import hashlib
from pathlib import Path

from local_firehose.engine_port import StreamView


def stream_folder(journals: Path, view: StreamView) -> Path:
    """Return the folder of one incarnation of a stream."""
    stream = view.stream
    mark = hashlib.sha256(f"{stream.arn} {view.incarnation}".encode()).hexdigest()[:12]
    return journals / f"{stream.account_id}.{stream.region}.{stream.name}.{mark}"
