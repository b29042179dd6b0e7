"""Terraform's progress as lines for people: a handful for a stack, not one for each resource.

Pure.
"""

from deployment.plan import Diagnostic, Event, Progress

_REMINDER_SECONDS = 20


class StackProgress:
    """Counts what is done of one stack; call `line` with each event as it comes."""

    def __init__(self) -> None:
        self._done = 0

    def line(self, event: Event) -> str | None:
        """Return the line to show for `event`, or None when it is not worth one; a failure comes with the error that follows."""
        if isinstance(event, Diagnostic):
            return f"warning: {event}" if event.severity == "warning" else None
        if not isinstance(event, Progress) or event.action == "read":
            return None
        if event.state == "done":
            self._done += 1
        elif (
            event.state == "running" and event.seconds // _REMINDER_SECONDS > (event.seconds - 10) // _REMINDER_SECONDS
        ):
            return f"{self._done} resources done; {event.address} takes its time ({event.seconds:.0f} s)"
        return None
