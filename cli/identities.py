"""Commands about people: who they are in this workspace, and the tokens they sign in with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Table, note, tell
from engine.text import counted

if TYPE_CHECKING:
    from engine.store.people import Person
    from engine.store.sessions import Terms

commands = Commands()

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="A short name, unique here: kari, kari@kommune.no.")]

SomeHandle = Annotated[str, typer.Argument(metavar="[HANDLE]", help="Whose; for the operator. Else your own.")]


@commands.add("identity add", example="samskap identity add kari --name 'Kari Nordmann' --language nn")
def add(
    ctx: typer.Context,
    handle: Handle,
    name: Annotated[str, typer.Option("--name", help="The person's name as others read it; else the handle.")] = "",
    language: Annotated[
        Literal["nb", "nn", "en"] | None, typer.Option("--language", help="That they read; else the workspace's.")
    ] = None,
) -> None:
    """Take a person up in the workspace.

    For the operator. The name is stored under the person's own key. Then make a token for them: identity token.
    """
    call: Call = ctx.obj
    call.require_operator("adding people")
    person = call.engine.people.add(handle, name, language or call.workspace.settings.language)
    tell(
        call,
        {"handle": person.handle, "name": person.name, "language": person.language},
        Done(f"Added {person.name} ({person.handle})"),
    )


@commands.add(
    "identity token",
    example="export SAMSKAP_IDENTITY=$(samskap identity token kari)\n"
    "samskap identity token kari --for P30D --name laptop > kari.token",
)
def token(
    ctx: typer.Context,
    handle: Handle,
    life: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="How long it holds: P30D, PT8H; at most 366 days.")
    ] = "P90D",
    name: Annotated[
        str, typer.Option("--name", help="What to call it, such as laptop; the earlier one of that name ends.")
    ] = "",
) -> None:
    """Make a token with which a person signs in.

    For the operator. Whoever holds the token is that person: hand it over safely. It begins a session that can be
    listed and ended: identity sessions, identity end.
    """
    call: Call = ctx.obj
    call.require_operator("making tokens")
    people = call.engine.people
    person, terms = people.find(handle), _terms(life)
    made = people.token(person, call.now(), terms, name)
    until = call.now() + terms.life
    note(call, f"The token of {person.name}, for SAMSKAP_IDENTITY or --identity-file; until {call.local(until)}:")
    tell(call, {"handle": person.handle, "token": made, "name": name, "expires_at": until}, made)


def _terms(life: str) -> Terms:
    from engine.errors import UsageError  # noqa: PLC0415 (help must come at once)
    from engine.store.sessions import Terms  # noqa: PLC0415
    from engine.template.model import duration  # noqa: PLC0415

    try:
        return Terms(duration(life))
    except ValueError as error:
        raise UsageError(str(error), hint="Say --for P30D for 30 days, or --for PT8H for eight hours.") from None


@commands.add("identity sessions", example="samskap identity sessions\nsamskap identity sessions kari")
def sessions(ctx: typer.Context, handle: SomeHandle = "") -> None:
    """List where a person is signed in.

    Your own sessions; the operator may look at anybody's, and without a name at everybody's.
    """
    call: Call = ctx.obj
    signed_in = call.reader()
    everybody = not handle and not signed_in.person.id
    people = call.engine.people.all() if everybody else [_whose(call, handle)[0]]
    current = signed_in.kept.id if signed_in.kept else ""
    found = [(who, one) for who in people for one in call.engine.people.sessions.of(who.id, call.now())]
    data = [
        {
            "handle": who.handle,
            "id": one.short,
            "name": one.name,
            "created_at": one.created_at,
            "used_at": one.used_at,
            "expires_at": one.expires_at,
            "this": one.id == current,
        }
        for who, one in found
    ]
    rows = [
        (
            who.handle,
            one.short,
            one.name,
            call.local(one.created_at),
            call.local(one.used_at),
            call.local(one.expires_at),
            "this one" if one.id == current else "",
        )
        for who, one in found
    ]
    columns = ("Who", "Session", "Name", "Since", "Last used", "Until", "")
    tell(call, {"sessions": data}, Table(columns, rows, empty="nowhere"))


@commands.add(
    "identity end",
    example="samskap identity end\nsamskap identity end laptop --of kari\nsamskap identity end --all --of kari",
)
def end(
    ctx: typer.Context,
    session: Annotated[
        str, typer.Argument(metavar="[SESSION]", help="Its name or id; else the one you are signed in with.")
    ] = "",
    of: Annotated[str, typer.Option("--of", metavar="HANDLE", help="Whose; for the operator. Else your own.")] = "",
    all_of_them: Annotated[bool, typer.Option("--all", help="Every session of the person.")] = False,
) -> None:
    """End a session: its token no longer holds.

    Your own; the operator may end anybody's, such as when a token was lost.
    """
    from engine.errors import UsageError  # noqa: PLC0415 (help must come at once)

    call: Call = ctx.obj
    person, current = _whose(call, of)
    held = call.engine.people.sessions
    which = session or ("" if all_of_them else current)
    if bool(which) == all_of_them:
        raise UsageError("one session, or all of them", hint="Name one, or say --all; see `samskap identity sessions`.")
    number = held.end_all(person.id) if all_of_them else 1
    ended = [] if all_of_them else [held.end(person.id, which, call.now()).short]
    told = f"{counted(number, 'session')} of {person.name} ended." if all_of_them else f"The session {ended[0]} ended."
    tell(call, {"handle": person.handle, "ended": number, "sessions": ended}, Done(told))


def _whose(call: Call, handle: str) -> tuple[Person, str]:
    """The person whose sessions are meant, and the session that is being used, if it is theirs."""
    from engine.errors import NotAllowed, UsageError  # noqa: PLC0415 (help must come at once)

    signed_in = call.reader()
    own = signed_in.person.handle
    current = signed_in.kept.id if signed_in.kept else ""
    if handle in ("", own) and signed_in.person.id:
        return signed_in.person, current
    if not call.is_operator:
        raise NotAllowed("this is somebody else", hint="Look at your own sessions, or ask the operator.")
    if not handle:
        raise UsageError("whose sessions?", hint="Name a person, or sign in as one.")
    return call.engine.people.find(handle), ""


@commands.add(
    "identity notify",
    example="samskap identity notify kari --to kari@kommune.no\nsamskap identity notify kari --to sms:+4799999999",
)
def notify(
    ctx: typer.Context,
    handle: Handle,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="ADDRESS",
            help="An e-mail address, SERVICE:WHO for a service of samskap.toml, or an apprise URL.",
        ),
    ] = "",
    nowhere: Annotated[bool, typer.Option("--nowhere", help="Send this person nothing any more.")] = False,
) -> None:
    """Say where messages to a person go.

    The address is stored under the person's own key. A person may set their own; the operator anybody's, and only the
    operator a whole URL.
    """
    from engine.errors import NotAllowed, UsageError  # noqa: PLC0415 (help must come at once)
    from engine.notify.addresses import address, is_url  # noqa: PLC0415

    call: Call = ctx.obj
    if bool(to) == nowhere:
        raise UsageError("an address, or none", hint="Give --to ADDRESS, or --nowhere.")
    where = address(to) if to else None
    if not call.is_operator:
        if call.session().person.handle != handle:
            raise NotAllowed("this is somebody else", hint="Set your own address, or ask the operator.")
        if where is not None and is_url(where):
            raise NotAllowed("a whole URL is for the operator to set", hint="Give an e-mail address or SERVICE:WHO.")
    person = call.engine.people.notify(call.engine.people.find(handle), where)
    told = f"Messages to {person.name} go to {person.address}" if where else f"{person.name} is sent no messages"
    tell(call, {"handle": person.handle, "address": person.address}, Done(told))


@commands.add("identity list", example="samskap identity list")
def people(ctx: typer.Context) -> None:
    """List the people of the workspace.

    For the operator. Who was erased is not listed.
    """
    call: Call = ctx.obj
    call.require_operator("listing people")
    found = call.engine.people.all()
    tell(
        call,
        {"people": [{"handle": p.handle, "name": p.name, "language": p.language} for p in found]},
        Table(("Handle", "Name", "Language"), [(p.handle, p.name, p.language) for p in found], empty="nobody yet"),
    )


@commands.add("identity whoami", example="samskap identity whoami")
def whoami(ctx: typer.Context) -> None:
    """Say who you are signed in as."""
    call: Call = ctx.obj
    session = call.session()
    person = session.person
    kept = session.kept
    data = {
        "handle": person.handle,
        "name": person.name,
        "language": person.language,
        "operator": session.operator,
        "session": kept.short if kept else None,
        "expires_at": kept.expires_at if kept else None,
    }
    through = f", until {call.local(kept.expires_at)}" if kept else ", through the operator's key"
    tell(call, data, f"{person.name} ({person.handle}), reads {person.language}{through}")
