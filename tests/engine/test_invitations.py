"""An invitation holds until it is withdrawn, and while whoever issued it may still invite: that is what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotAllowed, NotFound, Refused
from engine.personal import erasing
from engine.process import commands as c
from engine.process.invitations import named

if TYPE_CHECKING:
    World = Any  # the class stands in conftest.py, which cannot be imported


@pytest.fixture
def token(world: World) -> str:
    """An invitation that kari issued, as a member for the town; eva leads too."""
    world.parties()
    world.do("kari", c.Grant("m3", "lead"))
    return str(world.engine.invite(world.person("kari"), "p", ("member",), "town").result["token"])


def is_erased(world: World) -> None:
    engine = world.engine
    erasing.erase(engine, erasing.plan(engine, engine.people.find("kari")), "asked for it")


def leaves(world: World) -> None:
    world.do("kari", c.EndMembership("m1", ""))


def loses_the_role(world: World) -> None:
    world.do("eva", c.Revoke("m1", "lead"))


def hands_over(world: World) -> None:
    world.do("kari", c.HandOver("m1", "m2", "lead"))


def test_given_an_invitation_when_asked_for_again_later_with_the_same_id_then_the_same_token_that_lies_nowhere(
    world: World,
) -> None:
    first = world.engine.invite(world.person("kari"), "p", ("guest",), command_id="one")
    world.clock.now += timedelta(hours=1)
    again = world.engine.invite(world.person("kari"), "p", ("guest",), command_id="one")
    assert (again.result, again.replayed) == (first.result, True)
    secret = first.result["token"].rpartition(".")[2].encode()
    assert not any(secret in path.read_bytes() for path in world.folder.rglob("*") if path.is_file())


def test_given_a_command_id_of_somebody_else_when_used_then_it_is_another_command(world: World) -> None:
    world.parties()
    for handle in ("ola", "eva"):
        world.do(handle, c.Submit("log.1", {"text": "likt"}), command_id="one")
    assert len(world.state.instances["log.1"].submissions) == 2


@pytest.mark.parametrize("ends", [is_erased, leaves, loses_the_role, hands_over])
def test_given_an_invitation_when_its_issuer_may_invite_no_more_then_nobody_joins_by_it_and_nothing_is_written(
    world: World, token: str, ends: Callable[[World], None]
) -> None:
    ends(world)
    newcomer = world.person("liv")
    before = world.engine.log.position()
    with pytest.raises(NotAllowed, match="may invite nobody any more") as caught:
        world.engine.join(newcomer, token)
    assert "new invitation" in caught.value.hint
    assert world.engine.log.position() == before


def test_given_an_invitation_when_its_issuer_was_the_operator_acting_for_a_lead_then_it_hangs_on_that_lead(
    world: World, token: str
) -> None:
    engine = world.engine
    engine.keys.ensure("workspace", "operator")
    issued = engine.invite(engine.people.act_as("kari"), "p", ("member",), "town").result["token"]
    engine.join(world.person("liv"), str(issued))
    issued = engine.invite(engine.people.act_as("kari"), "p", ("member",), "town").result["token"]
    leaves(world)
    with pytest.raises(NotAllowed, match="may invite nobody any more"):
        engine.join(world.person("nils"), str(issued))


def test_given_an_invitation_when_its_issuer_got_the_role_back_then_it_holds_again(world: World, token: str) -> None:
    loses_the_role(world)
    world.do("eva", c.Grant("m1", "lead"))
    assert world.engine.join(world.person("liv"), token).result["membership"] == "m4"


def test_given_an_invitation_when_another_leaves_then_it_holds(world: World, token: str) -> None:
    world.do("ola", c.EndMembership("m2", ""))
    assert world.engine.join(world.person("liv"), token).result["membership"] == "m4"


# -- withdrawn --------------------------------------------------------------------------------------------------------


def withdraw(world: World, handle: str, token: str) -> None:
    """Withdraw an invitation by its token, as it stands in kari's list."""
    issued = world.engine.invitations(world.person("kari"), "p")
    world.do(handle, c.WithdrawInvitation(named(issued, token)))


def test_given_an_invitation_when_another_lead_withdraws_it_then_nobody_joins_by_it(world: World, token: str) -> None:
    withdraw(world, "eva", token)
    with pytest.raises(NotAllowed, match="was withdrawn"):
        world.engine.join(world.person("liv"), token)


def test_given_an_invitation_when_somebody_who_does_not_lead_would_withdraw_it_then_not_allowed(
    world: World, token: str
) -> None:
    with pytest.raises(NotAllowed):
        withdraw(world, "ola", token)
    assert world.engine.join(world.person("liv"), token).result["membership"] == "m4"


def test_given_an_invitation_that_was_used_when_withdrawn_then_refused_and_told_to_end_the_membership(
    world: World, token: str
) -> None:
    (issued,) = world.engine.invitations(world.person("kari"), "p")
    world.engine.join(world.person("liv"), token)
    with pytest.raises(Refused, match="has been used") as caught:
        world.do("kari", c.WithdrawInvitation(issued.invitation))
    assert "member end" in caught.value.hint
    assert world.engine.invitations(world.person("kari"), "p") == []


def test_given_no_such_invitation_when_withdrawn_then_told_and_nothing_is_written(world: World, token: str) -> None:
    before = world.engine.log.position()
    with pytest.raises(NotFound, match="no such invitation"):
        world.do("kari", c.WithdrawInvitation("0" * 64))
    assert world.engine.log.position() == before


def test_given_an_invitation_that_holds_no_more_when_withdrawn_then_it_does_not_hold_again_either(
    world: World, token: str
) -> None:
    issued = world.engine.invitations(world.person("kari"), "p")
    loses_the_role(world)
    world.do("eva", c.WithdrawInvitation(named(issued, token)))
    world.do("eva", c.Grant("m1", "lead"))
    with pytest.raises(NotAllowed, match="was withdrawn"):
        world.engine.join(world.person("liv"), token)


def test_given_invitations_when_listed_by_who_leads_then_what_each_gives_and_why_nobody_joins_by_it(
    world: World, token: str
) -> None:
    gone = str(world.engine.invite(world.person("eva"), "p", ("lead",), None).result["token"])
    withdraw(world, "kari", gone)
    told = [
        (one.roles, one.party, one.issued_by, one.over) for one in world.engine.invitations(world.person("eva"), "p")
    ]
    assert told == [(("member",), "town", "m1", ""), (("lead",), None, "m3", "was withdrawn")]
    world.clock.now += timedelta(days=31)
    assert [one.over for one in world.engine.invitations(world.person("eva"), "p")] == [
        "expired on 2026-04-01", "was withdrawn"
    ]  # fmt: skip
    with pytest.raises(NotAllowed):
        world.engine.invitations(world.person("ola"), "p")
