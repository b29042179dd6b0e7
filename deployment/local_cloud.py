"""TARGET=local: a moto server for everything but Firehose, and local_firehose, both on loopback.

Talks to: processes, disk. The cloud's content lives in the moto server's memory, Terraform's state and the journal on disk. So every start
of moto makes a new instance with an id of its own, and what an earlier one left is put aside before anything is deployed again.
local_firehose keeps what it has accepted on disk and is started again over the same folder.
"""

from dataclasses import dataclass, replace

from deployment.environment import neutral
from deployment.errors import NotDeployedError
from deployment.local_servers import LocalServers
from deployment.parking import park_instance
from deployment.servers import is_alive, moto_server
from deployment.target_record import TargetRecord

ACCOUNT_ID = "123456789012"  # moto's own


@dataclass(frozen=True, slots=True)
class LocalCloud(LocalServers):
    """See `deployment.targets.Target`."""

    @property
    def afresh(self) -> str:
        return "`make down`, then `make deploy`: the local cloud forgets everything, and what was sent is put aside"

    def start(self) -> TargetRecord:
        record = self.read()
        if not is_alive(record.processes.get("moto")):
            record = self._start_afresh(record)
        return self.with_firehose(record)

    def resume(self) -> TargetRecord:
        record = self.read()
        if not is_alive(record.processes.get("moto")):
            gone = " It lives in memory, so what was deployed there is gone." if record.stacks else ""
            raise NotDeployedError(f"The local cloud is not running.{gone}", "make deploy")
        return self.with_firehose(record)

    def reach(self) -> TargetRecord:
        return self.resume()

    def stopped(self, record: TargetRecord) -> TargetRecord:
        return replace(record, endpoints={}, instance_id=None)

    def _start_afresh(self, record: TargetRecord) -> TargetRecord:
        """Start a new moto; streams and state of the one before would speak of things that are not there."""
        self.end_firehose(record)
        parked = self.folders.parked(_last_instance(record) or self.new_id())
        if park_instance(self.folders, parked.name) and record.stacks:
            self.console.say(
                f"the local cloud of {', '.join(sorted(record.stacks))} is gone (it lives in memory): "
                f"starting afresh; its journal, state and runs are in {parked}"
            )
        record = TargetRecord(self.name, ACCOUNT_ID, self.new_id(), processes=record.processes)
        moto = self.run(moto_server(), record, neutral(self.environ))
        return self.write(replace(record.with_process("moto", moto), endpoints={"default": moto.endpoint}))


def _last_instance(record: TargetRecord) -> str | None:
    """Return the id of the instance that the stacks were applied to: `down` takes it out of the record itself."""
    if record.instance_id:
        return record.instance_id
    return next((stack.instance_id for stack in record.stacks.values() if stack.instance_id), None)
