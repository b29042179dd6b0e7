import pytest

from producers.command_line import parser


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "-1"],
            "-1 is not a whole number from 0 on",
            id="negative-count",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--start", "soon"],
            "'soon' is not ISO 8601",
            id="time",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--connections", "0"],
            "0 is not a whole number from 1 to 256",
            id="none",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--rate", "0"], "0 is not a rate above 0", id="rate"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--linger-seconds", "nan"], "nan is not", id="nan"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "ten"], "ten is not a whole number from 0 on", id="word"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--seed", "x"], "x is not a whole number", id="seed"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--aggregate", "2000"],
            "2000 is not a whole number of KiB from 1 to 1000",
            id="record-over-the-limit",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--bad-share", "nan"],
            "nan is not a share from 0 to 1",
            id="share",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--run-id", 'a"b'],
            "is not 1 to 100 letters, digits, dots, hyphens and underscores",
            id="run-id",
        ),
        pytest.param(
            ["store-inventory", "--stream", "arn:aws:firehose:x", "--records", "1"],
            "'arn:aws:firehose:x' is no stream name: 1 to 64 letters, digits, dots, hyphens and underscores; not its ARN",
            id="arn",
        ),
        pytest.param(["store-inventory", "--records", "1"], "required: --stream", id="no-stream"),
        pytest.param([], "required: COMMAND", id="no-command"),
    ],
)
def test_argument_out_of_range_is_answered_with_what_is_allowed(capsys, arguments: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args(arguments)
    assert message in capsys.readouterr().err


def test_counts_may_be_grouped() -> None:
    assert parser().parse_args(["store-inventory", "--stream", "s", "--records", "1_000,000"]).records == 1_000_000


def test_start_without_a_zone_is_utc() -> None:
    given = parser().parse_args(["store-inventory", "--stream", "s", "--records", "1", "--start", "2026-11-22"])
    assert given.start.isoformat() == "2026-11-22T00:00:00+00:00"
