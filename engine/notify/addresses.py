"""How a person is reached: `mailto:kari@kommune.no`, another service and who one is there, or an apprise URL.

A service is a URL of apprise in `[notify.services]` of samskap.toml, with `{to}` where the person stands. Its secrets
are named, `${SMTP_PASSWORD}`, and come from the environment. Nothing is sent here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from engine.errors import SettingsError, UsageError

MAIL: Final = "mailto"
_LONGEST = 500
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+|[^@\s,;<>\"]+@localhost")
_SERVICE = re.compile(r"([a-z][a-z0-9_]*):([^\s/][^\s]*)")
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def address(text: str) -> str:
    """An address as it is kept; raise `UsageError` for what is none. A bare e-mail address is one of `mailto`."""
    given = text.strip()
    hint = "Write an e-mail address, SERVICE:WHO for a service of samskap.toml, or an apprise URL."
    if not given or len(given) > _LONGEST or not given.isprintable() or any(c.isspace() for c in given):
        raise UsageError("this is no address", hint=hint)
    if "://" in given:
        return given
    if _MAIL.fullmatch(given) and not given.startswith(f"{MAIL}:"):
        given = f"{MAIL}:{given}"
    found = _SERVICE.fullmatch(given)
    if found is None or (found[1] == MAIL and not _MAIL.fullmatch(found[2])):
        raise UsageError("this is no address", hint=hint)
    return given


def is_url(address: str) -> bool:
    """Whether an address is a URL of its own, which needs no service."""
    return "://" in address


def with_secrets(services: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The services with their secrets; raise `SettingsError` where the environment lacks one."""

    def secret(found: re.Match[str]) -> str:
        if found[1] not in environment:
            raise SettingsError(
                f"a service of [notify] needs {found[1]}, and it is not in the environment",
                hint=f"Set {found[1]}, as it is: what has a meaning in URLs is escaped for you.",
                where=found[1],
            )
        return quote(environment[found[1]], safe="")

    return {name: _SECRET.sub(secret, url) for name, url in services.items()}


def url_of(address: str, services: Mapping[str, str]) -> str | None:
    """The URL to send to; None where there is no such service."""
    if is_url(address):
        return address
    name, _, who = address.partition(":")
    service = services.get(name)
    return service.replace("{to}", quote(who, safe="")) if service is not None else None
