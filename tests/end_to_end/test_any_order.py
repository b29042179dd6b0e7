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
    """A user at the keyboard, and the model of what must be true."""

    checkout: Any

    @initialize()
    def clean_slate(self) -> None:
        self.alive = self.deployed = self.firehose = False
        self.sent = 0
        self.expect("down", 0)
        self.deploy()

    def expect(self, verb: str, code: int, words: str = "") -> Any:
        arguments = [verb] if verb in {"down", "flush", "status"} else [verb, ONE, f"RECORDS={RECORDS}"]
        done = self.checkout.make(*arguments)
        told = f"make {done.command} ended with {done.code}, not {code}\n{done.said}\n{done.output}"
        assert done.code == code, told
        assert words in done.said, told
        return done

    @rule()
    def deploy(self) -> None:
        self.expect("deploy", 0, "SI-Firehose in ap-southeast-1 delivers to")
        if not (self.alive and self.deployed):
            self.sent = 0
        self.alive = self.deployed = self.firehose = True

    @rule()
    def produce(self) -> None:
        if self.alive and self.deployed:
            self.expect("produce", 0)
            self.sent += 1
            self.firehose = True
        else:
            self.expect("produce", 2, "Run `make deploy` first.")
            self.firehose = self.firehose or self.alive

    @rule()
    def flush(self) -> None:
        if self.alive:
            self.expect("flush", 0, "flushed: ")
            self.firehose = True
        else:
            self.expect("flush", 2, "Run `make deploy` first.")

    @rule()
    def verify(self) -> None:
        if not (self.alive and self.deployed):
            self.expect("verify", 2, "Run `make deploy` first.")
        elif not self.sent:
            self.expect("verify", 2, "Run `make produce` first.")
        else:
            sent, bad = self.sent * RECORDS, self.sent * BAD
            assert self.expect("verify", 0).counts() == {"store-inventory": (sent, sent, sent - bad, bad, 0, 0)}
        self.firehose = self.firehose or self.alive

    @precondition(lambda self: self.firehose)
    @rule()
    def cut_the_power_of_local_firehose(self) -> None:
        self.checkout.kill("local_firehose")
        self.firehose = False

    @precondition(lambda self: self.alive and self.sent >= 2)
    @rule()
    def cut_the_power_of_everything(self) -> None:
        if self.firehose:
            self.checkout.kill("local_firehose")
        self.checkout.kill("moto")
        self.alive = self.firehose = False

    @precondition(lambda self: self.sent >= 2)
    @rule()
    def destroy(self) -> None:
        self.expect("destroy", 0)
        self.firehose = self.alive
        if self.alive:
            self.deployed = False
            self.sent = 0

    @precondition(lambda self: self.sent >= 2)
    @rule()
    def down(self) -> None:
        self.expect("down", 0)
        self.alive = self.deployed = self.firehose = False
        self.sent = 0

    @rule()
    def status(self) -> None:
        done = self.expect("status", 0)
        assert ("SI-Firehose (ap-southeast-1) ACTIVE" in done.output) is (self.firehose and self.deployed)


def test_verbs_in_any_order_lose_nothing_and_name_the_next_step(checkout: Any) -> None:
    run_state_machine_as_test(
        type("Machine", (AnyOrder,), {"checkout": checkout}),
        settings=settings(
            max_examples=2,
            stateful_step_count=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # looking for a shorter sequence would take an hour
            suppress_health_check=list(HealthCheck),
        ),
    )
