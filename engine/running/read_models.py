"""The read models, made again from the events: thrown away and written anew, or written into another store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.errors import IntegrityFault
from engine.process import events as e
from engine.running.catalogue import Catalogue
from engine.running.loading import Loading
from engine.running.streams import Streams
from engine.store import worklists
from engine.store.log import Record, Row, stream_of_text
from engine.store.people import People


def read_models(streams: Streams, catalogue: Catalogue, loading: Loading, people: People) -> Iterator[list[Row]]:
    """The rows of the read models as the events give them, a process at a time.

    Of a process of which nothing can be told any more, they say as before that it is there, and who takes part.
    """
    listed = {stream_of_text(row["stream"]) for row in streams.log.query("SELECT stream FROM process")}
    for stream in streams.log.heads():
        if stream not in listed and not _begins_a_process(streams.log.read(stream, until=1)):
            continue
        try:
            loaded = loading.whole(stream)
        except IntegrityFault:
            yield list(worklists.as_listed(streams.log, stream))
        else:
            definitions = catalogue.definitions(loaded.state.template)
            yield list(worklists.again(streams.events(loaded.records), loaded.state, definitions, people.fingerprint))


def _begins_a_process(first: Sequence[Record]) -> bool:
    return bool(first) and first[0].type == e.ProcessStarted.TYPE
