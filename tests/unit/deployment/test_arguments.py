"""What the verbs refuse before they do anything."""

import pytest

from deployment.__main__ import main


@pytest.mark.parametrize(
    "given", [pytest.param("abc", id="no-number"), pytest.param("0", id="none"), pytest.param("-1", id="negative")]
)
def test_records_that_are_no_count_are_refused_by_what_was_given(
    given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["produce", f"--records={given}"])
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"{given!r} given; a whole number, 1 or more, is needed")
