"""TARGET=localstack: a LocalStack (or another AWS-compatible cloud) that runs already, with local_firehose beside it, and Glue where it has none.

Talks to: processes, disk, the emulator. Its content may outlive its process or not, so a new session is a new instance only if the buckets
that were made there are gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deployment.emulator import Emulator, ask, configured_endpoint
from deployment.environment import neutral
from deployment.errors import NotDeployedError
from deployment.folders import TargetFolders
from deployment.inquiry import has_bucket
from deployment.local_servers import LocalServers
from deployment.parking import park_instance
from deployment.servers import is_alive, moto_server, stop_server
from deployment.stacks import STACKS
from deployment.target_record import TargetRecord, read_record
from deployment.workspace import made_buckets

_DEPLOY = "make deploy TARGET=localstack"


@dataclass(frozen=True, slots=True)
class LocalStack(LocalServers):
    """See `deployment.targets.Target`. `client` makes a boto3 client of a service at an endpoint."""

    client: Callable[[str, str], Any]

    @property
    def afresh(self) -> str:
        return (
            f"stop LocalStack, start it again, then `{_DEPLOY}`: it forgets everything, and what was sent is put aside"
        )

    def start(self) -> TargetRecord:
        record = self.read()
        emulator = self._find(record)
        self.console.say(f"{emulator.title} at {emulator.endpoint}, account {emulator.account_id}")
        if record.instance_id is None or not self._still_there(record, emulator):
            record = self._start_afresh(record, emulator)
        record = self._with_glue(record, emulator)
        return self.with_firehose(record)

    def resume(self) -> TargetRecord:
        record, emulator = self._deployed_to()
        if "firehose" not in record.endpoints:
            raise NotDeployedError("What runs beside it was stopped.", _DEPLOY)
        if "glue" in record.endpoints and not is_alive(record.processes.get("moto")):
            raise NotDeployedError("The Glue beside it has ended, and its tables with it.", _DEPLOY)
        return self.with_firehose(self._moved(record, emulator))

    def reach(self) -> TargetRecord:
        return self.with_firehose(self._with_glue(*self._deployed_to()))

    def stopped(self, record: TargetRecord) -> TargetRecord:
        return replace(record, endpoints={name: url for name, url in record.endpoints.items() if name == "default"})

    def _deployed_to(self) -> tuple[TargetRecord, Emulator]:
        record = self.read()
        if record.instance_id is None:
            raise NotDeployedError("Nothing is deployed on localstack.", _DEPLOY)
        emulator = self._find(record)
        if not self._still_there(record, emulator):
            raise NotDeployedError(
                f"{emulator.title} at {emulator.endpoint} does not hold what was deployed there (any more).", _DEPLOY
            )
        return record, emulator

    def _find(self, record: TargetRecord) -> Emulator:
        return ask(configured_endpoint(record.endpoints.get("default")), _servers_of_ours(self.folders), self.client)

    def _still_there(self, record: TargetRecord, emulator: Emulator) -> bool:
        """Tell whether the emulator is the one deployed to: the same session, or one that has kept a bucket of ours.

        Only a 404 says that a bucket is gone; what can't be found out ends the verb. One bucket is enough: what else is missing Terraform
        makes again, while a state put aside would leave in that cloud what nobody knows of any more.
        """
        if emulator.session is not None and record.instance_id == emulator.session:
            return True
        buckets = [bucket for stack in STACKS for bucket in made_buckets(self.folders.state(stack))]
        if buckets:
            s3 = self.client("s3", emulator.endpoint)
            return any(has_bucket(s3, bucket) for bucket in buckets)
        return emulator.session is None and record.endpoints.get("default") == emulator.endpoint

    def _start_afresh(self, record: TargetRecord, emulator: Emulator) -> TargetRecord:
        self.end_firehose(record)
        if "moto" in record.processes:
            stop_server(record.processes["moto"])  # its tables belong to the earlier cloud
        parked = self.folders.parked(record.instance_id or self.new_id())
        if park_instance(self.folders, parked.name) and record.stacks:
            self.console.say(
                f"the cloud of {', '.join(sorted(record.stacks))} is gone: starting afresh; its journal, state and runs are in {parked}"
            )
        instance = emulator.session or self.new_id()
        return self.write(
            TargetRecord(
                self.name, emulator.account_id, instance, {"default": emulator.endpoint}, processes=record.processes
            )
        )

    def _with_glue(self, record: TargetRecord, emulator: Emulator) -> TargetRecord:
        record = self._moved(record, emulator)
        if emulator.has_glue:
            return record
        if not is_alive(record.processes.get("moto")):
            self.console.say("it has no Glue: a moto server of ours stands in, under the same account")
            moto = self.run(moto_server(), record, {**neutral(self.environ), "MOTO_ACCOUNT_ID": emulator.account_id})
            record = record.with_process("moto", moto)
            self.end_firehose(record)  # it has to learn where Glue is now
        glue = record.processes["moto"].endpoint
        return self.write(replace(record, endpoints={**record.endpoints, "default": emulator.endpoint, "glue": glue}))

    def _moved(self, record: TargetRecord, emulator: Emulator) -> TargetRecord:
        """Return the record with the emulator's address of today."""
        if record.endpoints.get("default") in {None, emulator.endpoint}:
            return replace(record, endpoints={**record.endpoints, "default": emulator.endpoint})
        self.end_firehose(record)
        return self.write(replace(record, endpoints={**record.endpoints, "default": emulator.endpoint}))


def _servers_of_ours(folders: TargetFolders) -> Mapping[str, str]:
    """Return the endpoints that TARGET=local runs: `eval "$(make -s env)"` leaves one of them in AWS_ENDPOINT_URL."""
    record = read_record(TargetFolders(folders.root, "local").record, "local")
    return {f"local ({name})": process.endpoint for name, process in record.processes.items() if is_alive(process)}
