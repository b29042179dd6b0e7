from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from validators.projection import ProjectionError, read_projection
from validators.stack_outputs import TableName
from validators.stream_description import table_of

NAME = TableName("db", "t")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def table(template: str, keys: dict[str, dict[str, str]], **more: str):
    parameters = {"projection.enabled": "true", "storage.location.template": template, **more}
    for name, settings in keys.items():
        parameters |= {f"projection.{name}.{setting}": value for setting, value in settings.items()}
    return table_of(
        NAME, {"PartitionKeys": [{"Name": name, "Type": "string"} for name in keys], "Parameters": parameters}
    )


DATED = {
    "store": {"type": "injected"},
    "datehour": {"type": "date", "format": "yyyy/MM/dd/HH", "range": "2024/01/01/00,NOW"},
}


@pytest.mark.parametrize(
    ("key", "values", "refusal"),
    [
        pytest.param("d/s=A/2026/11/22/09/x.parquet", {"store": "A", "datehour": "2026/11/22/09"}, None, id="inside"),
        pytest.param(
            "d/s=A/2026/11/22/09/deep/x.parquet", {"store": "A", "datehour": "2026/11/22/09"}, None, id="below"
        ),
        pytest.param(
            "d/s=A/2026/11/22/10/x",
            {"store": "A", "datehour": "2026/11/22/10"},
            "datehour=2026/11/22/10: after NOW of range 2024/01/01/00,NOW",
            id="future",
        ),
        pytest.param(
            "d/s=A/2023/11/22/10/x",
            {"store": "A", "datehour": "2023/11/22/10"},
            "datehour=2023/11/22/10: outside range 2024/01/01/00,NOW",
            id="past",
        ),
        pytest.param(
            "d/s=A/2026/11/22/9/x",
            {"store": "A", "datehour": "2026/11/22/9"},
            "datehour=2026/11/22/9: not of the format yyyy/MM/dd/HH",
            id="not-padded",
        ),
        pytest.param("d/s=A/x", None, None, id="too-shallow"),
        pytest.param("d/s=A/2026/11/22/09/_x", None, None, id="hidden-file"),
        pytest.param("e/s=A/2026/11/22/09/x", None, None, id="elsewhere"),
    ],
)
def test_date_partition_with_folders(key: str, values: dict[str, str] | None, refusal: str | None) -> None:
    projection = read_projection(table("s3://b/d/s=${store}/${datehour}/", DATED))
    assert projection is not None
    assert projection.values(key) == values
    if values is not None:
        assert projection.refusal(values, now=NOW) == refusal


@pytest.mark.parametrize(
    ("settings", "text", "refusal"),
    [
        pytest.param({"type": "integer", "range": "1,12", "digits": "2"}, "07", None, id="digits"),
        pytest.param(
            {"type": "integer", "range": "1,12", "digits": "2"}, "7", "k=7: not written with 2 digits", id="no-digits"
        ),
        pytest.param({"type": "integer", "range": "1,12"}, "13", "k=13: outside range 1,12", id="range"),
        pytest.param({"type": "integer", "range": "1,12"}, "x", "k=x: outside range 1,12", id="text"),
        pytest.param({"type": "enum", "values": "A,B"}, "B", None, id="enum"),
        pytest.param({"type": "enum", "values": "A,B"}, "C", "k=C: not one of the enum's 2 values", id="not-in-enum"),
    ],
)
def test_value_that_athena_never_looks_for(settings: dict[str, str], text: str, refusal: str | None) -> None:
    projection = read_projection(table("s3://b/${k}/", {"k": settings}))
    assert projection is not None
    assert projection.refusal({"k": text}, now=NOW) == refusal


@pytest.mark.parametrize(
    ("keys", "template", "message"),
    [
        pytest.param({"k": {}}, "s3://b/${k}/", "projection.k.type is None", id="no-type"),
        pytest.param(
            {"k": {"type": "integer", "range": "2024,NOW"}}, "s3://b/${k}/", "two whole numbers", id="no-range"
        ),
        pytest.param({"k": {"type": "injected"}}, "s3://b/x/", "leaves out k", id="left-out"),
        pytest.param({"k": {"type": "injected"}}, "s3://b/${k}/${z}/", "names 'z'", id="unknown-column"),
    ],
)
def test_projection_that_athena_refuses(keys: dict[str, dict[str, str]], template: str, message: str) -> None:
    with pytest.raises(ProjectionError, match=message):
        read_projection(table(template, keys))


def test_table_without_projection_has_none(made: SimpleNamespace) -> None:
    assert read_projection(table_of(NAME, made.table(projected=False))) is None


def test_template_is_hive_style_where_none_is_set() -> None:
    value = {
        "PartitionKeys": [{"Name": "k", "Type": "string"}],
        "Parameters": {"projection.enabled": "true", "projection.k.type": "injected"},
        "StorageDescriptor": {"Location": "s3://b/d"},
    }
    projection = read_projection(table_of(NAME, value))
    assert projection is not None
    assert projection.values("d/k=7/x") == {"k": "7"}
