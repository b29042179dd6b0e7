"""A Firehose stand-in that fails on command: `python scripted_firehose.py`, prints its port, serves until its standard input ends.

POST /          PutRecordBatch, answered by the script
POST /script    {"calls": ["ok", …], "then": {…}}: what the next calls meet, afterwards random faults by share, see `_decide`
GET /ledger     {"calls": [[base64, …], …]}: what was stored, call by call
GET /summary    counts, and the two things a sender must never do: send an acknowledged record again, reorder a call

A record counts as acknowledged when its entry was answered with a RecordId on a connection that the server did not cut.
"""

import asyncio
import base64
import json
import sys
from random import Random
from typing import Any

import msgspec


class Entry(msgspec.Struct):
    Data: bytes


class Request(msgspec.Struct):
    DeliveryStreamName: str
    Records: list[Entry]


decode = msgspec.json.Decoder(Request).decode
ID = "0" * 180
SLOW_DOWN = '{"ErrorCode":"ServiceUnavailableException","ErrorMessage":"Slow down."}'
TAKEN = f'{{"RecordId":"{ID}"}}'


class ScriptedFirehose:
    def __init__(self) -> None:
        self.reset({})

    def reset(self, script: dict[str, Any]) -> None:
        self.calls: list[str] = list(script.get("calls", []))
        self.then: dict[str, float] = script.get("then", {})
        self.random = Random(script.get("seed", 1))
        self.keep = script.get("keep_ledger", True)
        self.ledger: list[list[bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.stored: dict[bytes, int] = {}
        self.acknowledged: set[bytes] = set()
        self.count = dict.fromkeys(("calls", "entries", "stored", "failed_entries", "sent_again_after_acknowledgement",
                                    "calls_out_of_order", "unknown_outcome"), 0)  # fmt: skip
        self.in_flight = self.most_in_flight = 0

    def _decide(self, records: list[bytes]) -> tuple[str, set[int]]:
        """Return the action and the indexes of entries that fail."""
        if self.calls:
            action, _, argument = self.calls.pop(0).partition(":")
            if action == "fail":
                return "ok", {int(index) for index in argument.split(",")}
            return (f"{action}:{argument}" if argument else action), set()
        roll = self.random.random()
        for action in ("throttle", "500", "cut", "cut-after-storing", "hang", "hang-after-storing"):
            share = self.then.get(action, 0.0)
            if roll < share:
                return action, set()
            roll -= share
        share = self.then.get("entry", 0.0)
        return "ok", {index for index in range(len(records)) if share and self.random.random() < share}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines if line)
                lower = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(lower.get("content-length", "0")))
                method, path, _ = first.split(" ")
                if (method, path) == ("POST", "/"):
                    self.in_flight += 1
                    self.most_in_flight = max(self.in_flight, self.most_in_flight)
                    answer = await self.put_record_batch(headers, body)
                    self.in_flight -= 1
                else:
                    answer = 200, json.dumps(self.admin(path, body)).encode()
                if answer is None:
                    break
                writer.write(
                    b"HTTP/1.1 %d X\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: %d\r\n\r\n%b"
                    % (answer[0], len(answer[1]), answer[1])
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()

    def admin(self, path: str, body: bytes) -> Any:
        if path == "/script":
            self.reset(json.loads(body))
            return {}
        if path == "/ledger":
            return {"calls": [[base64.b64encode(record).decode() for record in call] for call in self.ledger]}
        if path == "/last":
            return {"headers": self.headers[-1], "body": base64.b64encode(self.bodies[-1]).decode()}
        return {**self.count, "most_in_flight": self.most_in_flight, "distinct": len(self.stored),
                "duplicates": sum(self.stored.values()) - len(self.stored)}  # fmt: skip

    async def put_record_batch(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes] | None:
        if self.keep:
            self.headers.append(headers)
            self.bodies.append(body)
        records = [entry.Data for entry in decode(body).Records]
        self.count["calls"] += 1
        self.count["entries"] += len(records)
        self.count["sent_again_after_acknowledgement"] += sum(record in self.acknowledged for record in records)
        if delay := self.then.get("delay_seconds"):
            await asyncio.sleep(delay)
        action, failed = self._decide(records)
        kind, _, argument = action.partition(":")
        if kind in {"throttle", "500", "refuse"}:
            status, code = {"throttle": (503, "ServiceUnavailableException"), "500": (500, "InternalFailure")}.get(
                kind, (400, argument)
            )
            return status, json.dumps({"__type": code, "message": f"scripted {kind}"}).encode()
        if kind in {"cut", "hang"}:
            self.count["unknown_outcome"] += 1
            return await self._never(kind)
        stored = [record for index, record in enumerate(records) if index not in failed]
        self._store(stored)
        if kind in {"cut-after-storing", "hang-after-storing"}:
            self.count["unknown_outcome"] += 1
            return await self._never(kind)
        self.acknowledged.update(stored)
        self.count["failed_entries"] += len(failed)
        if kind == "garbage":
            return 200, b'{"FailedPutCount": 0, "RequestRes'
        entries = ",".join(SLOW_DOWN if index in failed else TAKEN for index in range(len(records)))
        return 200, f'{{"Encrypted":false,"FailedPutCount":{len(failed)},"RequestResponses":[{entries}]}}'.encode()

    async def _never(self, kind: str) -> None:
        if kind.startswith("hang"):
            await asyncio.sleep(60)

    def _store(self, records: list[bytes]) -> None:
        self.count["stored"] += len(records)
        numbers = [int(record.split(b"-")[0]) for record in records if record.split(b"-")[0].isdigit()]
        self.count["calls_out_of_order"] += numbers != sorted(numbers)
        for record in records:
            self.stored[record] = self.stored.get(record, 0) + 1
        if self.keep:
            self.ledger.append(records)


async def main() -> None:
    server = await asyncio.start_server(ScriptedFirehose().handle, "127.0.0.1", 0, limit=2**24)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)  # ends when the test does
    server.close()
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main())
