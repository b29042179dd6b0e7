"""A stream record as DescribeDeliveryStream shows it.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
"""

from copy import deepcopy
from typing import Any

from local_firehose.config_defaults import s3_mirror
from local_firehose.stream_record import DIRECT_PUT, StreamRecord

DESTINATION_ID = "destinationId-000000000001"  # observed: turbot/steampipe-plugin-aws#769


def described(record: StreamRecord, *, with_destination: bool = True) -> dict[str, Any]:
    """Return the DeliveryStreamDescription."""
    description: dict[str, Any] = {
        "DeliveryStreamName": record.name,
        "DeliveryStreamARN": record.stream.arn,
        "DeliveryStreamStatus": record.status,
    }
    if record.type == DIRECT_PUT:
        description["DeliveryStreamEncryptionConfiguration"] = dict(record.encryption)
    description |= {
        "DeliveryStreamType": record.type,
        "VersionId": str(record.version),
        "CreateTimestamp": record.created_at_ms / 1000,
    }
    if record.updated_at_ms is not None:  # observed: absent before the first update
        description["LastUpdateTimestamp"] = record.updated_at_ms / 1000
    source = {
        "DirectPutSourceDescription": record.direct_put_source,
        "KinesisStreamSourceDescription": record.kinesis_source,
    }
    if any(source.values()):
        description["Source"] = {name: deepcopy(part) for name, part in source.items() if part}
    # observed: the configuration comes twice (getmoto/moto, floci-io/floci)
    destination = {
        "DestinationId": DESTINATION_ID,
        "S3DestinationDescription": s3_mirror(record.destination),
        "ExtendedS3DestinationDescription": deepcopy(record.destination),
    }
    description["Destinations"] = [destination] if with_destination else []
    description["HasMoreDestinations"] = False
    return description
