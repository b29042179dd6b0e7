"""UpdateDestination: an update laid over the destination as it stands.

Pure. Members that the update leaves out keep their value; how deep that goes differs by block.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from local_firehose.config_defaults import without_empty_hints

Document = dict[str, Any]

# observed: floci-io/floci FirehoseDataFormatConversionTest; merged member by member, the schema's members too
_DEEP = "DataFormatConversionConfiguration"
_DEEP_MEMBERS = ("SchemaConfiguration",)
# decided: docs/fidelity/control-plane.md#merge; these are merged one level deep, all others are replaced whole
_SHALLOW = ("DynamicPartitioningConfiguration",)


def merged_destination(description: Mapping[str, Any], update: Mapping[str, Any]) -> Document:
    """Return the destination as a configuration: `description` with `update` (an ExtendedS3- or S3DestinationUpdate) over it."""
    merged: Document = deepcopy(dict(description))
    backup = merged.pop("S3BackupDescription", None)
    changes = without_empty_hints(update)
    backup_update = without_empty_hints(changes.pop("S3BackupUpdate", {}))
    if backup or backup_update:
        merged["S3BackupConfiguration"] = {**(backup or {}), **(backup_update or {})}
    for name, value in changes.items():
        if name == _DEEP and name in merged:
            merged[name] = _merged_conversion(merged[name], value)
        elif name in _SHALLOW and name in merged:
            merged[name] = {**merged[name], **value}
        else:
            merged[name] = value
    return merged


def _merged_conversion(stored: Document, change: Document) -> Document:
    merged = {**stored, **change}
    for name in _DEEP_MEMBERS:
        if name in stored and name in change:
            merged[name] = {**stored[name], **change[name]}
    return merged
