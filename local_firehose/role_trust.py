"""Whether a role's trust policy lets Firehose assume it for one stream.

Pure. Conditions are judged where Firehose's side of them is known: the external id (the account id), the source account and the source
ARN; any other key or operator is taken to hold.
Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

_FIREHOSE = "firehose.amazonaws.com"
_ASSUMING = frozenset({"sts:assumerole", "sts:*", "*"})


def trusts_firehose(role: Mapping[str, Any], *, account_id: str, stream_arn: str) -> bool:
    """Say whether Firehose may assume the role for that stream; `role` is the Role of IAM's GetRole."""
    # documented: Firehose gives the account id as external id
    context = {"sts:externalid": account_id, "aws:sourceaccount": account_id, "aws:sourcearn": stream_arn}
    statements = [
        statement
        for statement in _statements(role.get("AssumeRolePolicyDocument"))
        if _is_about_firehose(statement) and _conditions_hold(statement.get("Condition", {}), context)
    ]
    effects = {statement.get("Effect") for statement in statements}
    return "Allow" in effects and "Deny" not in effects


def _statements(document: object) -> Sequence[Mapping[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(unquote(document))
        except ValueError:
            return []
    found = document.get("Statement", []) if isinstance(document, dict) else []
    listed = [found] if isinstance(found, dict) else found
    return [statement for statement in listed if isinstance(statement, dict)]


def _is_about_firehose(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = _listed(principal.get("Service", []) if isinstance(principal, dict) else principal)
    actions = {action.lower() for action in _listed(statement.get("Action", []))}
    return bool({_FIREHOSE, "*"} & set(services)) and bool(_ASSUMING & actions)


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for operator, tests in conditions.items():
        matches = _OPERATORS.get(operator.lower().removesuffix("ifexists"))
        for key, values in tests.items():
            known = context.get(key.lower())
            if matches and known is not None and not any(matches(known, value) for value in _listed(values)):
                return False
    return True


def _equal(known: str, value: str) -> bool:
    return known == value


def _equal_in_any_case(known: str, value: str) -> bool:
    return known.lower() == value.lower()


def _like(known: str, pattern: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, known, re.DOTALL) is not None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_in_any_case,
    "stringlike": _like,
    "arnequals": _like,  # documented: the two behave alike
    "arnlike": _like,
}


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
