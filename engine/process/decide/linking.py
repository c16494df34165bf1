"""Processes that stand beside one another: asked for, begun, ended, let go.

A parent only asks: the other process has a log of its own, and is started there by whoever sees what is owed
(`engine.running.linking`). What comes back is told with commands that no person gives, and recorded as done by `link`.
"""

from __future__ import annotations

from uuid import uuid5

from engine.errors import NotAllowed, Refused
from engine.guards import UNKNOWN, GuardFault
from engine.process import commands as c
from engine.process import events as e
from engine.process.access import ToManage
from engine.process.decide.step import Step, is_news, unknown
from engine.process.state import Linked
from engine.template.chart import LinkNode

BY = "link"
"""What the log names as who did it, where it was a process that stands beside this one."""
MAX_DEPTH = 8
"""So many processes may stand above one."""


# -- asking for processes ---------------------------------------------------------------------------------------------


def spawn_on_entry(step: Step, state: str) -> None:
    """Ask for what an active state starts: one process an element, where this entry of the state has none yet."""
    for link in step.definition.links.values():
        if link.state == state and link.action is None:
            known = _of(step, link)
            for element in _elements(step, link):
                if not _is_there(step, link, known.get(element, [])):
                    _open(step, link, element, len(known.get(element, [])) + 1)


def spawn_for_newcomers(step: Step) -> None:
    """Ask for what active states start, for the elements that came since they were entered."""
    for state in list(step.state.active) if step.definition.links else ():
        spawn_on_entry(step, state)


def spawn_on_action(step: Step, link: LinkNode) -> None:
    """Ask for what an action starts; refused where all of it goes on already, or there is nobody to start it for."""
    elements, known = _elements(step, link), _of(step, link)
    free = [element for element in elements if not any(one.is_open for one in known.get(element, []))]
    if not free:
        told = f"“{link.id}” goes on already" if elements else f"there is nobody yet to start “{link.id}” for"
        raise Refused(told, hint=f"See `samskap link list {step.state.name}`.")
    for element in free:
        _open(step, link, element, len(known.get(element, [])) + 1)


def spawn_again(step: Step, incident: str) -> None:
    """Ask for a process in the place of one that was given up, if that is what the incident is about."""
    for one in [one for one in step.state.links.values() if one.incident == incident and one.counts]:
        link = step.definition.links.get(one.link)
        if one.status == "cancelled" and link is not None:
            _open(step, link, one.element, len(_of(step, link)[one.element]) + 1)
            _resolve(step, one)


def _is_there(step: Step, link: LinkNode, known: list[Linked]) -> bool:
    entry = step.state.active[link.state]
    kept = [one for one in known if one.status != "let_go"]
    return any(one.is_open or one.entry == entry or step.keeps for one in kept)


def _of(step: Step, link: LinkNode) -> dict[str | None, list[Linked]]:
    """The processes of a link so far, by what each is for."""
    found: dict[str | None, list[Linked]] = {}
    for one in step.state.links.values():
        if one.link == link.id:
            found.setdefault(one.element, []).append(one)
    return found


def _elements(step: Step, link: LinkNode) -> list[str | None]:
    """What the link has a process each for now; None alone where it has one."""
    each = link.spec.each
    if each is None:
        return [None]
    if each not in ("membership", "party"):
        step.faults[f"each:{link.id}", link.state] = step.conditions.nameless(link.list_of)
        return [*step.conditions.rows(link.list_of)]
    holders = [m for m in step.state.memberships.values() if m.active and not m.roles.isdisjoint(link.from_roles)]
    return [name for name in dict.fromkeys(m.id if each == "membership" else m.party for m in holders) if name]


def _open(step: Step, link: LinkNode, element: str | None, number: int) -> None:
    """Ask for a process, the so many-th of the link for an element."""
    step.emit(
        e.LinkOpened(
            link=link.id,
            child=uuid5(step.state.stream, f"{link.id}:{element or ''}:{number}").hex,
            template=link.spec.template,
            spawned=True,
            element=element,
            state=link.state,
            entry=step.state.active.get(link.state, 0),
            given=_given(step, link),
        )
    )


def _given(step: Step, link: LinkNode) -> dict[str, object]:
    """What the other process is told; what is unknown it is not told, and what cannot be evaluated is an incident."""
    found: dict[str, object] = {}
    for name, expression in link.given.items():
        try:
            value = step.conditions.value(expression, link.state)
        except GuardFault as fault:
            step.faults[f"give:{link.id}:{name}", link.state] = fault.message
            continue
        if value is not UNKNOWN:
            found[name] = value
    return found


# -- what people do about them ----------------------------------------------------------------------------------------


def link(step: Step, command: c.Link) -> None:
    """Let a process that is there already stand beside this one. Who may do so there is for the caller to ask."""
    step.require(ToManage())
    wanted = step.definition.links.get(command.link)
    if wanted is None:
        raise unknown("link", command.link, step.definition.links)
    if wanted.spec.template != command.template:
        raise Refused(
            f"“{command.link}” is for processes of {wanted.spec.template}, and this is one of {command.template}"
        )
    known = step.state.links.get(command.child)
    if known is not None and known.status != "let_go":
        raise Refused(f"it stands beside “{step.state.name}” already, as “{known.link}”")
    step.emit(
        e.LinkOpened(
            link=command.link,
            child=command.child,
            template=command.template,
            spawned=False,
            subject=step.context.actor.subject,
        )
    )
    for one in [one for one in step.state.links.values() if one.link == command.link and one.status == "cancelled"]:
        _resolve(step, one)


def end_link(step: Step, command: c.EndLink) -> None:
    """Wait no longer for a process; it goes on by itself."""
    step.require(ToManage())
    known = step.state.links.get(command.child)
    if known is None or not known.is_open:
        raise Refused("this process is not waited for", hint=f"See `samskap link list {step.state.name}`.")
    if not command.reason.strip():
        raise Refused("letting a process go needs a reason that all can read", hint="Give one with --reason.")
    let_go(step, known, command.reason)


def let_go(step: Step, one: Linked, reason: str) -> None:
    """Note that a process is not waited for any more, and why; what was wrong about it does not matter then."""
    subject = step.context.actor.subject or step.actor
    step.emit(e.LinkEnded(link=one.link, child=one.child, how="let_go", subject=subject, reason=reason))
    _resolve(step, one)


# -- what is told by the other process --------------------------------------------------------------------------------


def have_parent(step: Step, command: c.HaveParent) -> None:
    """Know of the process that this one stands beside."""
    by_itself(step)
    if command.parent in step.state.parents:
        return
    if command.depth > MAX_DEPTH:
        raise Refused(f"more than {MAX_DEPTH} processes would stand above one another")
    step.emit(
        e.ParentLinked(
            parent=command.parent,
            link=command.link,
            name=command.name,
            title=command.title,
            takes=command.takes,
            given=dict(command.given),
            depth=command.depth,
        )
    )


def begun(step: Step, command: c.LinkBegun) -> None:
    """The process is there. Told twice it is noted once."""
    known = _told(step, command.child)
    if known.status != "opened":
        return
    step.emit(
        e.ProcessLinked(
            link=known.link,
            child=known.child,
            name=command.name,
            title=command.title,
            template=command.template,
            version=command.version,
        )
    )
    _resolve(step, known)


def failed(step: Step, command: c.LinkFailed) -> None:
    """The process cannot be started or linked: an incident, until it can."""
    known = _told(step, command.child)
    if known.status == "opened":
        _raise(step, known, command.message)


def over(step: Step, command: c.LinkOver) -> None:
    """The process has ended. That it was given up is an incident, where no condition of the template asks for that."""
    known = _told(step, command.child)
    if known.status != "open":
        return
    step.emit(
        e.LinkEnded(
            link=known.link,
            child=known.child,
            how=command.how,
            state=command.state,
            answers=dict(command.answers),
        )
    )
    if command.how == "cancelled" and known.link not in step.definition.links_given_up:
        _raise(step, known, f"“{known.name}” was given up")


def by_itself(step: Step) -> None:
    """Refuse what only a process may tell another, and say who it was."""
    if step.context.person:
        raise NotAllowed("no person does this: processes tell each other how they stand")
    step.actor = BY


def _told(step: Step, child: str) -> Linked:
    by_itself(step)
    known = step.state.links.get(child)
    if known is None:
        raise unknown("linked process", child, step.state.links)
    return known


def _raise(step: Step, one: Linked, message: str) -> None:
    if is_news(step.state.incidents.get(one.incident), message):
        step.emit(e.IncidentRaised(incident=one.incident, state=None, message=message))


def _resolve(step: Step, one: Linked) -> None:
    known = step.state.incidents.get(one.incident)
    if known is not None and known.is_open:
        step.emit(e.IncidentResolved(incident=one.incident, subject=""))
