"""The keys of a query as the control plane sees them, and jq's complaint where there is none to see."""

import pytest

from local_firehose.jq_query import QueryError, output_keys


def test_keys_of_a_query_that_compiles() -> None:
    assert output_keys('{store: .store_id, "day": (.at | strftime("%d")), region}') == {"store", "day", "region"}


def test_keys_that_only_running_it_would_tell() -> None:
    assert output_keys("{(.name): 1}") is None


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        pytest.param("{a: .b", "syntax error, unexpected", id="cut-short"),
        pytest.param("{a: nobody}", "nobody/0 is not defined", id="unknown-function"),
        pytest.param('import "a" as a; {b: 1}', "cannot load modules", id="module"),
    ],
)
def test_query_that_does_not_compile_gives_the_reason_on_one_line(query: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason) as caught:
        output_keys(query)
    assert "\n" not in caught.value.reason
