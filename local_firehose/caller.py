"""Who sends a request, and to which Region.

Pure. The Region is the one of the SigV4 scope, the account and principal are what STS answers for the access key.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The principal behind one request; `principal_arn` is STS's Arn, such as ``arn:aws:iam::123456789012:user/ci``."""

    account_id: str
    region: str
    principal_arn: str
