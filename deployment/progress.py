"""Terraform's progress as lines for people.

Pure.
"""

from deployment.plan import Diagnostic, Event, Progress

_DONE = {"create": "made", "delete": "destroyed", "update": "changed"}
_REMINDER_SECONDS = 20


def progress_line(event: Event) -> str | None:
    """Return the line to show for `event`, or None when it is not worth one; failures come with the error that follows."""
    if isinstance(event, Diagnostic):
        return f"warning: {event}" if event.severity == "warning" else None
    if not isinstance(event, Progress) or event.action == "read":
        return None
    if event.state == "done":
        return f"{_DONE.get(event.action, event.action)} {event.address}{f' ({event.seconds:.0f} s)' if event.seconds >= 1 else ''}"
    if event.state == "running" and event.seconds and event.seconds % _REMINDER_SECONDS == 0:
        return f"still at {event.address} ({event.seconds:.0f} s)"
    return None
