import pytest

from local_firehose.control_plane_metrics import ControlPlaneMetrics
from local_firehose.errors import InvalidKmsResourceError, ResourceInUseError, ResourceNotFoundError, WireError
from local_firehose.metrics import MetricBook
from local_firehose.stream_config import StreamId

STREAM = StreamId("123456789012", "us-east-1", "s")


def counted(operation: str, error: WireError | None) -> dict[str, tuple[str, float]]:
    book, ticks = MetricBook(), iter([1.0, 1.25])
    measures = ControlPlaneMetrics(book, monotonic=lambda: next(ticks))

    def call() -> None:
        with measures.measured(operation, STREAM):
            if error is not None:
                raise error

    if error is None:
        call()
    else:
        with pytest.raises(type(error), match=str(error)):
            call()
    return {name: (unit, statistics.total) for (_, name, unit), statistics in book.drain().items()}


CALL = {"Latency": ("Milliseconds", 250), "Requests": ("Count", 1)}


@pytest.mark.parametrize(
    ("operation", "error", "expected"),
    [
        pytest.param(
            "DescribeDeliveryStream", None, {f"DescribeDeliveryStream.{n}": v for n, v in CALL.items()}, id="describe"
        ),
        pytest.param("ListDeliveryStreams", None, {f"ListDeliveryStreams.{n}": v for n, v in CALL.items()}, id="list"),
        pytest.param("UpdateDestination", None, {f"UpdateDeliveryStream.{n}": v for n, v in CALL.items()}, id="update"),
        pytest.param(
            "UpdateDestination",
            ResourceInUseError("no"),
            {f"UpdateDeliveryStream.{n}": v for n, v in CALL.items()},
            id="refused",
        ),
        pytest.param("DescribeDeliveryStream", ResourceNotFoundError("no"), {}, id="not-there"),
        pytest.param("TagDeliveryStream", None, {}, id="not-a-metric"),
        *(
            pytest.param(
                "StartDeliveryStreamEncryption",
                InvalidKmsResourceError("no", code=f"KMS.{code}"),
                {f"KMSKey{name}": ("Count", 1)},
                id=name,
            )
            for code, name in [
                ("AccessDeniedException", "AccessDenied"),
                ("DisabledException", "Disabled"),
                ("InvalidStateException", "InvalidState"),
                ("NotFoundException", "NotFound"),
            ]
        ),
    ],
)
def test_calls_are_counted_under_awss_names(
    operation: str, error: WireError | None, expected: dict[str, tuple[str, float]]
) -> None:
    assert counted(operation, error) == expected
