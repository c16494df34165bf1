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
