"""Commands about people: who they are in this workspace, and the tokens they sign in with."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from cli.call import Call
from cli.command import Commands
from cli.output import Done, Table, note, tell

commands = Commands()

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="A short name, unique here: kari, kari@kommune.no.")]


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


@commands.add("identity token", example="export SAMSKAP_IDENTITY=$(samskap identity token kari)")
def token(ctx: typer.Context, handle: Handle) -> None:
    """Make a token with which a person signs in.

    For the operator. Whoever holds the token is that person, for a year: hand it over safely.
    """
    call: Call = ctx.obj
    call.require_operator("making tokens")
    person = call.engine.people.find(handle)
    made = call.engine.people.token(person, call.now())
    note(call, f"The token of {person.name}, for SAMSKAP_IDENTITY or --identity-file; valid for a year:")
    tell(call, {"handle": person.handle, "token": made}, made)


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
    data = {"handle": person.handle, "name": person.name, "language": person.language, "operator": session.operator}
    through = ", through the operator's key" if session.operator else ""
    tell(call, data, f"{person.name} ({person.handle}), reads {person.language}{through}")
