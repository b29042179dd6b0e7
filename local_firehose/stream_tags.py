"""Tags of a delivery stream.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_TagDeliveryStream.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from local_firehose.errors import InvalidArgumentError, LimitExceededError

MAX_TAGS = 50  # documented


def tagged(tags: Mapping[str, str | None], added: Iterable[Mapping[str, str]]) -> dict[str, str | None]:
    """Return the tags with others added or put in place of those with the same key.

    Raises:
        InvalidArgumentError: one key is given twice.
        LimitExceededError: more than 50 tags.
    """
    new: dict[str, str | None] = {}
    for tag in added:
        if tag["Key"] in new:
            # decided: docs/fidelity/control-plane.md#tags, the words are ours
            raise InvalidArgumentError(f"Tag key {tag['Key']} is given twice; give each key once.")
        new[tag["Key"]] = tag.get("Value")
    result = {**tags, **new}
    if len(result) > MAX_TAGS:
        # decided: docs/fidelity/control-plane.md#tags, the words are ours
        raise LimitExceededError(f"A delivery stream can have up to {MAX_TAGS} tags, {len(result)} were asked for.")
    return result


def untagged(tags: Mapping[str, str | None], keys: Iterable[str]) -> dict[str, str | None]:
    """Return the tags without those keys; unknown keys are ignored."""
    gone = set(keys)  # documented
    return {key: value for key, value in tags.items() if key not in gone}


def page(tags: Mapping[str, str | None], *, after: str | None, limit: int | None) -> dict[str, Any]:
    """Return the answer of ListTagsForDeliveryStream: tags by key, those after `after`, at most `limit`."""
    keys = [key for key in sorted(tags) if after is None or key > after]
    shown = keys if limit is None else keys[:limit]
    return {
        "Tags": [{"Key": key} | ({} if tags[key] is None else {"Value": tags[key]}) for key in shown],
        "HasMoreTags": len(keys) > len(shown),
    }
