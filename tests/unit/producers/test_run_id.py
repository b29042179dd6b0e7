from datetime import UTC, datetime

import pytest

from producers.run_id import fresh_run_id, is_run_id


@pytest.mark.parametrize("text", ["", "a b", 'a"b', "a/b", "ä", "a\n", "x" * 101], ids=repr)
def test_name_that_would_not_survive_json_a_path_or_a_pattern_is_refused(text: str) -> None:
    assert not is_run_id(text)


def test_fresh_name_begins_with_the_time_and_is_allowed() -> None:
    names = {fresh_run_id(datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)) for _ in range(50)}
    assert len(names) == 50
    assert all(name.startswith("20261122T080001-") and is_run_id(name) for name in names)
