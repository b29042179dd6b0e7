"""What a delivery stream may be called.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
"""

import re

STREAM_NAME = "1 to 64 letters, digits, dots, hyphens and underscores"
_NAME = re.compile(r"[a-zA-Z0-9_.-]{1,64}")


def is_stream_name(text: str) -> bool:
    """Say whether AWS takes `text` as a name.

    >>> is_stream_name("SI-Firehose"), is_stream_name("arn:aws:firehose:us-east-1:123456789012:deliverystream/x")
    (True, False)
    """
    return _NAME.fullmatch(text) is not None
