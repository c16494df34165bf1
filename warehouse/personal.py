"""What the warehouse's room holds about one person: their questions, and their rows of measurement files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine import codec
from engine.codec import Json
from engine.engine import Engine
from engine.workspace import Workspace
from warehouse.erasing import files_of_people, pseudonyms, theirs
from warehouse.query.record import RECORD


def questions(workspace: Workspace, handle: str) -> Iterator[dict[str, Json]]:
    """The questions to the figures that somebody asked, or that the operator asked for them."""
    record = workspace.data / RECORD
    for line in record.read_bytes().splitlines() if record.exists() else ():
        told = codec.mapping(codec.decode(line))
        if str(told["who"]).rpartition(" ")[2] == handle:
            yield told


def measured(workspace: Workspace, engine: Engine, units: Sequence[str]) -> Iterator[dict[str, Json]]:
    """The rows of people in landed files, by what the files called them outside; cells as they were read."""
    wanted = frozenset(pseudonyms(engine, units))
    for landed, contract in files_of_people(workspace, engine) if wanted else ():
        for number, cells in theirs(landed, contract, wanted):
            yield {"source": contract.source, "file": landed.file_name, "row": number, "cells": {**cells}}
