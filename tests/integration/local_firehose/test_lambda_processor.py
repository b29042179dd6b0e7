"""The Lambda stage through boto3 against an HTTP server that speaks Lambda's Invoke."""

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import boto3
import pytest
from botocore.config import Config

from local_firehose.errors import BackingServiceError
from local_firehose.lambda_processor import LambdaProcessor
from local_firehose.records import Record
from local_firehose.stream_config import Processor, StreamId

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


class LambdaApi(BaseHTTPRequestHandler):
    """Answers as the server's `script` says: (status, headers, body) or "echo"."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((unquote(self.path), self.headers["X-Amz-Invocation-Type"], json.loads(body)))
        answer = self.server.script.pop(0) if self.server.script else "echo"
        if answer == "echo":
            records = [
                {
                    "recordId": r["recordId"],
                    "result": "Ok",
                    "data": base64.b64encode(b"<" + base64.b64decode(r["data"]) + b">").decode(),
                }
                for r in json.loads(body)["records"]
            ]
            answer = (200, {}, json.dumps({"records": records}).encode())
        status, headers, content = answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), LambdaApi) as server:
        server.script, server.seen = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def processor(port: int) -> LambdaProcessor:
    client = boto3.session.Session().client(
        "lambda",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=10),
    )
    numbers = iter(range(100))
    return LambdaProcessor(
        Processor("Lambda", {"LambdaArn": ARN, "NumberOfRetries": "1"}),
        stream=StreamId("123456789012", "us-east-1", "stream"),
        client=client,
        new_id=lambda: str(next(numbers)),
        sleep=lambda _: None,
    )


def test_records_go_out_and_come_back(server: ThreadingHTTPServer) -> None:
    records = [Record(at, 1000 + at, data, data) for at, data in enumerate([b"a", b"\x00\xff", b""])]
    outcome = processor(server.server_port).transform(records)
    assert [(taken.sequence, taken.data, taken.original) for taken in outcome.records] == [
        (0, b"<a>", b"a"),
        (1, b"<\x00\xff>", b"\x00\xff"),
        (2, b"<>", b""),
    ]
    ((path, kind, request),) = server.seen
    assert (path, kind) == (f"/2015-03-31/functions/{ARN}/invocations", "RequestResponse")
    assert [record["approximateArrivalTimestamp"] for record in request["records"]] == [1000, 1001, 1002]


def test_error_of_the_function_and_of_the_api_are_tried_again(server: ThreadingHTTPServer) -> None:
    server.script += [(200, {"X-Amz-Function-Error": "Unhandled"}, b'{"errorMessage":"boom"}')]
    assert processor(server.server_port).transform([Record(0, 1, b"a", b"a")]).records[0].data == b"<a>"
    throttled = (429, {"X-Amzn-ErrorType": "TooManyRequestsException"}, b'{"Reason":"x","message":"slow"}')
    server.script += [throttled, throttled]
    outcome = processor(server.server_port).transform([Record(0, 1, b"a", b"a")])
    assert [(failure.error_code, failure.attempts) for failure in outcome.failures] == [
        ("Lambda.InvokeLimitExceeded", 2)
    ]
    assert len(server.seen) == 4


def test_nobody_at_the_endpoint_is_the_environments_trouble(server: ThreadingHTTPServer) -> None:
    port = server.server_port
    stage = processor(port)
    server.shutdown()
    server.server_close()
    with pytest.raises(BackingServiceError, match=r"lambda at arn:aws:lambda.* does not answer"):
        stage.transform([Record(0, 1, b"a", b"a")])
