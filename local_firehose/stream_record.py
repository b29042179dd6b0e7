"""One delivery stream as the control plane keeps it: the wire form that Describe echoes, and what belongs to it.

Pure. CamelCase keys are AWS's own. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from local_firehose.stream_config import StreamId

Document = dict[str, Any]

CREATING, ACTIVE, DELETING = "CREATING", "ACTIVE", "DELETING"
CREATING_FAILED, DELETING_FAILED = "CREATING_FAILED", "DELETING_FAILED"
DIRECT_PUT, KINESIS_SOURCE = "DirectPut", "KinesisStreamAsSource"


@dataclass(slots=True)
class StreamRecord:
    """A stream; times are epoch milliseconds.

    `destination` is the ExtendedS3DestinationDescription; `encryption` the DeliveryStreamEncryptionConfiguration; `settles_at_ms` is when
    a status that passes by itself (CREATING, ENABLING, DISABLING) does so, None while nothing is under way.
    """

    account_id: str
    region: str
    name: str
    incarnation: str
    type: str
    version: int
    status: str
    created_at_ms: int
    destination: Document
    encryption: Document
    updated_at_ms: int | None = None
    settles_at_ms: int | None = None
    kinesis_source: Document | None = None
    direct_put_source: Document | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    encryption_changes_ms: list[int] = field(default_factory=list)

    @property
    def stream(self) -> StreamId:
        return StreamId(self.account_id, self.region, self.name)

    @property
    def is_encrypted(self) -> bool:
        """Whether puts answer Encrypted: server-side encryption is on, or on its way off."""
        return self.encryption.get("Status") in {"ENABLED", "DISABLING", "DISABLING_FAILED"}

    def to_document(self) -> Document:
        """Return the record as JSON types."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Document) -> "StreamRecord":
        """Read what `to_document` wrote."""
        return cls(**document)
