"""An invitation holds while whoever issued it may still invite: what was given on their authority ends with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from engine.errors import NotAllowed
from engine.personal import erasing
from engine.process import commands as c

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
