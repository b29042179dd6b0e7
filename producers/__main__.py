"""`python -m producers`: arguments, the boto3 session, the clock, exit codes.

Talks to: everything below it.
"""

import os
import sys
from collections.abc import Sequence

from producers import commands
from producers.command_line import parser
from producers.errors import ProducerError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = parser().parse_args(arguments)
    try:
        return commands.COMMANDS[given.command](given)
    except ProducerError as error:
        print(f"producers: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
