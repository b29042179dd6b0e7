from pathlib import Path

import pytest

from producers.config_file import LogConfig, read_config
from producers.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path):
    def one(text: str) -> Path:
        path = tmp_path / "config.json"
        path.write_text(text, "utf-8")
        return path

    return one


def test_config_is_read_and_log_files_are_relative_to_it(write, tmp_path) -> None:
    assert read_config(write('{"stream_name": "s", "region": "us-east-2", "log_file": "a.log"}')) == LogConfig(
        stream="s", region="us-east-2", log_files=(str(tmp_path / "a.log"),)
    )


@pytest.mark.parametrize(
    "key", ["stream", "stream_name", "streamName", "delivery_stream_name", "DeliveryStreamName", "delivery-stream"]
)
def test_stream_may_be_written_as_people_and_tools_write_it(write, key) -> None:
    assert read_config(write(f'{{"{key}": " s "}}')).stream == "s"


def test_several_absolute_files_and_globs(write) -> None:
    assert read_config(write('{"log_files": ["/var/log/a.log", "/var/log/*.gz"]}')).log_files == (
        "/var/log/a.log",
        "/var/log/*.gz",
    )


def test_credentials_are_warned_about_and_never_shown(write) -> None:
    config = read_config(write('{"aws_access_key_id": "AKIASECRET", "aws_secret_access_key": "hush"}'))
    assert (config.access_key_id, config.secret_access_key) == ("AKIASECRET", "hush")
    (warning,) = config.warnings
    assert "holds credentials (aws_access_key_id, aws_secret_access_key); remove them" in warning
    assert not {"AKIASECRET", "hush"} & {word for word in ("AKIASECRET", "hush") if word in warning + repr(config)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            '{"steam": "s"}',
            "unknown key 'steam'; did you mean 'stream'\\? Allowed: stream, region, log_file",
            id="typo",
        ),
        pytest.param('{"stream": 5}', "'stream' is a number; it must be a string", id="number"),
        pytest.param('{"region": null}', "'region' is null; it must be a string", id="null"),
        pytest.param(
            '{"log_file": ""}', "'log_file' is an empty string; it must be a path, a glob, or a list", id="empty"
        ),
        pytest.param('{"log_file": [1]}', "'log_file' is a list; it must be a path", id="list-of-numbers"),
        pytest.param('{"log_file": {"a": 1}}', "'log_file' is an object; it must be a path", id="object"),
        pytest.param(
            '{"secret_key": ["hush"]}', "'secret_key' is a list; it must be a string", id="secret-of-wrong-type"
        ),
        pytest.param(
            '{"stream": "a", "stream_name": "b"}', "'stream_name' says the same as 'stream'; keep one", id="twice"
        ),
        pytest.param(
            '{"stream": "a", "stream": "b"}', "'stream' says the same as 'stream'; keep one", id="same-key-twice"
        ),
        pytest.param('{"stream": "a",}', "line 1, column 1[56]: not JSON", id="trailing-comma"),
        pytest.param("[]", "holds a list; it must be one JSON object", id="list"),
        pytest.param('"x"', "it must be one JSON object", id="string"),
    ],
)
def test_mistake_is_named(write, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_config(write(text))
    assert "hush" not in str(caught.value)


def test_file_that_is_no_text_or_not_there_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json: No such file or directory; give --config the path"):
        read_config(tmp_path / "none.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="binary: not UTF-8 text"):
        read_config(tmp_path / "binary")
