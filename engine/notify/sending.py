"""Sending one message through apprise, and what its failing means.

Apprise is an extra (`samskap[notify]`) and imported when something is sent. It only says whether a service took a
message; why not is read from what it logs, and only codes are kept of that: a log line may hold an address.
"""

# ruff: noqa: PLC0415 (apprise may be missing)

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Final, Protocol

from engine.errors import SettingsError
from engine.notify.addresses import url_of, with_secrets

HEADER: Final = "X-Samskap-Key"
"""The header that carries a message's key, where the service has headers: mail, and everything over HTTP."""

_SMTP = re.compile(r"\((\d{3}), b['\"]")
_HTTP = re.compile(r"error=(\d{3})")
_OURS_TO_MEND = frozenset({"530", "534", "535", "538", "401", "403", "407", "408", "425", "429"})
"""Answers that are no refusal of this message: we are not let in, or come too often."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: plain text, with the key of its event and person."""

    key: str
    title: str
    text: str


class NotDelivered(Exception):
    """A message was not taken: `told` says why in a few words without an address; `for_good` if so."""

    def __init__(self, told: str, *, for_good: bool) -> None:
        super().__init__(told)
        self.told = told
        self.for_good = for_good


class Post(Protocol):
    """What carries messages."""

    def send(self, address: str, message: Message) -> None:
        """Hand a message over; raise `NotDelivered` where it was not taken."""


class Services:
    """Apprise with the services of a workspace; `secrets` is where their passwords come from.

    Raises `SettingsError` where apprise is not installed, or a secret is missing.
    """

    def __init__(self, services: Mapping[str, str], secrets: Mapping[str, str] = os.environ) -> None:
        try:
            import apprise  # noqa: F401 (whether it is there)
        except ImportError:
            raise SettingsError(
                "sending needs apprise, and it is not installed", hint="pip install 'samskap[notify]'"
            ) from None
        self._services = with_secrets(services, secrets)

    def send(self, address: str, message: Message) -> None:
        """Hand a message over, as plain text; raise `NotDelivered` where the service did not take it."""
        from apprise import Apprise, AppriseAsset, NotifyFormat

        url = url_of(address, self._services)
        if url is None:
            raise NotDelivered(f"no service “{address.partition(':')[0]}” in [notify.services]", for_good=True)
        asset = AppriseAsset(app_id="samskap", app_desc="samskap", async_mode=False, storage_mode="memory")
        with _heard() as said:
            service = Apprise.instantiate(url, asset=asset)
            if service is None:
                raise NotDelivered("the address is none that apprise knows", for_good=True)
            service.notify_format = NotifyFormat.TEXT
            headers = vars(service).get("headers")
            if isinstance(headers, dict):
                headers[HEADER] = message.key
            taken = service.notify(title=message.title, body=message.text, body_format=NotifyFormat.TEXT)
        if not taken:
            raise _why("\n".join(said))


class _Ear(logging.Handler):
    """Hears what apprise says in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._thread = get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.said.append(record.getMessage())


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise logs within the block. It goes nowhere else: it holds addresses and texts."""
    logger, ear = logging.getLogger("apprise"), _Ear()
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(ear)
    try:
        yield ear.said
    finally:
        logger.removeHandler(ear)


def _why(told: str) -> NotDelivered:
    """What apprise logged, as a code and whether that is for good."""
    for pattern, name in ((_SMTP, "SMTP"), (_HTTP, "HTTP")):
        codes = pattern.findall(told)
        if codes:
            code = codes[-1]
            refused = code.startswith("5" if name == "SMTP" else "4") and code not in _OURS_TO_MEND
            return NotDelivered(f"the service answered {name} {code}", for_good=refused)
    return NotDelivered("the service could not be reached, or did not say why", for_good=False)
