from dataclasses import replace

import pytest

from validators.configuration import rest_of_description
from validators.evidence import Evidence
from validators.stack_outputs import declaration_of
from validators.stream_description import declaration_from


@pytest.mark.parametrize(
    ("declared", "found", "problems"),
    [
        pytest.param(False, False, (), id="neither"),
        pytest.param(True, True, (), id="both"),
        pytest.param(True, False, ("processors MetadataExtraction",), id="declared-only"),
        pytest.param(False, True, ("processors MetadataExtraction, RecordDeAggregation",), id="found-only"),
        pytest.param(None, False, (), id="outputs-of-an-older-stack"),
    ],
)
def test_record_deaggregation_is_as_the_stack_declares_it(
    declared: bool | None, found: bool, problems: tuple[str, ...], store_delivery: Evidence, made
) -> None:
    outputs = made.outputs()
    if declared is not None:
        outputs["partitioning"]["record_deaggregation"] = declared
    stream = store_delivery.stream
    assert stream is not None
    processing = stream.destination["ProcessingConfiguration"]
    if found:
        split = {
            "Type": "RecordDeAggregation",
            "Parameters": [{"ParameterName": "SubRecordType", "ParameterValue": "JSON"}],
        }
        processing = {**processing, "Processors": [split, *processing["Processors"]]}
    stream = replace(stream, destination={**stream.destination, "ProcessingConfiguration": processing})
    assert rest_of_description(declaration_of(outputs, source="outputs.json"), stream).problems == problems
    taken = declaration_from(stream, region="ap-southeast-1", query_table=None).partitioning
    assert taken is not None
    assert taken.record_deaggregation is found
