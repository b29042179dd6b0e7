import pytest

from firehose_spec.glue_types import Column, parse
from validators.parquet_layout import decimal_bytes, expected_elements


@pytest.mark.parametrize(
    ("kind", "elements"),
    [
        pytest.param("string", ["OPTIONAL BYTE_ARRAY c (UTF8)"], id="string"),
        pytest.param("varchar(3)", ["OPTIONAL BYTE_ARRAY c (UTF8)"], id="varchar"),
        pytest.param("tinyint", ["OPTIONAL INT32 c (INT_8)"], id="tinyint"),
        pytest.param("smallint", ["OPTIONAL INT32 c (INT_16)"], id="smallint"),
        pytest.param("int", ["OPTIONAL INT32 c"], id="int"),
        pytest.param("bigint", ["OPTIONAL INT64 c"], id="bigint"),
        pytest.param("float", ["OPTIONAL FLOAT c"], id="float"),
        pytest.param("double", ["OPTIONAL DOUBLE c"], id="double"),
        pytest.param("boolean", ["OPTIONAL BOOLEAN c"], id="boolean"),
        pytest.param("binary", ["OPTIONAL BYTE_ARRAY c"], id="binary"),
        pytest.param("timestamp", ["OPTIONAL INT96 c"], id="timestamp"),
        pytest.param("date", ["OPTIONAL INT32 c (DATE)"], id="date"),
        pytest.param("decimal(12,2)", ["OPTIONAL FIXED_LEN_BYTE_ARRAY(6) c (DECIMAL(12,2))"], id="decimal"),
        pytest.param(
            "map<string,array<int>>",
            [
                "OPTIONAL group c (MAP)",
                "REPEATED group c.map (MAP_KEY_VALUE)",
                "REQUIRED BYTE_ARRAY c.map.key (UTF8)",
                "OPTIONAL group c.map.value (LIST)",
                "REPEATED group c.map.value.bag",
                "OPTIONAL INT32 c.map.value.bag.array_element",
            ],
            id="map-of-arrays",
        ),
        pytest.param("struct<a:int>", ["OPTIONAL group c", "OPTIONAL INT32 c.a"], id="struct"),
    ],
)
def test_glue_type_in_parquet(kind: str, elements: list[str]) -> None:
    assert [str(element) for element in expected_elements([Column("C", parse(kind))])] == elements


# Hive: PRECISION_TO_BYTE_COUNT in ParquetHiveSerDe.
@pytest.mark.parametrize(
    ("precision", "length"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (7, 4), (9, 4), (10, 5), (12, 6), (18, 8), (38, 16)],
)
def test_decimal_length(precision: int, length: int) -> None:
    assert decimal_bytes(precision) == length
