"""One call of the command line: the options of every command, the workspace, who acts, and where output goes.

Everything is opened when it is first needed, and closed by `close`. Who acts comes from a session's token or from the
operator's key, never from a name alone. With a token it is that person only, wherever the key lies. What they may do is
the engine's to say.
"""

# ruff: noqa: PLC0415 (imports stand where they are needed: help must come at once)

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.text import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.engine import Engine
    from engine.store.people import Session
    from engine.workspace import Workspace

IDENTITY = "SAMSKAP_IDENTITY"
"""The variable that holds a person's token."""

_WITHOUT_TOKEN = f"The operator calls without a token: leave out --identity-file, and unset {IDENTITY}."


@dataclass
class Call:
    """What was asked for in the options of every command, and what follows from it."""

    folder: str | None = None
    acting_as: str | None = None
    identity_file: str | None = None
    json: bool = False
    quiet: bool = False
    language: str | None = None

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace: of `--workspace`, of SAMSKAP_WORKSPACE, or of the current folder or one above."""
        from engine.workspace import Workspace

        return Workspace.open(Path(self.folder)) if self.folder else Workspace.find()

    @property
    def root(self) -> Path:
        """The workspace's folder, which need not be there yet where --workspace names it."""
        return Path(self.folder) if self.folder else self.workspace.root

    @property
    def workspace_if_any(self) -> Workspace | None:
        """The workspace; None where there is none, and none was named."""
        from engine.errors import NotFound

        try:
            return self.workspace
        except NotFound:
            if self.folder:
                raise
            return None

    @property
    def template_folders(self) -> Sequence[Path]:
        """Where templates are looked for: in the workspace if there is one, and among our own."""
        from engine.template.sources import BUILT_IN

        workspace = self.workspace_if_any
        return workspace.bundle_folders if workspace else (BUILT_IN,)

    @property
    def template_language(self) -> str:
        """The language for the texts of a template: what was asked for, else the workspace's, else bokmål."""
        workspace = self.workspace_if_any
        return self.language or (workspace.settings.language if workspace else LANGUAGES[0])

    @cached_property
    def engine(self) -> Engine:
        """The engine of the workspace."""
        return self.workspace.engine(clock=self.now)

    def close(self) -> None:
        """Let go of what was opened."""
        if "engine" in self.__dict__:
            self.engine.close()

    # -- who acts ---------------------------------------------------------------------------------------------------

    def session(self) -> Session:
        """Who acts; raise `NotAllowed` where nobody is signed in."""
        from engine.errors import NotAllowed

        found = self._signed_in()
        if found is None:
            raise NotAllowed(
                "nobody is signed in",
                hint=f"Set {IDENTITY} to your token, or give --identity-file. The operator can act for somebody"
                " with --as HANDLE.",
            )
        return found

    def reader(self) -> Session:
        """Who looks: as `session`, or the operator as nobody in particular, who sees no answers."""
        from engine.store.people import Person, Session

        found = self._signed_in()
        if found is None and self.is_operator:
            language = self.language or self.workspace.settings.language
            return Session(Person("", "operator", "operator", language), operator=True)
        return found or self.session()

    def _signed_in(self) -> Session | None:
        from engine.errors import NotAllowed, UsageError

        if self.acting_as and self.identity_file:
            raise UsageError(
                "--as and --identity-file both say who acts", hint="Give one of them: --as is for the operator."
            )
        token = self._token()
        if self.acting_as:
            if token is not None:
                raise NotAllowed("--as is for the operator, and this call goes by a token", hint=_WITHOUT_TOKEN)
            found = self.engine.people.act_as(self.acting_as)
        elif token is None:
            return None
        else:
            found = self.engine.people.sign_in(token, self.now())
        return replace(found, person=replace(found.person, language=self.language)) if self.language else found

    def _token(self) -> str | None:
        """The token of --identity-file, else of the environment."""
        from engine.errors import NotFound

        if self.identity_file is None:
            return os.environ.get(IDENTITY) or None
        try:
            return Path(self.identity_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NotFound(
                "the identity file cannot be read",
                hint="It holds one token: samskap identity token HANDLE > FILE.",
                where=self.identity_file,
            ) from None

    @property
    def is_operator(self) -> bool:
        """Whether the operator calls as themselves: the key is at hand, and neither a token nor --as says who acts."""
        return self.holds_operators_key and not self.acting_as and self._token() is None

    @property
    def holds_operators_key(self) -> bool:
        """Whether the operator's key is at hand, whoever acts."""
        return self.engine.keys.raw("workspace", "operator") is not None

    def require_analyst(self) -> str:
        """The handle of who asks the readers' copy; raise `NotAllowed` for others than the operator and analysts."""
        from engine.errors import NotAllowed

        found = self.reader()
        handle = found.person.handle
        if not found.runs_workspace and handle not in self.workspace.settings.sql.analysts:
            raise NotAllowed(
                "the readers' copy holds all processes, and is for named analysts",
                hint="Ask whoever runs the workspace to name you under `analysts` in [sql] of samskap.toml.",
            )
        return f"operator for {handle}" if found.operator and found.person.id else handle

    def require_operator(self, what: str) -> None:
        """Raise `NotAllowed` where it is not the operator who calls, as themselves."""
        from engine.errors import NotAllowed

        if not self.holds_operators_key:
            raise NotAllowed(
                f"{what} needs the operator's key, and it is not in this workspace",
                hint="Ask whoever runs the workspace; the key lies in its data/keys.",
            )
        self.require_nobody(what)

    def require_nobody(self, what: str) -> None:
        """Raise `NotAllowed` where a call is somebody's: by a token, or with `--as`."""
        from engine.errors import NotAllowed

        if self._token() is not None:
            raise NotAllowed(f"{what} needs the operator's key, and this call goes by a token", hint=_WITHOUT_TOKEN)
        if self.acting_as:
            raise NotAllowed(
                f"{what} is the operator's own, and --as gives the rights of “{self.acting_as}” only",
                hint="The operator does it as themselves: leave out --as.",
            )

    # -- telling ----------------------------------------------------------------------------------------------------

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown."""
        return ZoneInfo(self.workspace.settings.schedule.timezone)

    def local(self, moment: datetime | None) -> str:
        """A moment as people write it, in the workspace's zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}" if moment else ""
