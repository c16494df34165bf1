"""The catalogue of bundles: what is published for ever, what is retired, and each ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from uuid import UUID

from engine.errors import Conflict, IntegrityFault, NotFound, Refused
from engine.process import events as e
from engine.running.streams import Streams, stream_of
from engine.store.verify import first_fault
from engine.template.bundle import Bundle, content_hash, definition_from
from engine.template.chart import Definition


class Catalogue:
    """The published versions of templates, as the log holds them. `prepare` is done to each before it runs."""

    def __init__(self, streams: Streams, prepare: Callable[[Definition], Definition]) -> None:
        self._streams = streams
        self._prepare = prepare
        self._ready = lru_cache(maxsize=64)(self._load)
        self._published: dict[UUID, tuple[tuple[int, str], list[e.Payload]]] = {}

    # -- published --------------------------------------------------------------------------------------------------

    def publish(self, bundle: Bundle, actor: str) -> Bundle:
        """Store a bundle for ever; the same content again is nothing new, other content needs a new version."""
        for known in self.published(bundle.name):
            if known.version == bundle.version:
                if known.bundle == bundle.hash:
                    return bundle
                raise Conflict(
                    f"{bundle.name} {bundle.version} was published with other content",
                    hint="A published version never changes: raise the version.",
                )
        payload = e.BundlePublished(
            template=bundle.name, version=bundle.version, bundle=bundle.hash, content=bundle.content
        )
        self._streams.record(stream_of("bundle", bundle.name), [payload], actor=actor)
        return bundle

    def published(self, template: str) -> list[e.BundlePublished]:
        """Every published version of a template, oldest first."""
        return [p for p in self._versions(template) if isinstance(p, e.BundlePublished)]

    def _versions(self, template: str) -> list[e.Payload]:
        """What happened to a template's versions; read anew only when the stream has another head."""
        stream = stream_of("bundle", template)
        log = self._streams.log
        head = log.head(stream)
        known = self._published.get(stream)
        if known is None or known[0] != head:
            records = log.read(stream, until=head[0])
            fault = first_fault(stream, records, head)
            if fault is not None:
                raise IntegrityFault(
                    f"the versions of “{template}” are not what was published: event {fault.sequence}: {fault.what}",
                    hint="Restore the log from a backup: `samskap restore`; what runs on an intact version goes on.",
                )
            payloads = [event.payload for event in self._streams.events(records)]
            known = self._published[stream] = head, payloads
        return known[1]

    def bundle_of(self, template: str, version: str) -> str:
        """The hash of a published version; raise `NotFound` with those that there are."""
        known = {published.version: published.bundle for published in self.published(template)}
        if version not in known:
            there = f"There are: {', '.join(known)}." if known else f"Publish it: samskap publish {template}"
            raise NotFound(f"{template} {version} is not published", hint=there)
        return known[version]

    # -- retired ----------------------------------------------------------------------------------------------------

    def retire(self, template: str, version: str, reason: str, actor: str) -> e.BundleRetired:
        """Let no process begin with a version any more; those that run on it go on. Twice is once."""
        if not reason.strip():
            raise Refused("retiring a version needs a reason", hint="Give one with --reason.")
        bundle = self.bundle_of(template, version)
        retired = self.retired(template)
        if bundle not in retired:
            payload = e.BundleRetired(template=template, version=version, bundle=bundle, reason=reason)
            self._streams.record(stream_of("bundle", template), [payload], actor=actor)
            return payload
        return retired[bundle]

    def retired(self, template: str) -> Mapping[str, e.BundleRetired]:
        """The versions with which no process begins any more, by their bundles' hashes."""
        return {p.bundle: p for p in self._versions(template) if isinstance(p, e.BundleRetired)}

    # -- ready to run -----------------------------------------------------------------------------------------------

    def definition(self, template: str, bundle: str | None = None) -> Definition:
        """A published bundle, ready to run; without a hash the newest one that is not retired."""
        if bundle is None:
            published = self.published(template)
            if not published:
                raise NotFound(f"no template “{template}” is published", hint=f"Publish it: samskap publish {template}")
            retired = self.retired(template)
            versions = [p for p in published if p.bundle not in retired]
            if not versions:
                raise Refused(f"every version of “{template}” is retired", hint="Publish a new one: samskap publish.")
            bundle = max(versions, key=lambda p: tuple(int(n) for n in p.version.split("."))).bundle
        return self._ready(template, bundle)

    def definitions(self, template: str) -> Callable[[str], Definition]:
        """The published versions of a template, by their bundles' hashes."""
        return partial(self._ready, template)

    def _load(self, template: str, bundle: str) -> Definition:
        """A version by its hash, which vouches for it, whatever was done to others."""
        for record in self._streams.log.read(stream_of("bundle", template)):
            with suppress(IntegrityFault):
                payload = self._streams.event(record).payload
                if isinstance(payload, e.BundlePublished) and content_hash(payload.content) == bundle:
                    return self._prepare(definition_from(payload.content, bundle))
        raise IntegrityFault(
            f"its version of “{template}” ({bundle[:12]}) is not in the log as it was published",
            hint="Run `samskap verify`: restore the log, or, where it holds, the lists: `samskap store rebuild`.",
        )
