"""Which stages a configuration asks for between journal and buffer.

Talks to: jq's processes, through the pool it is given.
"""

from local_firehose.delivery_pipeline import KeyExtractor
from local_firehose.jq import JqPool
from local_firehose.object_key import compile_prefix
from local_firehose.partition_keys import PartitionKeyExtractor
from local_firehose.stream_config import DeliveryConfig


class Stages:
    """Makes the stages of all streams; they share jq's processes."""

    def __init__(self, *, jq: JqPool) -> None:
        self._jq = jq

    def extractor_for(self, config: DeliveryConfig) -> KeyExtractor | None:
        """Return what takes partition keys out of records, where the stream has a MetadataExtraction processor."""
        processor = config.processor("MetadataExtraction")
        if processor is None or not config.is_partitioned:
            return None
        names = compile_prefix(config.s3.prefix).query_keys
        return PartitionKeyExtractor(processor.parameters["MetadataExtractionQuery"], jq=self._jq, names=names)

    def close(self) -> None:
        """End jq's processes."""
        self._jq.close()
