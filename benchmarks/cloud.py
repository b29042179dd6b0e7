"""A stand-in for S3, Glue, STS and CloudWatch that costs next to nothing, so that a benchmark measures what stands before it.

Talks to: loopback; with ``--folder`` each object becomes a file there, else objects stay in memory. Run as
``python -m benchmarks.cloud``: it prints its port, and ends when its standard input does. It knows just what local_firehose asks.
"""

import argparse
import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote

from benchmarks.event_loop import run, serve_until_input_ends
from benchmarks.put_requests import ACCOUNT_ID

CONTROL = "/_stand_in/"
_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_TARGET = re.compile(rb"(?i)\r\nx-amz-target:[ \t]*([\w.]+)")
_EXPECT = re.compile(rb"(?i)\r\nexpect:[ \t]*100-continue")

_PIECE_BYTES = 64 * 1024

_STS = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>arn:aws:iam::{ACCOUNT_ID}:user/benchmark</Arn><UserId>AIDABENCHMARK</UserId><Account>{ACCOUNT_ID}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
_LOCATION = '<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
_METRICS = '<PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"/>'


class Objects:
    """What was put, by bucket and key: in memory, or in one flat folder under quoted names."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._bodies: dict[str, bytearray | None] = {}

    def put(self, name: str, body: bytearray) -> None:
        if self._folder is None:
            self._bodies[name] = body
            return
        with (self._folder / file_name(name)).open("wb", buffering=0) as file:
            file.write(body)
        self._bodies[name] = None

    def get(self, name: str) -> bytes | bytearray | None:
        if name not in self._bodies:
            return None
        body = self._bodies[name]
        return (self._folder / file_name(name)).read_bytes() if body is None and self._folder is not None else body

    def save(self, folder: Path) -> int:
        """Write every object to `folder`; return how many there are."""
        for name in self._bodies:
            (folder / file_name(name)).write_bytes(self.get(name) or b"")
        return len(self._bodies)

    def clear(self) -> None:
        if self._folder is not None:
            for name in self._bodies:
                (self._folder / file_name(name)).unlink(missing_ok=True)
        self._bodies.clear()


def file_name(name: str) -> str:
    """Return the name of the file that holds an object."""
    return quote(name, safe="")


class Cloud:
    """Requests to answers: (status, headers, body)."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._tables: dict[str, list[tuple[str, str]]] = {}

    def answer(self, method: str, path: str, target: str, body: bytearray) -> bytes:
        if method == "PUT" and path.count("/") > 1:
            self._objects.put(unquote(path[1:]), body)
            return _PUT_ANSWER
        if path.startswith(CONTROL):
            return _response(200, json.dumps(self._control(path.removeprefix(CONTROL), body)).encode())
        if target:
            return self._json_service(target, body)
        if method == "POST":
            return self._query_service(path, body)
        return self._bucket(method, path)

    def _control(self, verb: str, body: bytearray) -> object:
        wanted: Mapping[str, object] = json.loads(body or b"{}")
        if verb == "tables":
            self._tables |= {str(name): list(columns) for name, columns in wanted.items()}  # type: ignore[call-overload]
        elif verb == "clear":
            self._objects.clear()
        elif verb == "save":
            return {"objects": self._objects.save(Path(str(wanted["folder"])))}
        return {}

    def _json_service(self, target: str, body: bytearray) -> bytes:
        operation = target.rpartition(".")[2]
        if operation not in {"GetTable", "GetTableVersion"}:
            return _response(200, b"{}", "application/x-amz-json-1.1")
        wanted = json.loads(body)
        name = wanted.get("Name") or wanted.get("TableName")
        if name not in self._tables:
            missing = {"__type": "EntityNotFoundException", "Message": f"Table {name} not found."}
            return _response(400, json.dumps(missing).encode(), "application/x-amz-json-1.1")
        columns = [{"Name": column, "Type": kind} for column, kind in self._tables[name]]
        table = {
            "Name": name,
            "DatabaseName": wanted["DatabaseName"],
            "StorageDescriptor": {"Columns": columns},
            "VersionId": "1",
        }
        answer = {"Table": table} if operation == "GetTable" else {"TableVersion": {"Table": table, "VersionId": "1"}}
        return _response(200, json.dumps(answer).encode(), "application/x-amz-json-1.1")

    def _query_service(self, path: str, body: bytearray) -> bytes:
        if path.startswith("/service/"):  # CloudWatch over CBOR: an empty map
            return _response(200, b"\xa0", "application/cbor", "smithy-protocol: rpc-v2-cbor\r\n")
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        known = {"GetCallerIdentity": _STS, "PutMetricData": _METRICS}
        if action in known:
            return _response(200, known[action].encode(), "text/xml")
        return _response(
            501,
            f"<Response><Errors><Error><Code>NotImplemented</Code><Message>{action}</Message></Error></Errors></Response>".encode(),
            "text/xml",
        )

    def _bucket(self, method: str, path: str) -> bytes:
        name, _, query = path[1:].partition("?")
        if "/" not in name.rstrip("/"):
            return _response(
                200, b"" if method == "HEAD" else _LOCATION.encode() if "location" in query else b"", "application/xml"
            )
        found = self._objects.get(unquote(name))
        if found is None:
            return _response(
                404, b"" if method == "HEAD" else b"<Error><Code>NoSuchKey</Code></Error>", "application/xml"
            )
        return _response(200, b"" if method == "HEAD" else found, "application/octet-stream")


def _response(status: int, body: bytes | bytearray, kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status} -\r\nContent-Type: {kind}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


_PUT_ANSWER = b'HTTP/1.1 200 OK\r\nETag: "00000000000000000000000000000000"\r\nContent-Length: 0\r\n\r\n'


@dataclass(slots=True)
class _Request:
    """A request whose head is read; `body` has its full size from the start and is filled up to `have`."""

    head: bytes
    body: bytearray
    have: int = 0


class _Connection(asyncio.BufferedProtocol):
    """Bodies are received into the place where they stay: objects of many megabytes are copied by nobody but the kernel."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._piece = memoryview(bytearray(_PIECE_BYTES))
        self._unread = bytearray()  # before the end of a head
        self._request: _Request | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._piece if self._request is None else memoryview(self._request.body)[self._request.have :]

    def buffer_updated(self, count: int) -> None:
        if self._request is None:
            self._unread += self._piece[:count]
            while self._unread and self._request is None:
                if not self._read_head():
                    return
        else:
            self._request.have += count
            self._answer_if_whole(self._request)

    def _read_head(self) -> bool:
        """Begin a request; return False as long as its head is not complete."""
        head_end = self._unread.find(b"\r\n\r\n")
        if head_end < 0:
            return False
        head = bytes(self._unread[: head_end + 2])
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        begun = self._unread[head_end + 4 : head_end + 4 + size]
        del self._unread[: head_end + 4 + size]
        if len(begun) < size:
            if _EXPECT.search(head):
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request = _Request(head, bytearray(size), len(begun))
            request.body[: len(begun)] = begun
        else:
            request = _Request(head, begun, size)
        self._request = request
        self._answer_if_whole(request)
        return True

    def _answer_if_whole(self, request: _Request) -> None:
        if request.have < len(request.body):
            return
        self._request = None
        method, path, _ = request.head.split(b" ", 2)
        target = _TARGET.search(request.head)
        self._transport.write(
            self._cloud.answer(
                method.decode("ascii"), path.decode("ascii"), target[1].decode("ascii") if target else "", request.body
            )
        )


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cloud", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, help="put objects into files of this folder; default: keep them in memory"
    )
    cloud = Cloud(Objects(parser.parse_args().folder))
    run(serve_until_input_ends(lambda: _Connection(cloud)))


if __name__ == "__main__":
    main()
