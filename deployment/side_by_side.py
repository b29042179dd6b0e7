"""Do the same to several stacks at once, and stop in good order.

Pure: threads only. Terraform spends its time waiting, so two stacks take little longer than one.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from deployment.errors import DeploymentError
from deployment.stacks import Stack

Result = TypeVar("Result")


def side_by_side(
    stacks: Sequence[Stack], work: Callable[[Stack], Result], *, on_interrupt: Callable[[], None]
) -> dict[str, Result]:
    """Return what `work` gave for each stack, by pipeline. Every stack is carried through, also when another fails.

    When this thread is interrupted, `on_interrupt` is called once and the work in hand is waited for.

    Raises:
        DeploymentError: at least one failed; one alone is raised as it is, several as one with all messages.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(stacks)), thread_name_prefix="stack") as pool:
        futures = {stack.pipeline: pool.submit(work, stack) for stack in stacks}
        try:
            failures = [failure for future in futures.values() if (failure := future.exception()) is not None]
        except BaseException:
            on_interrupt()
            raise  # leaving the block waits for the work in hand
    unexpected = next((failure for failure in failures if not isinstance(failure, DeploymentError)), None)
    if unexpected is not None:
        raise unexpected
    if len(failures) == 1:
        raise failures[0]
    if failures:
        raise DeploymentError("\n".join(dict.fromkeys(map(str, failures)))) from failures[0]
    return {pipeline: future.result() for pipeline, future in futures.items()}
