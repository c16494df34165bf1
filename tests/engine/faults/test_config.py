"""F11: a template that is changed, broken or gone on disk while processes run on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.errors import Conflict, SamskapError
from engine.process import commands as c
from engine.template import bundle
from engine.template.lint import versions
from engine.workspace import Workspace


@pytest.fixture
def office(
    tmp_path: Path, write_small: Callable[..., Path], new_world: Callable[[Path], Any]
) -> Iterator[tuple[Workspace, Any]]:
    """A workspace with the small template's files, which were published, and a process on it."""
    workspace = Workspace.create(tmp_path / "work")
    write_small(workspace.root)
    world = new_world(workspace.data)
    yield workspace, world
    world.engine.close()


EDITS: dict[str, Callable[[Path], object]] = {
    "another title": lambda file: file.write_text(file.read_text().replace("en: Small", "en: Tiny")),
    "no vote any more": lambda file: file.write_text(file.read_text().replace("to: work", "to: ended")),
    "no YAML": lambda file: file.write_text("template: [small"),
    "empty": lambda file: file.write_text(""),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.fault("F11")
@pytest.mark.parametrize("edit", EDITS)
def test_given_a_template_edited_on_disk_when_its_process_goes_on_then_by_the_stored_copy_and_lint_tells(
    office: tuple[Workspace, Any], edit: str
) -> None:
    workspace, world = office
    world.parties()
    file = workspace.root / "processes" / "small.yaml"
    EDITS[edit](file)
    fresh = Engine.open(world.folder, clock=world.clock)
    kari = world.person("kari")
    fresh.handle(kari, "p", c.Submit("goal.1", {"text": "et mål"}, None))
    fresh.handle(kari, "p", c.Act("open"))
    assert list(fresh.load(fresh.stream("p")).state.active) == ["work", "voting"]
    assert fresh.rebuild_worklists() == 1
    assert told(workspace, fresh)
    fresh.close()


def told(workspace: Workspace, engine: Engine) -> list[str]:
    """What lint says of the template: its rules, or the error that keeps it from being read."""
    published = {one.version: one.bundle for one in engine.published("small")}
    gone = [problem.rule for problem in versions.gone(["small"], [workspace.root])]
    try:
        return gone + [one.rule for one in bundle.problems_of("small", [workspace.root], published)]
    except SamskapError as error:
        return [*gone, error.code]


@pytest.mark.fault("F11")
def test_given_other_content_under_a_published_number_when_published_then_refused_and_the_old_one_stays(
    office: tuple[Workspace, Any],
) -> None:
    workspace, world = office
    EDITS["another title"](workspace.root / "processes" / "small.yaml")
    with pytest.raises(Conflict, match="other content"):
        world.engine.publish(bundle.read("small", [workspace.root]))
    assert len(world.engine.published("small")) == 1
