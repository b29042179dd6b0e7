"""Operations and lifecycles; what is refused at create is in test_control_plane_fidelity.py."""

import pytest

from local_firehose.caller import Caller
from local_firehose.errors import (
    InvalidArgumentError,
    LimitExceededError,
    ResourceInUseError,
    ResourceNotFoundError,
    UnknownOperationError,
    ValidationError,
)

ARN = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/"
DAY_MS = 24 * 3600 * 1000
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
KINESIS = {
    "DeliveryStreamName": "k",
    "DeliveryStreamType": "KinesisStreamAsSource",
    "KinesisStreamSourceConfiguration": {
        "KinesisStreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/source",
        "RoleARN": "arn:aws:iam::123456789012:role/firehose",
    },
    "ExtendedS3DestinationConfiguration": {
        "RoleARN": "arn:aws:iam::123456789012:role/firehose",
        "BucketARN": "arn:aws:s3:::bucket",
    },
}


def test_create_tells_the_engine_and_survives_a_restart(service, make_service) -> None:
    assert service.create("a") == {"DeliveryStreamARN": ARN + "a"}
    assert service.engine.events == [("start", 0), ("configure", "a", "ACTIVE", 1)]
    again = make_service(store=service.store)
    assert again.engine.events == [("start", 1)]
    assert again.describe("a") == service.describe("a")


def test_name_that_is_taken(service) -> None:
    service.create("a")
    with pytest.raises(ResourceInUseError, match=r"^Firehose a under accountId 123456789012 already exists$"):
        service.create("a")


def test_same_name_in_another_region_and_account_is_another_stream(service) -> None:
    service.create("a")
    request = {
        "DeliveryStreamName": "a",
        "ExtendedS3DestinationConfiguration": {
            "RoleARN": "arn:aws:iam::123456789012:role/r",
            "BucketARN": "arn:aws:s3:::b",
        },
    }
    elsewhere = Caller("123456789012", "us-east-1", "arn")
    service.call("CreateDeliveryStream", request, caller=elsewhere)
    stranger = Caller("999999999999", "eu-west-1", "arn")
    with pytest.raises(ResourceNotFoundError, match=r"^Firehose a under account 999999999999 not found\.$"):
        service.call("DescribeDeliveryStream", {"DeliveryStreamName": "a"}, caller=stranger)
    assert service.call("ListDeliveryStreams", {}, caller=elsewhere)["DeliveryStreamNames"] == ["a"]
    assert len(service.engine.views) == 2


def test_quota_names_the_streams(make_service) -> None:
    service = make_service(streams_per_region=2)
    service.create("b")
    service.create("a")
    with pytest.raises(LimitExceededError) as refusal:
        service.create("c")
    assert refusal.value.message == (
        "You have already consumed your firehose quota of 2 hoses. Firehose names: ['a', 'b']"
    )


def test_creating_lasts_as_long_as_it_is_told_to(make_service) -> None:
    service = make_service(settle_seconds=60)
    service.create("a")
    assert service.describe("a")["DeliveryStreamStatus"] == "CREATING"
    with pytest.raises(ResourceInUseError, match="is in status CREATING"):
        service.call("DeleteDeliveryStream", {"DeliveryStreamName": "a"})
    with pytest.raises(ResourceInUseError, match="is in status CREATING"):
        service.update("a", Prefix="x")
    service.clock.advance(59.999)
    service.settle()
    assert service.describe("a")["DeliveryStreamStatus"] == "CREATING"
    service.clock.advance(0.001)
    service.settle()
    assert service.describe("a")["DeliveryStreamStatus"] == "ACTIVE"
    assert service.engine.events[1:] == [("configure", "a", "CREATING", 1), ("configure", "a", "ACTIVE", 1)]


def test_creating_goes_on_after_a_restart(make_service) -> None:
    service = make_service(settle_seconds=60)
    service.create("a")
    again = make_service(store=service.store, settle_seconds=60)
    assert again.describe("a")["DeliveryStreamStatus"] == "CREATING"
    again.clock.advance(60)
    again.settle()
    assert again.describe("a")["DeliveryStreamStatus"] == "ACTIVE"


def test_delete_discards_and_frees_the_name(service) -> None:
    service.create("a")
    first = next(iter(service.engine.views.values()))
    service.call("DeleteDeliveryStream", {"DeliveryStreamName": "a"})
    assert service.engine.events[-1] == ("remove", "a")
    with pytest.raises(ResourceNotFoundError, match=r"^Firehose a under account 123456789012 not found\.$"):
        service.describe("a")
    assert service.store.documents == {}
    service.create("a")
    second = next(iter(service.engine.views.values()))
    assert first.incarnation != second.incarnation


def test_deleting_lasts_too_and_may_be_asked_twice(make_service) -> None:
    service = make_service(settle_seconds=5)
    service.create("a")
    service.clock.advance(5)
    service.settle()
    service.call("DeleteDeliveryStream", {"DeliveryStreamName": "a"})
    service.call("DeleteDeliveryStream", {"DeliveryStreamName": "a", "AllowForceDelete": True})
    assert service.describe("a")["DeliveryStreamStatus"] == "DELETING"
    service.clock.advance(5)
    service.settle()
    with pytest.raises(ResourceNotFoundError, match="not found"):
        service.describe("a")


def test_list_pages_in_alphabetical_order(service) -> None:
    for name in ("b", "a", "d", "c"):
        service.create(name)
    assert service.call("ListDeliveryStreams", {"Limit": 3}) == {
        "DeliveryStreamNames": ["a", "b", "c"],
        "HasMoreDeliveryStreams": True,
    }
    assert service.call("ListDeliveryStreams", {"Limit": 3, "ExclusiveStartDeliveryStreamName": "c"}) == {
        "DeliveryStreamNames": ["d"],
        "HasMoreDeliveryStreams": False,
    }


def test_list_shows_ten_unless_told_otherwise(service) -> None:
    for number in range(11):
        service.create(f"s{number:02}")
    page = service.call("ListDeliveryStreams", {})
    assert (len(page["DeliveryStreamNames"]), page["HasMoreDeliveryStreams"]) == (10, True)


def test_list_by_type(service) -> None:
    service.create("direct")
    service.call("CreateDeliveryStream", KINESIS)
    assert service.call("ListDeliveryStreams", {"DeliveryStreamType": "KinesisStreamAsSource"}) == {
        "DeliveryStreamNames": ["k"],
        "HasMoreDeliveryStreams": False,
    }


def test_kinesis_source_is_described_and_delivered_from(service) -> None:
    service.call("CreateDeliveryStream", KINESIS)
    described = service.describe("k")
    assert described["DeliveryStreamType"] == "KinesisStreamAsSource"
    assert described["Source"] == {
        "KinesisStreamSourceDescription": {
            "KinesisStreamARN": "arn:aws:kinesis:eu-west-1:123456789012:stream/source",
            "RoleARN": "arn:aws:iam::123456789012:role/firehose",
            "DeliveryStartTimestamp": 1715914800.0,
        }
    }
    assert "DeliveryStreamEncryptionConfiguration" not in described
    (view,) = service.engine.views.values()
    assert (view.config.source, view.config.kinesis_stream_arn) == (
        "KinesisStreamAsSource",
        "arn:aws:kinesis:eu-west-1:123456789012:stream/source",
    )


def test_describe_from_beyond_the_one_destination_shows_none(service) -> None:
    service.create("a")
    request = {"DeliveryStreamName": "a", "ExclusiveStartDestinationId": "destinationId-000000000001"}
    assert service.call("DescribeDeliveryStream", request)["DeliveryStreamDescription"]["Destinations"] == []


def test_update_is_in_force_at_once_under_the_next_version(service) -> None:
    service.create("a")
    service.real_ms += 1_500
    assert service.update("a", Prefix="new/") == {}
    described = service.describe("a")
    assert (described["VersionId"], described["CreateTimestamp"], described["LastUpdateTimestamp"]) == (
        "2",
        1715914800.0,
        1715914801.5,
    )
    (view,) = service.engine.views.values()
    assert (view.config.version, view.config.s3.prefix) == (2, "new/")
    service.update("a", version="2", Prefix="newer/")
    assert service.describe("a")["VersionId"] == "3"


def test_failed_update_changes_nothing(service) -> None:
    service.create("a")
    before = service.describe("a")
    with pytest.raises(InvalidArgumentError, match="CloudWatch Log Group Name is required"):
        service.update("a", Prefix="x/", CloudWatchLoggingOptions={"Enabled": True})
    assert service.describe("a") == before
    assert service.engine.events == [("start", 0), ("configure", "a", "ACTIVE", 1)]


def test_plain_s3_update(service) -> None:
    service.create("a", Prefix="old/")
    service.call(
        "UpdateDestination",
        {
            "DeliveryStreamName": "a",
            "CurrentDeliveryStreamVersionId": "1",
            "DestinationId": "destinationId-000000000001",
            "S3DestinationUpdate": {"CompressionFormat": "GZIP"},
        },
    )
    destination = service.destination("a")
    assert (destination["Prefix"], destination["CompressionFormat"]) == ("old/", "GZIP")


def test_backing_services_are_asked_in_order(service) -> None:
    service.create(
        "a",
        S3BackupMode="Enabled",
        S3BackupConfiguration={"RoleARN": "arn:aws:iam::123456789012:role/backup", "BucketARN": "arn:aws:s3:::b"},
        DataFormatConversionConfiguration={
            "SchemaConfiguration": {
                "RoleARN": "arn:aws:iam::123456789012:role/firehose",
                "DatabaseName": "db",
                "TableName": "t",
            },
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        },
    )
    assert service.backing.asked == [
        ("schema", "db", "t"),
        ("roles", ("arn:aws:iam::123456789012:role/firehose", "arn:aws:iam::123456789012:role/backup")),
    ]


def test_unknown_operation(service) -> None:
    with pytest.raises(UnknownOperationError, match=r"^Frobnicate is not an operation of Firehose_20150804$"):
        service.call("Frobnicate", {})


# tags


def test_tags_are_put_in_place_of_those_with_the_same_key(service) -> None:
    service.create("a")
    service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": [{"Key": "b", "Value": "1"}, {"Key": "a"}]})
    service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": [{"Key": "b", "Value": "2"}]})
    assert service.call("ListTagsForDeliveryStream", {"DeliveryStreamName": "a"}) == {
        "Tags": [{"Key": "a"}, {"Key": "b", "Value": "2"}],
        "HasMoreTags": False,
    }
    service.call("UntagDeliveryStream", {"DeliveryStreamName": "a", "TagKeys": ["b", "unknown"]})
    assert service.call("ListTagsForDeliveryStream", {"DeliveryStreamName": "a"})["Tags"] == [{"Key": "a"}]
    assert service.describe("a")["VersionId"] == "1"


def test_tags_page(service) -> None:
    service.create("a")
    tags = [{"Key": key, "Value": "v"} for key in "cab"]
    service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": tags})
    first = service.call("ListTagsForDeliveryStream", {"DeliveryStreamName": "a", "Limit": 2})
    assert ([tag["Key"] for tag in first["Tags"]], first["HasMoreTags"]) == (["a", "b"], True)
    rest = service.call(
        "ListTagsForDeliveryStream", {"DeliveryStreamName": "a", "Limit": 2, "ExclusiveStartTagKey": "b"}
    )
    assert ([tag["Key"] for tag in rest["Tags"]], rest["HasMoreTags"]) == (["c"], False)


def test_fifty_tags_and_no_more(service) -> None:
    service.create("a")
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(50)]
    service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": tags})
    with pytest.raises(LimitExceededError, match="up to 50 tags, 51 were asked for"):
        service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": [{"Key": "one more"}]})
    with pytest.raises(
        ValidationError, match="'tags' failed to satisfy constraint: Member must have length less than or"
    ):
        service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": [*tags, {"Key": "x"}]})


def test_tag_given_twice(service) -> None:
    service.create("a")
    with pytest.raises(InvalidArgumentError, match=r"^Tag key x is given twice; give each key once.$"):
        service.call("TagDeliveryStream", {"DeliveryStreamName": "a", "Tags": [{"Key": "x"}, {"Key": "x"}]})


# server-side encryption


def start(service, **configuration) -> None:
    request = {"DeliveryStreamName": "a"}
    if configuration:
        request["DeliveryStreamEncryptionConfigurationInput"] = configuration
    service.call("StartDeliveryStreamEncryption", request)


def stop(service) -> None:
    service.call("StopDeliveryStreamEncryption", {"DeliveryStreamName": "a"})


def test_encryption_starts_with_the_owned_key_and_stops(service) -> None:
    service.create("a")
    start(service)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"] == {
        "KeyType": "AWS_OWNED_CMK",
        "Status": "ENABLED",
    }
    assert [view.is_encrypted for view in service.engine.views.values()] == [True]
    stop(service)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}
    assert [view.is_encrypted for view in service.engine.views.values()] == [False]
    assert service.describe("a")["VersionId"] == "1"


def test_encryption_at_create(service) -> None:
    request = {
        "DeliveryStreamName": "a",
        "ExtendedS3DestinationConfiguration": KINESIS["ExtendedS3DestinationConfiguration"],
        "DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": KEY},
    }
    service.call("CreateDeliveryStream", request)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"] == {
        "KeyType": "CUSTOMER_MANAGED_CMK",
        "KeyARN": KEY,
        "Status": "ENABLED",
    }
    assert ("key", KEY) in service.backing.asked


def test_encryption_takes_its_time(make_service) -> None:
    service = make_service(settle_seconds=10)
    service.create("a")
    service.clock.advance(10)
    service.settle()
    start(service)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLING"
    assert service.describe("a")["DeliveryStreamStatus"] == "ACTIVE"
    with pytest.raises(ResourceInUseError, match=r"is changing its encryption \(ENABLING\)"):
        stop(service)
    service.clock.advance(10)
    service.settle()
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"]["Status"] == "ENABLED"


def test_starting_again_changes_the_key(service) -> None:
    service.create("a")
    start(service)
    start(service, KeyType="CUSTOMER_MANAGED_CMK", KeyARN=KEY)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"] == {
        "KeyType": "CUSTOMER_MANAGED_CMK",
        "KeyARN": KEY,
        "Status": "ENABLED",
    }


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        pytest.param({"KeyType": "CUSTOMER_MANAGED_CMK"}, "KeyARN has to be specified when", id="key-missing"),
        pytest.param({"KeyType": "AWS_OWNED_CMK", "KeyARN": KEY}, "KeyARN cannot be specified when", id="key-too-many"),
        pytest.param(
            {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": KEY.replace("eu-west-1", "us-east-1")},
            "Cross-region keys are not allowed for SSE",
            id="key-of-another-region",
        ),
    ],
)
def test_starting_follows_the_rules_of_create(service, configuration: dict, message: str) -> None:
    service.create("a")
    with pytest.raises(InvalidArgumentError, match=message):
        start(service, **configuration)
    assert service.describe("a")["DeliveryStreamEncryptionConfiguration"] == {"Status": "DISABLED"}


def test_twenty_five_changes_a_day(service) -> None:
    service.create("a")
    for _ in range(12):
        start(service)
        stop(service)
    start(service)
    with pytest.raises(LimitExceededError, match="25 times in 24 hours"):
        stop(service)
    service.clock.advance(DAY_MS / 1000)
    stop(service)


def test_kinesis_source_has_no_encryption_of_its_own(service) -> None:
    service.call("CreateDeliveryStream", KINESIS)
    with pytest.raises(
        InvalidArgumentError, match=r"^Server side encryption from firehose is only allowed for direct put"
    ):
        service.call("StartDeliveryStreamEncryption", {"DeliveryStreamName": "k"})
