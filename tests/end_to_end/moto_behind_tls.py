"""``python moto_behind_tls.py -p PORT``: moto's server, where every request counts as one that came over TLS.

moto takes a condition that it can't judge for one that holds, so that a policy which denies requests without TLS would deny everything.
"""

import sys
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.server import main

judged = IAMPolicyStatement.is_action_permitted


def judged_over_tls(self: Any, *arguments: Any, **named: Any) -> Any:
    if self._statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
        return PermissionResult.NEUTRAL
    return judged(self, *arguments, **named)


IAMPolicyStatement.is_action_permitted = judged_over_tls
main(sys.argv[1:])
