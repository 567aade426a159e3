from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.lambdas.control.lifecycle import IllegalLifecycleMove, Lifecycle


def test_a_function_becomes_active_and_is_updated_again_and_again():
    active = Lifecycle().moved("Active")
    assert (active.state, active.last_update_status) == ("Active", "Successful")
    updating = active.updated("InProgress")
    assert updating.updated("Successful") == active
    assert updating.updated("Failed").updated("InProgress") == updating


def test_a_move_that_is_not_in_the_table_is_an_error_that_names_both_ends():
    with pytest.raises(
        IllegalLifecycleMove, match="State cannot move from Failed to Active; from Failed it may move to"
    ):
        Lifecycle().moved("Failed").moved("Active")
    with pytest.raises(IllegalLifecycleMove, match="LastUpdateStatus cannot move from Successful to Failed"):
        Lifecycle().updated("Failed")


def test_only_what_is_on_its_way_has_a_reason():
    beginning = {"State": "Pending", "StateReason": "The function is being created.", "StateReasonCode": "Creating"}
    assert Lifecycle().describe() == beginning
    active = Lifecycle().moved("Active")
    assert active.describe() == {"State": "Active", "LastUpdateStatus": "Successful"}
    assert active.updated("InProgress").describe() == {
        "State": "Active",
        "LastUpdateStatus": "InProgress",
        "LastUpdateStatusReason": "The function is being created.",
        "LastUpdateStatusReasonCode": "Creating",
    }
