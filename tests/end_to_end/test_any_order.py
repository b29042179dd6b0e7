"""Verbs in random order, with power cuts between them: what was acknowledged is never lost while its cloud lives, and each refusal names the
next step. Real terraform, so few and short sequences; a failing one prints its steps.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

pytestmark = pytest.mark.slow

RECORDS, BAD = 1000, 3
ONE = "PIPELINE=store-inventory"


class AnyOrder(RuleBasedStateMachine):
    """A user at the keyboard, and the model of what must be true.

    `holds`: the cloud has not forgotten what it was given; `alive`: everything that verbs need runs; `firehose`: local_firehose does.
    """

    checkout: Any

    @initialize()
    def clean_slate(self) -> None:
        self.alive = self.deployed = self.firehose = self.holds = False
        self.sent = 0
        self.cut_everything()
        self.expect("down", 0)
        self.deploy()

    def expect(self, verb: str, code: int, words: str = "") -> Any:
        arguments = [verb] if verb in {"down", "flush", "status"} else [verb, ONE, f"RECORDS={RECORDS}"]
        done = self.checkout.make(*arguments)
        told = f"make {done.command} ended with {done.code}, not {code}\n{done.said}\n{done.output}"
        assert done.code == code, told
        assert words in done.said, told
        return done

    def expect_next_step(self, verb: str, step: str) -> None:
        self.expect(verb, 2, f"Run `{self.checkout.named(step)}` first.")

    @rule()
    def deploy(self) -> None:
        self.expect("deploy", 0, "SI-Firehose in ap-southeast-1 delivers to")
        if not (self.holds and self.deployed):
            self.sent = 0
        self.alive = self.deployed = self.firehose = self.holds = True

    @rule()
    def produce(self) -> None:
        if self.alive and self.deployed:
            self.expect("produce", 0)
            self.sent += 1
            self.firehose = True
        else:
            self.expect_next_step("produce", "deploy")
            self.firehose = self.firehose or self.alive

    @rule()
    def flush(self) -> None:
        if self.alive:
            self.expect("flush", 0, "flushed: ")
            self.firehose = True
        else:
            self.expect_next_step("flush", "deploy")

    @rule()
    def verify(self) -> None:
        if not (self.alive and self.deployed):
            self.expect_next_step("verify", "deploy")
        elif not self.sent:
            self.expect_next_step("verify", "produce")
        else:
            sent, bad = self.sent * RECORDS, self.sent * BAD
            assert self.expect("verify", 0).counts() == {"store-inventory": (sent, sent, sent - bad, bad, 0, 0)}
        self.firehose = self.firehose or self.alive

    @precondition(lambda self: self.firehose)
    @rule()
    def cut_the_power_of_local_firehose(self) -> None:
        self.checkout.kill("local_firehose")
        self.firehose = False

    @precondition(lambda self: self.alive and self.checkout.target == "localstack")
    @rule()
    def cut_the_power_of_the_glue_beside_localstack(self) -> None:
        self.checkout.kill("moto")
        self.alive = False

    @precondition(lambda self: self.alive and self.sent >= 2)
    @rule()
    def cut_the_power_of_everything(self) -> None:
        self.cut_everything()
        self.alive = self.firehose = self.holds = False

    def cut_everything(self) -> None:
        if self.firehose:
            self.checkout.kill("local_firehose")
        if self.alive:
            self.checkout.kill("moto")
        if self.checkout.localstack is not None:
            self.checkout.localstack.kill()
            self.checkout.localstack.start()

    @precondition(lambda self: self.sent >= 2)
    @rule()
    def destroy(self) -> None:
        self.expect("destroy", 0)
        if self.holds:  # on LocalStack it starts what it needs beside it
            self.deployed = False
            self.sent = 0
            self.alive = self.firehose = True

    @precondition(lambda self: self.sent >= 2)
    @rule()
    def down(self) -> None:
        self.expect("down", 0)
        self.alive = self.firehose = False
        if self.checkout.target == "local":  # its cloud lives in memory; a LocalStack is not ours to stop
            self.holds = self.deployed = False
            self.sent = 0

    @rule()
    def status(self) -> None:
        done = self.expect("status", 0)
        assert ("SI-Firehose (ap-southeast-1) ACTIVE" in done.output) is (self.firehose and self.deployed)


def test_verbs_in_any_order_lose_nothing_and_name_the_next_step(checkout: Any) -> None:
    run_state_machine_as_test(
        type("Machine", (AnyOrder,), {"checkout": checkout}),
        settings=settings(
            max_examples={"local": 2, "localstack": 1}[checkout.target],
            stateful_step_count=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # looking for a shorter sequence would take an hour
            suppress_health_check=list(HealthCheck),
        ),
    )
