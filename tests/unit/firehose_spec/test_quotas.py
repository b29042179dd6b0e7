"""Our numbers against the service model that botocore ships."""

import pytest
from botocore.session import get_session

from firehose_spec import quotas


@pytest.fixture(scope="module")
def model():
    return get_session().get_service_model("firehose")


def test_quotas_equal_the_service_model(model) -> None:
    assert model.shape_for("Data").metadata["max"] == quotas.MAX_RECORD_BYTES
    assert model.shape_for("PutRecordBatchRequestEntryList").metadata["max"] == quotas.MAX_BATCH_RECORDS
    assert (
        model.shape_for("SizeInMBs").metadata["min"],
        model.shape_for("SizeInMBs").metadata["max"],
    ) == (quotas.MIN_BUFFER_MIB, quotas.MAX_BUFFER_MIB)
    assert model.shape_for("IntervalInSeconds").metadata["max"] == quotas.MAX_BUFFER_SECONDS
    assert model.shape_for("Prefix").metadata["max"] == quotas.MAX_PREFIX_CHARACTERS


@pytest.mark.parametrize(
    ("record", "billed"),
    [
        pytest.param(1, 5120, id="one-byte"),
        pytest.param(5120, 5120, id="one-step"),
        pytest.param(5121, 10240, id="one-byte-more"),
        pytest.param(0, 0, id="empty"),
    ],
)
def test_billing_rounds_each_record_up_to_five_kib(record: int, billed: int) -> None:
    assert quotas.billed_bytes(record) == billed
