import pytest

from producers.command_line import parser


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["store-inventory", "--stream", "s", "--records", "-1"], "-1 is negative", id="negative-count"),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--start", "soon"],
            "'soon' is not ISO 8601",
            id="time",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--connections", "0"],
            "0 is not in 1 to 256",
            id="none",
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--rate", "0"], "0 is not a rate above 0", id="rate"
        ),
        pytest.param(
            ["store-inventory", "--stream", "s", "--records", "1", "--linger-seconds", "nan"], "nan is not", id="nan"
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
