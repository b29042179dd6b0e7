from deployment.cost_note import cost_note
from deployment.stacks import STACKS


def test_idle_and_a_million_records_are_priced_as_aws_bills_them() -> None:
    # a million records of up to 5 KiB are billed as 5.12 GB: 5.12 x (0.029 + 0.018) and 5.12 x 0.029
    assert cost_note(tuple(STACKS.values())) == (
        "Cost: about 0.30 USD a month for alarms while nothing is sent; a million records: store-inventory 0.24 USD, apache-logs 0.15 USD "
        "(each is billed as 5 KiB), and where partitioned 0.020 USD a GB delivered and 0.010 USD a thousand objects "
        "and 0.07 USD an hour of jq."
    )


def test_one_stack_is_priced_alone() -> None:
    assert cost_note((STACKS["apache-logs"],)).startswith(
        "Cost: about 0.10 USD a month for alarms while nothing is sent; a million records: apache-logs 0.15 USD ("
    )
