"""TARGET=local: a moto server for everything but Firehose, and local_firehose, both on loopback.

Talks to: processes, disk. The cloud's content lives in the moto server's memory, Terraform's state and the journal on disk. So every start
of moto makes a new instance with an id of its own, and what an earlier one left is put aside before anything is deployed again.
local_firehose keeps what it has accepted on disk and is started again over the same folder.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from deployment.console import Console
from deployment.environment import local_environment, neutral
from deployment.errors import NotDeployedError
from deployment.folders import TargetFolders
from deployment.parking import park_instance
from deployment.servers import Server, is_alive, local_firehose, moto_server, start_server, stop_server
from deployment.stacks import Stack
from deployment.target_record import ServerProcess, TargetRecord, read_record, write_record

ACCOUNT_ID = "123456789012"  # moto's own


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """See `deployment.targets.Target`. `project` is the folder with the packages; `new_id` makes ids of instances."""

    folders: TargetFolders
    environ: Mapping[str, str]
    console: Console
    project: Path
    python: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    @property
    def name(self) -> str:
        return "local"

    @property
    def flushes(self) -> bool:
        return True

    def start(self) -> TargetRecord:
        record = self._read()
        if not is_alive(record.processes.get("moto")):
            record = self._start_afresh(record)
        return self._with_firehose(record)

    def resume(self) -> TargetRecord:
        record = self._read()
        if not is_alive(record.processes.get("moto")):
            gone = " It lives in memory, so what was deployed there is gone." if record.stacks else ""
            raise NotDeployedError(f"The local cloud is not running.{gone}", "make deploy")
        return self._with_firehose(record)

    def stop(self) -> tuple[str, ...]:
        record = self._read()
        stopped = tuple(
            name
            for name in ("local_firehose", "moto")
            if name in record.processes and stop_server(record.processes[name])
        )
        if record.processes:
            self._write(replace(record, endpoints={}, instance_id=None))  # ports stay, to be taken again
        return stopped

    def environment(self, record: TargetRecord) -> dict[str, str]:
        return local_environment(self.environ, record.endpoints)

    def variables(self, stack: Stack) -> Mapping[str, Any]:
        return stack.local_variables

    def backend(self, stack: Stack) -> Mapping[str, str] | None:  # noqa: ARG002
        return None

    def _start_afresh(self, record: TargetRecord) -> TargetRecord:
        """Start a new moto; streams and state of the one before would speak of things that are not there."""
        earlier = record.processes.get("local_firehose")
        if earlier is not None:
            stop_server(earlier)
        parked = self.folders.parked(_last_instance(record) or self.new_id())
        if park_instance(self.folders, parked.name) and record.stacks:
            self.console.say(
                f"the local cloud of {', '.join(sorted(record.stacks))} is gone (it lives in memory): "
                f"starting afresh; its journal, state and runs are in {parked}"
            )
        record = TargetRecord(self.name, ACCOUNT_ID, self.new_id(), processes=record.processes)
        moto = self._run(moto_server(), record, neutral(self.environ))
        return self._write(replace(record.with_process("moto", moto), endpoints={"default": moto.endpoint}))

    def _with_firehose(self, record: TargetRecord) -> TargetRecord:
        if is_alive(record.processes.get("local_firehose")):
            return record
        if "firehose" in record.endpoints:
            self.console.say("local_firehose has ended; starting it again over the same journal")
        backing = {name: url for name, url in record.endpoints.items() if name != "firehose"}
        server = local_firehose(self.folders.firehose)
        process = self._run(server, record, local_environment(self.environ, backing))
        record = record.with_process(server.name, process)
        return self._write(replace(record, endpoints={**backing, "firehose": process.endpoint}))

    def _run(self, server: Server, record: TargetRecord, environment: Mapping[str, str]) -> ServerProcess:
        earlier = record.processes.get(server.name)
        process = start_server(
            server,
            python=self.python,
            folder=self.project,
            environment=environment,
            log=self.folders.logs / f"{server.name}.log",
            preferred_port=earlier.port if earlier else None,
            now=self.now,
        )
        moved = f" (port {earlier.port} was taken)" if earlier and earlier.port != process.port else ""
        self.console.say(f"{server.title} answers at {process.endpoint}{moved}")
        return process

    def _read(self) -> TargetRecord:
        return read_record(self.folders.record, self.name)

    def _write(self, record: TargetRecord) -> TargetRecord:
        write_record(self.folders.record, record)
        return record


def _last_instance(record: TargetRecord) -> str | None:
    """Return the id of the instance that the stacks were applied to: `down` takes it out of the record itself."""
    if record.instance_id:
        return record.instance_id
    return next((stack.instance_id for stack in record.stacks.values() if stack.instance_id), None)
