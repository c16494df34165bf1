"""The words in an archive: what it is, what can be read in it, and how it is checked, for whoever opens it in years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

_TEXT: Final[Mapping[str, str]] = {
    "nb": """\
NORSK BOKMÅL

Dette er arkivet etter en samskapingsprosess: «{title}» ({name}). Det inneholder alt som ble lagret om prosessen,
{events} hendelser fra {first} til {last}, i den rekkefølgen det skjedde.

Hva som ligger her
  archive.json          Oversikt: prosessen, antall hendelser, kontrollsummer, og hva som ikke kan leses
  events/process.jsonl  Hendelsene, én på hver linje, nøyaktig slik de ble lagret
  events/template.jsonl De publiserte utgavene av malen som prosessen fulgte, også som hendelser
  bundles/              Malen med skjemaene, slik de var da prosessen brukte dem
  events.schema.json    Forklarer hvert felt i en hendelse (JSON Schema)

Hva som ikke kan leses
  Navn, kommentarer, begrunnelser og svar som skjemaet merker som personlige, er kryptert. Nøklene ligger ikke i
  arkivet, men hos dem som drev prosessen. Blir en nøkkel slettet, kan teksten aldri leses igjen. Personer står her med
  pseudonym.
{sealed}
  Alle andre svar kan leses. De kan likevel si noe om enkeltpersoner. Vurder innsyn før arkivet gis videre.

Slik kontrollerer du arkivet
  Med samskap:  samskap verify --archive FIL.zip
  Uten samskap: Pakk ut, gå til mappen og skriv: sha256sum -c manifest-sha256.txt
  Hver hendelse inneholder SHA-256 av linjen før (previous_hash). Den siste linjens står i archive.json.
  Dette viser endringer, men hindrer dem ikke: Noen kan lage hele arkivet på nytt. Ta derfor vare på kontrollsummen av
  siste hendelse et annet sted: {hash}
""",
    "nn": """\
NORSK NYNORSK

Dette er arkivet etter ein samskapingsprosess: «{title}» ({name}). Det inneheld alt som vart lagra om prosessen,
{events} hendingar frå {first} til {last}, i den rekkjefølgja det skjedde.

Kva som ligg her
  archive.json          Oversikt: prosessen, talet på hendingar, kontrollsummar, og kva som ikkje kan lesast
  events/process.jsonl  Hendingane, éi på kvar linje, nøyaktig slik dei vart lagra
  events/template.jsonl Dei publiserte utgåvene av malen som prosessen følgde, også som hendingar
  bundles/              Malen med skjema, slik dei var då prosessen brukte dei
  events.schema.json    Forklarer kvart felt i ei hending (JSON Schema)

Kva som ikkje kan lesast
  Namn, kommentarar, grunngjevingar og svar som skjemaet merkjer som personlege, er krypterte. Nøklane ligg ikkje i
  arkivet, men hos dei som dreiv prosessen. Blir ein nøkkel sletta, kan teksten aldri lesast att. Personar står her med
  pseudonym.
{sealed}
  Alle andre svar kan lesast. Dei kan likevel seie noko om einskildpersonar. Vurder innsyn før arkivet går vidare.

Slik kontrollerer du arkivet
  Med samskap:   samskap verify --archive FIL.zip
  Utan samskap:  Pakk ut, gå til mappa og skriv: sha256sum -c manifest-sha256.txt
  Kvar hending inneheld SHA-256 av linja før (previous_hash). Den for siste linja står i archive.json.
  Dette viser endringar, men hindrar dei ikkje: Nokon kan lage heile arkivet på nytt. Ta difor vare på kontrollsummen av
  siste hending ein annan stad: {hash}
""",
    "en": """\
ENGLISH

This is the archive of a process of co-creation: “{title}” ({name}). It holds all that was stored about the process,
{events} events from {first} to {last}, in the order in which they happened.

What lies here
  archive.json          An overview: the process, how many events, checksums, and what cannot be read
  events/process.jsonl  The events, one a line, exactly as they were stored
  events/template.jsonl The published versions of the template that the process followed, as events too
  bundles/              The template with its forms, as they were when the process used them
  events.schema.json    Explains every field of an event (JSON Schema)

What cannot be read
  Names, comments, reasons, and answers that the form marks as personal are encrypted. The keys are not in the archive,
  but with those who ran the process. Once a key is destroyed, the text can never be read again. Persons appear by
  pseudonym.
{sealed}
  All other answers can be read. They may still tell something about single persons. Think about who may see the archive
  before you pass it on.

How to check the archive
  With samskap:    samskap verify --archive FILE.zip
  Without samskap: Unpack it, go to the folder and type: sha256sum -c manifest-sha256.txt
  Every event holds the SHA-256 of the line before (previous_hash). That of the last line stands in archive.json.
  This shows changes, and does not prevent them: somebody could make the whole archive anew. So keep the checksum of the
  last event somewhere else: {hash}
""",
}

_SEALED: Final[Mapping[str, Mapping[str, str]]] = {
    "protected": {
        "nb": "  Beskyttede svar, som aldri ble vist hver for seg og ikke kan leses her: {task} ({answers} svar).",
        "nn": "  Verna svar, som aldri vart viste kvar for seg og ikkje kan lesast her: {task} ({answers} svar).",
        "en": "  Protected answers, never shown one by one, and not to be read here: {task} ({answers} answers).",
    },
    "not revealed": {
        "nb": "  Forseglede svar, som ikke var vist da arkivet ble laget: {task} ({answers} svar).",
        "nn": "  Forsegla svar, som ikkje var viste då arkivet vart laga: {task} ({answers} svar).",
        "en": "  Sealed answers, not revealed when the archive was made: {task} ({answers} answers).",
    },
    "open": {
        "nb": "  Svar som ble vist åpent, og kan leses med nøkkelen i arkivet: {task} ({answers} svar).",
        "nn": "  Svar som vart viste ope, og kan lesast med nøkkelen i arkivet: {task} ({answers} svar).",
        "en": "  Answers that were revealed, and can be read with the key in the archive: {task} ({answers} answers).",
    },
}


def readme(facts: Mapping[str, object], sealed: Sequence[tuple[str, str, int]]) -> str:
    """The text in three languages; `sealed` holds (how it stands, task and entry, number of answers)."""
    parts = []
    for language, text in _TEXT.items():
        lines = [_SEALED[how][language].format(task=task, answers=answers) for how, task, answers in sealed]
        parts.append(text.format(**facts, sealed="\n".join(lines)) if lines else _without(text).format(**facts))
    return f"\n{'-' * 60}\n\n".join(parts)


def _without(text: str) -> str:
    return text.replace("{sealed}\n", "")
