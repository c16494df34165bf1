"""The read models, made again from the events: thrown away and written anew, or written into another store."""

from __future__ import annotations

from collections.abc import Iterator

from engine.process import events as e
from engine.running.catalogue import Catalogue
from engine.running.loading import Loading
from engine.running.streams import Streams
from engine.store import worklists
from engine.store.log import Row
from engine.store.people import People


def read_models(streams: Streams, catalogue: Catalogue, loading: Loading, people: People) -> Iterator[list[Row]]:
    """The rows of the read models as the events give them, a process at a time."""
    for stream in streams.log.heads():
        first = streams.log.read(stream, until=1)
        if first and first[0].type == e.ProcessStarted.TYPE:
            loaded = loading.whole(stream)
            definitions = catalogue.definitions(loaded.state.template)
            yield list(worklists.again(streams.events(loaded.records), loaded.state, definitions, people.fingerprint))
