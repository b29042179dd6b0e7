"""Which stages a configuration asks for between journal and buffer.

Talks to: jq's processes and Lambda, through the pool and the clients it is given.
"""

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from local_firehose.delivery_partitions import KeyExtractor
from local_firehose.delivery_pipeline import LambdaHints
from local_firehose.jq import JqPool
from local_firehose.lambda_processor import LambdaProcessor
from local_firehose.metrics import MetricBook
from local_firehose.object_key import compile_prefix
from local_firehose.partition_keys import PartitionKeyExtractor
from local_firehose.processing import Process, processing_for
from local_firehose.stream_config import DeliveryConfig

_DEFAULT_LAMBDA_MIB, _DEFAULT_LAMBDA_SECONDS = 1.0, 60.0  # documented: BufferSizeInMBs, BufferIntervalInSeconds


class Stages:
    """Makes the stages of all streams; they share jq's processes. `lambda_client` returns the client of a Region."""

    def __init__(self, *, jq: JqPool, lambda_client: Callable[[str], Any], metrics: MetricBook | None = None) -> None:
        self._jq = jq
        self._lambda_client = lambda_client
        self._metrics = MetricBook() if metrics is None else metrics

    def extractor_for(self, config: DeliveryConfig) -> KeyExtractor | None:
        """Return what takes partition keys out of records, where the stream has a MetadataExtraction processor."""
        processor = config.processor("MetadataExtraction")
        if processor is None or not config.is_partitioned:
            return None
        names = compile_prefix(config.s3.prefix).query_keys
        return PartitionKeyExtractor(processor.parameters["MetadataExtractionQuery"], jq=self._jq, names=names)

    def process_for(self, config: DeliveryConfig) -> Process | None:
        """Return the stages before partitioning, where the stream has any."""
        return processing_for(config, lambda_stage=lambda: self._lambda_stage(config))

    def close(self) -> None:
        """End jq's processes."""
        self._jq.close()

    def _lambda_stage(self, config: DeliveryConfig) -> LambdaProcessor:
        processor = config.processor("Lambda")
        if processor is None:
            raise ValueError(f"{config.stream.name} has no Lambda processor; ask only where there is one")

        def count(milliseconds: float, is_answered: bool) -> None:
            self._metrics.add(config.stream, "ExecuteProcessing.Duration", milliseconds, "Milliseconds")
            self._metrics.add(config.stream, "ExecuteProcessing.Success", int(is_answered))

        region = processor.parameters["LambdaArn"].split(":")[3]
        return LambdaProcessor(
            processor,
            stream=config.stream,
            client=self._lambda_client(region or config.stream.region),
            new_id=lambda: str(uuid4()),
            sleep=time.sleep,
            on_invoked=count,
        )


def lambda_hints(config: DeliveryConfig) -> LambdaHints | None:
    """Return how many bytes, or how long, the Lambda stage gathers before it invokes; None without a Lambda processor."""
    processor = config.processor("Lambda")
    if processor is None:
        return None
    parameters = processor.parameters
    return LambdaHints(
        size_bytes=int(float(parameters.get("BufferSizeInMBs", _DEFAULT_LAMBDA_MIB)) * 1024 * 1024),
        interval_seconds=float(parameters.get("BufferIntervalInSeconds", _DEFAULT_LAMBDA_SECONDS)),
    )
