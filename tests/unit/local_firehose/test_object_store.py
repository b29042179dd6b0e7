"""Where an endpoint is."""

import pytest

from local_firehose.object_store import is_on_this_machine


@pytest.mark.parametrize(
    ("endpoint", "is_here"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:9000", True),
        ("http://localhost:4566", True),
        ("http://s3.localhost:4566", True),
        ("http://localhost.example.com", False),
        ("http://10.0.0.7:9000", False),
        ("http://[fe80::1]:9000", False),
        ("https://s3.us-east-1.amazonaws.com", False),
    ],
)
def test_loopback_is_told_from_a_network(endpoint: str, is_here: bool) -> None:
    assert is_on_this_machine(endpoint) is is_here
