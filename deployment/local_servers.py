"""What the two targets on this machine share: servers of ours beside what they back, local_firehose among them.

Talks to: processes, disk.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from deployment.console import Console
from deployment.environment import local_environment
from deployment.folders import TargetFolders
from deployment.servers import Server, is_alive, local_firehose, start_server, stop_server
from deployment.stacks import Stack
from deployment.target_record import ServerProcess, TargetRecord, read_record, write_record

_STOPPING_ORDER = ("local_firehose", "moto")  # the one that writes into the other first


@dataclass(frozen=True, slots=True)
class LocalServers:
    """The part of `deployment.targets.Target` that is the same for targets on this machine.

    `project` is the folder with the packages; `new_id` makes ids of instances.
    """

    folders: TargetFolders
    environ: Mapping[str, str]
    console: Console
    project: Path
    python: str
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    @property
    def name(self) -> str:
        return self.folders.target

    @property
    def flushes(self) -> bool:
        return True

    @property
    def confirms(self) -> bool:
        return False

    def confirm(self, doing: str, stacks: Sequence[Stack], shown: str) -> None:
        """Nothing on this machine is worth a question."""

    def stop(self) -> tuple[str, ...]:
        record = self.read()
        running = [name for name in _STOPPING_ORDER if name in record.processes]
        stopped = tuple(name for name in running if stop_server(record.processes[name]))
        if record.processes:
            self.write(self.stopped(record))  # ports stay, to be taken again
        return stopped

    def stopped(self, record: TargetRecord) -> TargetRecord:
        """Return the record once nothing runs any more."""
        return replace(record, endpoints={})

    def environment(self, record: TargetRecord) -> dict[str, str]:
        return local_environment(self.environ, record.endpoints)

    def variables(self, stack: Stack) -> Mapping[str, Any]:
        return stack.local_variables

    def backend(self, stack: Stack) -> Mapping[str, str] | None:  # noqa: ARG002
        return None

    def with_firehose(self, record: TargetRecord) -> TargetRecord:
        """Return the record with local_firehose running over the journal there is."""
        if is_alive(record.processes.get("local_firehose")):
            return record
        if "firehose" in record.endpoints:
            self.console.say("local_firehose has ended; starting it again over the same journal")
        backing = {name: url for name, url in record.endpoints.items() if name != "firehose"}
        server = local_firehose(self.folders.firehose)
        process = self.run(server, record, local_environment(self.environ, backing))
        record = record.with_process(server.name, process)
        return self.write(replace(record, endpoints={**backing, "firehose": process.endpoint}))

    def end_firehose(self, record: TargetRecord) -> None:
        """Stop local_firehose if it runs: what it delivers into is about to change."""
        if "local_firehose" in record.processes:
            stop_server(record.processes["local_firehose"])

    def run(self, server: Server, record: TargetRecord, environment: Mapping[str, str]) -> ServerProcess:
        """Start `server`, on the port it had before where that is free."""
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

    def read(self) -> TargetRecord:
        return read_record(self.folders.record, self.name)

    def write(self, record: TargetRecord) -> TargetRecord:
        """Keep the record; where that fails (a full disk), the servers that only it knows of are stopped: nobody could stop them later."""
        known = self.read().processes
        try:
            write_record(self.folders.record, record)
        except BaseException:
            for name, process in record.processes.items():
                if known.get(name) != process:
                    stop_server(process)
            raise
        return record
