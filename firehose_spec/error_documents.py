"""Error objects: newline-delimited JSON, one line per record that could not be delivered. Field names, codes, folder types.

Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html and
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html; marks in docs/fidelity.md.
"""

from typing import Final

PROCESSING_FAILED: Final = "processing-failed"
METADATA_EXTRACTION_FAILED: Final = "metadata-extraction-failed"
FORMAT_CONVERSION_FAILED: Final = "format-conversion-failed"
ACTIVE_PARTITION_EXCEEDED: Final = "activePartitionExceeded"
DECOMPRESSION_FAILED: Final = (
    "decompression-failed"  # documented: https://docs.aws.amazon.com/firehose/latest/dev/decomp-faq.html
)
ERROR_OUTPUT_TYPES = (
    PROCESSING_FAILED,
    METADATA_EXTRACTION_FAILED,
    FORMAT_CONVERSION_FAILED,
    ACTIVE_PARTITION_EXCEEDED,
    DECOMPRESSION_FAILED,
)

# Conversion errors say lastErrorCode where the others say errorCode. documented + observed
CODE_FIELD = {
    PROCESSING_FAILED: "errorCode",
    METADATA_EXTRACTION_FAILED: "errorCode",
    FORMAT_CONVERSION_FAILED: "lastErrorCode",
    ACTIVE_PARTITION_EXCEEDED: "errorCode",
    DECOMPRESSION_FAILED: "errorCode",
}
MESSAGE_FIELD = {kind: code.replace("Code", "Message") for kind, code in CODE_FIELD.items()}

METADATA_EXTRACTION_CODE = "DynamicPartitioning.MetadataExtractionFailed"
ACTIVE_PARTITIONS_CODE = "DynamicPartitioning.ActivePartitionsLimitExceeded"
PARSE_ERROR_CODE = "DataFormatConversion.ParseError"
MALFORMED_DATA_CODE = "DataFormatConversion.MalformedData"

NULL_KEY_MESSAGE = "partitionKeys values must not be null or empty"
NON_JSON_MESSAGE = "Non JSON record provided"
EMPTY_RECORD_MESSAGE = "The record was empty or contained only whitespace."
MALFORMED_JSON_LEAD = "Encountered malformed JSON. "
SCHEMA_MISMATCH_LEAD = "Data does not match the schema. "
