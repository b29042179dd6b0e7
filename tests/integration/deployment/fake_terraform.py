"""A stand-in for the terraform binary: one bucket and one output a stack, in no time; told to fail by files in its folder."""

import json
import os
import signal
import sys
from pathlib import Path

HERE = Path(sys.argv[0]).parent
STACK = Path.cwd().name
STATE = Path("terraform.tfstate")
VALUES = {
    "store-inventory": {"stream_name": "SI-Firehose", "region": "ap-southeast-1", "bucket": "store-inventory-bucket"},
    "apache-logs": {"stream_name": "ApacheLogs", "region": "us-east-2", "bucket": "apachelogsbucketadgu"},
}


def say(**message: object) -> None:
    print(json.dumps(message), flush=True)


def fail(summary: str, detail: str) -> None:
    say(
        type="diagnostic",
        diagnostic={"severity": "error", "summary": summary, "detail": detail, "address": "aws_s3_bucket.this"},
    )
    sys.exit(1)


def resources() -> list[object]:
    return json.loads(STATE.read_text("utf-8"))["resources"] if STATE.exists() else []


def main() -> None:
    command, words = sys.argv[1], sys.argv[2:]
    (HERE / "calls").open("a", encoding="utf-8").write(f"{STACK} {command}\n")
    bucket = {"resource": {"addr": "aws_s3_bucket.this", "resource_type": "aws_s3_bucket"}}
    if command == "version":
        print(json.dumps({"terraform_version": "1.11.4"}))
    elif command == "init":
        binary = Path(".terraform/providers/registry.terraform.io/hashicorp/aws/5.100.0/any/terraform-provider-aws")
        binary.parent.mkdir(parents=True, exist_ok=True)
        binary.touch()
    elif command == "plan":
        destroy, made = "-destroy" in words, bool(resources())
        action = ("delete" if made else None) if destroy else (None if made else "create")
        out = next(word.removeprefix("-out=") for word in words if word.startswith("-out="))
        Path(out).write_text(str(action), "utf-8")
        if action:
            say(type="planned_change", change={**bucket, "action": action})
            sys.exit(2)
    elif command == "apply":
        action = Path(words[-1]).read_text("utf-8")
        made = [{"type": "aws_s3_bucket"}] if action == "create" else []
        STATE.write_text(json.dumps({"resources": made}), "utf-8")
        if (HERE / f"kill-{STACK}").exists() and action == "create":
            STATE.unlink()
            say(type="apply_start", hook={**bucket, "action": action})
            os.kill(os.getpid(), signal.SIGKILL)
        if (HERE / f"there-{STACK}").exists() and action == "create":
            STATE.unlink()
            fail("creating bucket", "BucketAlreadyOwnedByYou: ")
        if (HERE / f"fail-{STACK}").exists() and action == "create":
            fail("creating stream", "InvalidArgumentException: no")
        say(type="apply_complete", hook={**bucket, "action": action, "elapsed_seconds": 1})
    elif command == "output":
        value = {"pipeline": {"value": {"pipeline": STACK, **VALUES[STACK]}}} if resources() else {}
        print(json.dumps(value))
    elif command == "show":
        print(f"# {STACK}: {Path(next(word for word in words if not word.startswith('-'))).read_text('utf-8')}")


main()
