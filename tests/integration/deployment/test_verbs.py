"""The verbs on a real moto server and a real local_firehose; only terraform is a stand-in, so that each takes a second or two."""

import errno
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployment.__main__ import main
from deployment.servers import is_alive
from deployment.target_record import ServerProcess, TargetRecord


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str


class World:
    """A work folder, a fake terraform, and the verbs."""

    def __init__(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.work, self.bin, self._capsys = tmp_path / "work", tmp_path / "bin", capsys
        self.bin.mkdir()
        script = (Path(__file__).parent / "fake_terraform.py").read_text("utf-8")
        terraform = self.bin / "terraform"
        terraform.write_text(f"#!{sys.executable}\n{script}", "utf-8")
        terraform.chmod(0o755)
        self.home = tmp_path
        self.environ = {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "AWS_PROFILE": "theirs",
        }

    def run(self, *arguments: str) -> Told:
        self._capsys.readouterr()
        code = main(arguments, environ=self.environ, work=self.work, home=self.home)
        captured = self._capsys.readouterr()
        return Told(code, captured.out, captured.err)

    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.work / "local" / "target.json").read_text("utf-8")))

    def kill(self, server: str) -> None:
        pid = self.record()["processes"][server]["pid"]
        os.killpg(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while (
            Path(f"/proc/{pid}/stat").exists()
            and ") Z" not in Path(f"/proc/{pid}/stat").read_text("utf-8")
            and time.monotonic() < deadline
        ):
            time.sleep(0.01)

    def calls(self) -> list[str]:
        return [line for line in (self.bin / "calls").read_text("utf-8").splitlines() if "version" not in line]


@pytest.fixture
def world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    before = signal.getsignal(signal.SIGTERM)
    world = World(tmp_path, capsys)
    yield world
    world.run("down")
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("verb", ["produce", "verify", "verify-selftest", "query", "flush", "env"])
def test_a_verb_that_needs_a_deployment_names_the_step_before(world: World, verb: str) -> None:
    told = world.run(verb)
    assert told == Told(2, "", f"{verb}: The local cloud is not running. Run `make deploy` first.\n")


@pytest.mark.parametrize(
    ("verb", "words"),
    [("destroy", "nothing to destroy. The local cloud is not running."), ("down", "nothing was running")],
)
def test_taking_down_what_is_not_there_does_no_harm(world: World, verb: str, words: str) -> None:
    told = world.run(verb)
    assert told.code == 0
    assert words in told.err


def test_status_of_nothing(world: World) -> None:
    assert world.run("status") == Told(0, "target local\nnothing is deployed\n", "")


def test_an_unknown_target_and_pipeline_are_told_which_there_are(world: World) -> None:
    assert (
        world.run("deploy", "--target", "azure").err == "deploy: TARGET is 'azure'; local, localstack, aws are known.\n"
    )
    assert (
        world.run("deploy", "--pipeline", "logs").err
        == "deploy: PIPELINE is 'logs'; store-inventory, apache-logs and all are known.\n"
    )


def test_terraform_missing_is_told_before_any_server_starts(world: World, tmp_path: Path) -> None:
    world.environ["PATH"] = str(tmp_path)
    told = world.run("deploy")
    assert told.code == 2
    assert told.err.startswith("deploy: terraform is not on PATH; version 1.10 or newer is needed.")
    assert not (world.work / "local" / "logs").exists()


def test_deploying_twice_applies_once(world: World) -> None:
    first, second = world.run("deploy"), world.run("deploy")
    assert (first.code, second.code) == (0, 0)
    assert "SI-Firehose in ap-southeast-1 delivers to s3://store-inventory-bucket" in first.err
    assert second.err.count("plan: nothing to do") == 2
    for stack in ("store-inventory", "apache-logs"):
        assert [call.split()[1] for call in world.calls() if call.startswith(stack)] == [
            "init",
            "plan",
            "apply",
            "output",
            "plan",
            "output",
        ]
    assert sorted(world.record()["stacks"]) == ["apache-logs", "store-inventory"]


def test_plan_changes_nothing_and_leaves_no_plan_behind(world: World) -> None:
    told = world.run("plan")
    assert (told.code, told.out) == (0, "# store-inventory: create\n\n# apache-logs: create\n\n")
    assert world.record()["stacks"] == {}
    assert list(world.work.rglob("*.tfplan")) == []


def test_one_pipeline_is_deployed_alone_and_the_other_is_asked_for(world: World) -> None:
    assert world.run("deploy", "--pipeline", "apache-logs").code == 0
    assert list(world.record()["stacks"]) == ["apache-logs"]
    assert world.run("verify").err.endswith("verify: store-inventory not deployed on local. Run `make deploy` first.\n")
    assert world.run("verify", "--pipeline", "apache-logs").err.endswith(
        "verify: Nothing was sent to apache-logs since its bucket was made. Run `make produce` first.\n"
    )


def test_a_killed_local_firehose_is_started_again_over_its_journal(world: World) -> None:
    world.run("deploy")
    before = world.record()
    world.kill("local_firehose")
    told = world.run("flush")
    assert told.code == 0
    assert "local_firehose has ended; starting it again over the same journal" in told.err
    assert "flushed: 0 records delivered in 0 objects" in told.err
    after = world.record()
    assert after["instance_id"] == before["instance_id"]
    assert after["endpoints"] == before["endpoints"]
    assert after["processes"]["local_firehose"]["pid"] != before["processes"]["local_firehose"]["pid"]


def test_a_killed_cloud_is_told_as_gone_and_deploy_starts_afresh(world: World) -> None:
    world.run("deploy")
    before = world.record()
    manifest = world.work / "local" / "runs" / "apache-logs" / "one.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}", "utf-8")
    world.kill("moto")
    assert world.run("produce").err == (
        "produce: The local cloud is not running. It lives in memory, so what was deployed there is gone. Run `make deploy` first.\n"
    )
    told = world.run("deploy")
    assert told.code == 0
    assert "the local cloud of apache-logs, store-inventory is gone (it lives in memory): starting afresh" in told.err
    assert world.record()["instance_id"] != before["instance_id"]
    parked = world.work / "local" / "parked" / before["instance_id"]
    assert sorted(path.name for path in parked.iterdir()) == ["firehose", "outputs", "runs", "terraform"]
    assert not manifest.exists()
    assert world.calls()[-1].endswith("output")


def test_down_and_deploy_take_the_same_ports_and_a_taken_one_is_told(world: World) -> None:
    world.run("deploy")
    ports = {name: process["port"] for name, process in world.record()["processes"].items()}
    assert "stopped local_firehose and moto" in world.run("down").err
    assert world.run("down").err.endswith("nothing was running\n")
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", ports["moto"]))
        taken.listen()
        told = world.run("deploy")
    assert told.code == 0
    assert f"(port {ports['moto']} was taken)" in told.err
    found = {name: process["port"] for name, process in world.record()["processes"].items()}
    assert found["local_firehose"] == ports["local_firehose"]
    assert found["moto"] != ports["moto"]


def test_a_stack_that_fails_does_not_keep_the_other_from_being_deployed_and_is_destroyed_with_it(world: World) -> None:
    (world.bin / "fail-store-inventory").touch()
    told = world.run("deploy")
    assert told.code == 2
    assert told.err.endswith(
        "deploy: terraform apply failed for store-inventory (exit code 1):\n"
        "  aws_s3_bucket.this: creating stream -- InvalidArgumentException: no\n"
    )
    assert list(world.record()["stacks"]) == ["apache-logs"]
    assert world.run("destroy").code == 0
    assert [call for call in world.calls() if call.endswith("apply")].count("store-inventory apply") == 2
    assert world.record()["stacks"] == {}
    assert not (world.work / "local" / "outputs" / "apache-logs.json").exists()


def test_a_full_disk_is_told_and_leaves_no_server_that_nobody_knows_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown: list[ServerProcess] = []

    def full(path: Path, record: TargetRecord) -> None:
        unknown.extend(record.processes.values())
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("deployment.local_servers.write_record", full)
    told = world.run("deploy")
    assert told.code == 2
    assert told.err.splitlines()[-1] == (
        f"deploy: No space left on device (everything is kept below {world.work}). Make room and run the command again; "
        "it carries on where it stopped."
    )
    assert [is_alive(process) for process in unknown] == [False]
    monkeypatch.undo()
    assert world.run("deploy").code == 0


def test_a_killed_terraform_is_told_with_what_it_was_making_and_its_leftovers_with_the_way_out(world: World) -> None:
    (world.bin / "kill-apache-logs").touch()
    told = world.run("deploy", "--pipeline", "apache-logs")
    assert told.code == 2
    assert told.err.endswith(
        "deploy: terraform apply failed for apache-logs (exit code -9):\n  killed by signal 9\n"
        "What it was making may be there without being in its state: aws_s3_bucket.this.\n"
    )
    (world.bin / "kill-apache-logs").rename(world.bin / "there-apache-logs")
    told = world.run("deploy", "--pipeline", "apache-logs")
    assert told.code == 2
    assert told.err.endswith(
        "Something else made that, or a Terraform that was killed. To start over: `make down`, then `make deploy`: "
        "the local cloud forgets everything, and what was sent is put aside.\n"
    )


def test_the_record_of_another_process_is_never_signalled(world: World) -> None:
    world.run("deploy")
    path = world.work / "local" / "target.json"
    record = world.record()
    record["processes"]["moto"] |= {"pid": os.getpid(), "identity": "another-boot/1"}
    kept = path.read_text("utf-8")
    path.write_text(json.dumps(record), "utf-8")
    assert "stopped local_firehose\n" in world.run("down").err
    path.write_text(kept, "utf-8")  # so that the real one is stopped after the test
