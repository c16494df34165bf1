"""The local Prefect server: one for a workspace, on loopback, gone afterwards."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from engine.errors import StoreError
from pipelines import server

if TYPE_CHECKING:
    from engine.workspace import Workspace

pytestmark = pytest.mark.slow


def get(url: str) -> object:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_given_a_workspace_when_served_twice_then_one_server_with_its_own_home_and_none_afterwards(
    workspace: Workspace,
) -> None:
    told: list[tuple[str, int, int]] = []
    with server.local_server(workspace, progress=lambda *what: told.append(what)) as url:
        assert get(f"{url}/health") is True
        assert url.startswith("http://127.0.0.1:")
        with server.local_server(workspace) as again:
            assert again == url
        assert get(f"{url}/health") is True  # the second one did not start it, and so left it
        settings = get(f"{url}/admin/settings")
        assert isinstance(settings, dict)
        assert settings["home"] == str(workspace.data / "prefect")
        assert settings["server"]["analytics_enabled"] is False
        assert settings["server"]["ui"]["enabled"] is False
    with pytest.raises(urllib.error.URLError):
        get(f"{url}/health")
    assert told
    assert {what for what, *_ in told} == {"starting Prefect"}
    assert (workspace.data / "prefect").stat().st_mode & 0o077 == 0


def test_given_too_little_time_when_started_then_a_sentence_names_the_log(workspace: Workspace) -> None:
    with pytest.raises(StoreError, match="not ready after 1 seconds"), server.local_server(workspace, seconds=1):
        pass


def test_given_a_home_that_is_no_database_when_started_then_told_that_it_ended(workspace: Workspace) -> None:
    home = server.home(workspace)
    home.mkdir(mode=0o700)
    (home / "prefect.db").write_text("no database")
    with pytest.raises(StoreError, match="ended before it was ready") as raised, server.local_server(workspace):
        pass
    assert raised.value.where == str(home / "server.log")
