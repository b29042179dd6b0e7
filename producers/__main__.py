"""`python -m producers`: arguments, one command, exit codes.

Talks to: everything below it. A command's modules are loaded once the arguments are known to be right: boto3 and NumPy take half a second.
"""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module

from producers.command_line import parser
from producers.errors import ProducerError

_MODULES = {
    "store-inventory": "producers.store_command",
    "apache-logs": "producers.log_command",
    "replay": "producers.replay_command",
    "sample-log": "producers.sample_command",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = parser().parse_args(arguments)
    try:
        run: Callable[[Namespace], int] = import_module(_MODULES[given.command]).run
        return run(given)
    except ProducerError as error:
        print(f"producers: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
