"""The command line: ``python -m local_firehose serve``.

Talks to: everything; this is where clock, clients, folder and port meet. Exit code 0 after a signal, 2 when it cannot start.
"""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from uuid import uuid4

import yaml

from local_firehose.admin import Admin
from local_firehose.aws_clients import client_factory, has_credentials, sts_client
from local_firehose.backing_checks import AwsBackingChecks, NoBackingChecks
from local_firehose.caller_identity import CallerIdentity
from local_firehose.clock import Clock
from local_firehose.control_plane import ControlPlane, Limits
from local_firehose.engine import DeliveryEngine
from local_firehose.errors import AdminRequestError, LocalFirehoseError, StartError, StateFolderError
from local_firehose.http_server import HttpServer
from local_firehose.serving import listen, loop_factory, serve
from local_firehose.settling import keep_settled
from local_firehose.state_folder import StateFolder
from local_firehose.stream_store import StreamStore

_LOG_LEVELS = ("debug", "info", "warning", "error")
DEFAULT_PORT = 4573  # where LocalStack once had its Firehose


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        level=options.log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("botocore", "boto3", "urllib3", "uvicorn"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(options))
    except LocalFirehoseError as error:
        print(f"local_firehose: {error}", file=sys.stderr)
        return 2
    return 0


async def _serve(options: argparse.Namespace) -> None:
    if not has_credentials():
        raise StartError(
            "no AWS credentials are set, so that the services behind it cannot be called; set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY (any value for local services)"
        )
    faults = _faults(options.faults)
    listener = listen(options.host, options.port)
    instance = uuid4().hex
    try:
        with StateFolder(options.state_dir) as folder:
            clock = Clock()
            clock.set_speed(options.speed)
            engine = DeliveryEngine(folder.path, clock=clock)
            store = StreamStore(folder.path)
            control_plane = ControlPlane(
                store=store,
                engine=engine,
                backing=AwsBackingChecks(client_factory()) if options.checks == "on" else NoBackingChecks(),
                clock=clock,
                new_incarnation=lambda: uuid4().hex,
                limits=Limits(settle_seconds=options.settle_seconds),
                metrics=engine.metrics,
            )
            admin = Admin(instance=instance, control_plane=control_plane, engine=engine, clock=clock)
            application = HttpServer(
                identity=CallerIdentity(sts_client),
                control_plane=control_plane,
                put_path=engine.data_plane,
                admin=admin,
            )
            try:
                await control_plane.start()
                if faults is not None:
                    await engine.set_faults(faults)
                host, port = listener.getsockname()[:2]
                print(f"local_firehose listens on http://{host}:{port} (instance {instance})", flush=True)
                async with keep_settled(control_plane, clock):
                    await serve(application, listener)
            except AdminRequestError as error:
                raise StartError(f"--faults {options.faults}: {error}") from error
            except OSError as error:
                raise StateFolderError(
                    f"--state-dir {options.state_dir} cannot be used ({error}); give a folder that can be written"
                ) from error
            finally:
                await engine.stop()
                store.close()
    finally:
        listener.close()


def _faults(path: Path | None) -> object:
    if path is None:
        return None
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StartError(f"--faults {path} cannot be read: {' '.join(str(error).split())}") from error


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 3600 seconds")
    return value


def _speed(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1000000")
    return value


def _log_level(text: str) -> str:
    if text.lower() not in _LOG_LEVELS:
        raise argparse.ArgumentTypeError(
            f"{text!r} (of the flag, or of LOCAL_FIREHOSE_LOG_LEVEL) is none of {', '.join(_LOG_LEVELS)}"
        )
    return text.lower()


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 65535")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_firehose",
        description="A local Amazon Data Firehose. Backing services come from AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("serve", help="answer Firehose's API until SIGTERM or Ctrl-C")
    command.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    command.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="port to listen on, 0 for a free one (default %(default)s)"
    )
    command.add_argument(
        "--state-dir",
        type=Path,
        default=Path(".local_firehose"),
        help="folder of streams, journal and ledger (default %(default)s)",
    )
    command.add_argument(
        "--settle-seconds",
        type=_seconds,
        default=0.0,
        help="how long CREATING, DELETING, ENABLING and DISABLING last (default %(default)s)",
    )
    command.add_argument(
        "--speed", type=_speed, default=1.0, help="how much faster than real time its clock runs (default %(default)s)"
    )
    command.add_argument(
        "--checks",
        choices=("on", "off"),
        default="on",
        help="ask IAM, Glue and KMS about roles, tables and keys as Firehose does (default %(default)s)",
    )
    command.add_argument(
        "--faults", type=Path, help="YAML or JSON file of faults to inject from the start (docs/faults.md)"
    )
    command.add_argument(
        "--log-level",
        type=_log_level,
        metavar="{" + ",".join(_LOG_LEVELS) + "}",
        default=os.environ.get("LOCAL_FIREHOSE_LOG_LEVEL", "info"),
        help="how much goes to standard error (default LOCAL_FIREHOSE_LOG_LEVEL, or info)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
