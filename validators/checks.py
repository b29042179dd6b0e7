"""Every check that `verify` makes: its stable id, its title, what it proves, and what to do when it fails.

Pure data. docs/checks.md is held equal to this list by a test; an id is never renamed silently.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `about` says what it proves; `advice` what usually explains a failure."""

    id: str
    title: str
    about: str
    advice: str

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]


_ALL = (
    Check(
        "configuration.stream",
        "1 stream exists, ACTIVE, source Direct PUT",
        "DescribeDeliveryStream answers, the status is ACTIVE and the source is DirectPut.",
        "Deploy the stack; a stream in CREATING needs a moment, one in CREATING_FAILED can only be deleted.",
    ),
    Check(
        "configuration.destination",
        "2 destination bucket and IAM role",
        "The stream delivers into the declared bucket with the declared role, and the bucket answers.",
        "Something changed the stream outside Terraform: `make plan` shows it.",
    ),
    Check(
        "configuration.conversion",
        "3 record format conversion",
        "Conversion is on with the declared Glue table, Region, deserializer, serializer and codec, and that table exists; "
        "or it is off where none is declared.",
        "Compare DataFormatConversionConfiguration with the stack's outputs.",
    ),
    Check(
        "configuration.partitioning",
        "4 dynamic partitioning, retry, jq query",
        "Dynamic partitioning is on with the declared retry duration and a jq query equal to the declared key map, "
        "and the prefix uses exactly these keys; or it is off where none is declared.",
        "Dynamic partitioning can be turned on only when a stream is created: replace the stream.",
    ),
    Check(
        "configuration.prefix",
        "5 S3 bucket prefix",
        "The stream's Prefix is the declared one.",
        "Something changed the stream outside Terraform: `make plan` shows it.",
    ),
    Check(
        "configuration.error_prefix",
        "6 S3 bucket error output prefix",
        "The stream's ErrorOutputPrefix is the declared one.",
        "Something changed the stream outside Terraform: `make plan` shows it.",
    ),
    Check(
        "configuration.buffering",
        "7 buffering hints and compression",
        "Buffer size, interval and compression format are the declared ones and within what AWS takes.",
        "Something changed the stream outside Terraform: `make plan` shows it.",
    ),
    Check(
        "configuration.rest",
        "the rest of the description",
        "Logging, source backup, processors, file extension and time zone are as the stack declares them: the log group on, "
        "no other processor, no backup, no extension, UTC.",
        "Something changed the stream outside Terraform: `make plan` shows it.",
    ),
    Check(
        "configuration.query_table",
        "query table agrees with the conversion table",
        "The query table exists, has the conversion table's columns in the same order, and its projection is complete.",
        "Both tables come from one list of columns in the stack: apply it again.",
    ),
    Check(
        "key.foreign",
        "every object is named as the stream names objects",
        "The name is <stream>-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid><extension>.",
        "Something other than the stream writes into the bucket; --ignore PREFIX leaves a folder out.",
    ),
    Check(
        "key.prefix",
        "every object lies in a folder that the prefixes give",
        "The folder is what Prefix or ErrorOutputPrefix evaluates to, its time the one in the object's name.",
        "An object was moved or copied, or the prefix was changed after it was delivered.",
    ),
    Check(
        "key.version",
        "the version in the name existed",
        "The version in the name lies between 1 and the stream's current VersionId.",
        "The object comes from another stream of this name.",
    ),
    Check(
        "key.extension",
        "the extension follows the format",
        ".parquet or .orc after conversion, else that of the compression format or FileExtension; none on error objects.",
        "The object was renamed, or the format was changed after it was delivered.",
    ),
    Check(
        "object.headers",
        "Content-Type and Content-Encoding",
        "application/octet-stream, and the Content-Encoding that Firehose sets for the format; none on error objects.",
        "The object was copied or written again without its headers.",
    ),
    Check(
        "object.readable",
        "every object can be read",
        "The body is a whole file of its format: Parquet with magic and footer, or the compression format's own framing.",
        "The object was cut short or overwritten.",
    ),
    Check(
        "layout.partition",
        "each row lies in the folder that its own values name",
        "The key expressions, evaluated here over every row, give the object's folder; no key is null or empty.",
        "An object was moved into another folder, or a row's key columns were changed.",
    ),
    Check(
        "parquet.columns",
        "columns as in Glue, in the same order",
        "The file's columns are the Glue table's StorageDescriptor columns: same names, same order, none more.",
        "The table was changed after the object was delivered, or the object was written by something else.",
    ),
    Check(
        "parquet.type",
        "physical and annotated types",
        "Each column has the Parquet type and annotation that Hive gives its Glue type: timestamps INT96, strings UTF8, nested "
        "groups with Hive's names.",
        "The table was changed after the object was delivered, or the object was written by something else.",
    ),
    Check(
        "parquet.nullability",
        "every column is OPTIONAL",
        "Repetition is OPTIONAL for every column and member, REQUIRED only for map keys.",
        "The object was written by something else than Firehose.",
    ),
    Check(
        "parquet.codec",
        "codec as configured",
        "Every column chunk is compressed with the serializer's codec.",
        "The object was written again, or the serializer was changed after it was delivered.",
    ),
    Check(
        "parquet.blocks",
        "row groups and pages",
        "There is a row in every object; no row group is larger than BlockSizeBytes and no page than PageSizeBytes allows.",
        "The object was written by something else than Firehose.",
    ),
    Check(
        "values.serde",
        "values that a SerDe can have written",
        "Values fit the Glue type where the physical type is wider: tinyint, smallint, char, varchar, decimal, timestamp.",
        "The deserializer let a value through that Hive would refuse.",
    ),
    Check(
        "completeness.lost",
        "nothing accepted is lost",
        "Every sequence number that Firehose acknowledged is delivered or quarantined; raw lines likewise, by content.",
        "Wait for the buffering interval, or `make flush`; then look for deleted objects.",
    ),
    Check(
        "completeness.duplicated",
        "nothing is delivered twice",
        "No sequence number is delivered more than once, but for puts whose outcome the producer could not know.",
        "An object was copied, or a delivery was repeated.",
    ),
    Check(
        "completeness.invented",
        "nothing is delivered that was not sent",
        "Every row belongs to a run that was verified and has a sequence number that was accepted.",
        "Something else writes to the stream or the bucket, or a manifest is missing.",
    ),
    Check(
        "completeness.partitions",
        "rows per partition as sent",
        "Each partition holds as many rows as the manifests count for it.",
        "Rows lie under another partition than the one they were sent for: key columns were changed.",
    ),
    Check(
        "completeness.digest",
        "what was delivered equals what was sent",
        "The order-free digest over all rows (or raw lines) equals the manifests', partition by partition where they state it.",
        "A value was changed after it was sent.",
    ),
    Check(
        "error.shape",
        "error objects are lines of JSON with the documented members",
        "Each line is one JSON object with the members of its type; numbers are whole, rawData is base64.",
        "The error object was edited, or AWS has changed its format.",
    ),
    Check(
        "error.type",
        "codes belong to their folder",
        "errorCode (lastErrorCode after conversion) and message are ones that Firehose gives for the folder's error type.",
        "The error object was moved between error folders or edited.",
    ),
    Check(
        "error.times",
        "times of error lines",
        "Epoch milliseconds, and the arrival is not after the last attempt.",
        "The error object was edited.",
    ),
    Check(
        "error.table",
        "conversion errors name the Glue table",
        "dataCatalogTable names the declared database, table and Region.",
        "The stream was pointed at another table when the record failed.",
    ),
    Check(
        "error.reason",
        "quarantined records fail as stated when tried again",
        "rawData, evaluated here with the stream's query and schema, fails in the way that the error type says.",
        "A good record was quarantined, or a bad one for the wrong reason.",
    ),
    Check(
        "quarantine.unexpected",
        "only records made bad on purpose are quarantined",
        "rawData of every error line is a record that a manifest expects there, byte for byte, once.",
        "The message in the error line says why Firehose could not deliver the record.",
    ),
    Check(
        "quarantine.missing",
        "records made bad on purpose are all quarantined",
        "Each record that a manifest lists in expected_quarantine is found in an error object.",
        "A bad record was delivered as if it were good, or its error object is missing.",
    ),
    Check(
        "quarantine.reason",
        "quarantined under the expected type",
        "A record that a manifest expects in quarantine lies under the error type that it names.",
        "The error object was moved between error folders, or the stream's steps ran in another order.",
    ),
    Check(
        "buffering.size",
        "objects within the buffer size",
        "The records of an object, before compression, are at most SizeInMBs and one record.",
        "AWS lets a buffer grow while delivery lags behind; look at freshness.",
    ),
    Check(
        "buffering.age",
        "objects within the buffer interval",
        "From the oldest record's arrival to the object's time in the bucket: at most the interval (1.5 times with dynamic "
        "partitioning) and a minute. A finding only with --strict-freshness, since copying an object changes its time.",
        "Delivery lagged behind, or the object was written again later.",
    ),
    Check(
        "health.small_files",
        "object sizes",
        "Prints how large objects are and, where they are small, what would make them larger. Never a finding.",
        "A longer interval or fewer partition keys.",
    ),
    Check(
        "health.skew",
        "rows per partition",
        "Prints how evenly rows are spread over partitions. Never a finding.",
        "A partition far above the median slows queries on it.",
    ),
    Check(
        "health.size_saved",
        "size against the JSON sent",
        "Prints how much smaller the objects are than the records that were sent. Never a finding.",
        "Dictionary encoding and larger objects save more.",
    ),
    Check(
        "projection.covers",
        "a query sees every object",
        "The query table's partition projection (template, ranges, enum values) leads to the folder of every delivered object.",
        "Widen the projection's range or values, or look for objects outside the template.",
    ),
)
CHECKS = {check.id: check for check in _ALL}
