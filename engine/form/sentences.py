"""The sentences that a person is told about wrong answers: in bokmål, nynorsk and English, in that order.

Plain words, and each says what would be right. What stands in braces is filled in by `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SENTENCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "form": ("Svarene må være {{felt: svar}}.", "Svara må vere {{felt: svar}}.", "Answers are {{field: answer}}."),
    "object": ("Her skal det stå felt med svar.", "Her skal det stå felt med svar.", "Fields with answers go here."),
    "list": ("Her skal det stå en liste.", "Her skal det stå ei liste.", "A list goes here."),
    "text": ("Skriv en tekst.", "Skriv ein tekst.", "Write a text."),
    "number": ("Skriv et tall.", "Skriv eit tal.", "Write a number."),
    "integer": ("Skriv et helt tall.", "Skriv eit heilt tal.", "Write a whole number."),
    "between": ("{what} mellom {low} og {high}.", "{what} mellom {low} og {high}.", "{what} from {low} to {high}."),
    "least": ("{what} som er {low} eller mer.", "{what} som er {low} eller meir.", "{what} that is {low} or more."),
    "most": (
        "{what} som er {high} eller mindre.",
        "{what} som er {high} eller mindre.",
        "{what} that is {high} or less.",
    ),
    "over": ("{what} som er større enn {low}.", "{what} som er større enn {low}.", "{what} that is more than {low}."),
    "under": (
        "{what} som er mindre enn {high}.",
        "{what} som er mindre enn {high}.",
        "{what} that is less than {high}.",
    ),
    "decimals": (
        "Skriv et tall med høyst {count} desimaler.",
        "Skriv eit tal med høgst {count} desimalar.",
        "Write a number with at most {count} decimals.",
    ),
    "multiple": (
        "Skriv et tall som kan deles på {step}.",
        "Skriv eit tal som kan delast på {step}.",
        "Write a multiple of {step}.",
    ),
    "boolean": (
        "Svar ja (true) eller nei (false).",
        "Svar ja (true) eller nei (false).",
        "Answer yes (true) or no (false).",
    ),
    "yes": ("ja (true)", "ja (true)", "yes (true)"),
    "no": ("nei (false)", "nei (false)", "no (false)"),
    "must": ("Dette må være {value}.", "Dette må vere {value}.", "This must be {value}."),
    "date": (
        "Skriv en dato slik: 2026-08-31.",
        "Skriv ein dato slik: 2026-08-31.",
        "Write a date like this: 2026-08-31.",
    ),
    "date-time": (
        "Skriv dato og klokkeslett slik: 2026-08-31T14:30:00+02:00.",
        "Skriv dato og klokkeslett slik: 2026-08-31T14:30:00+02:00.",
        "Write date and time like this: 2026-08-31T14:30:00+02:00.",
    ),
    "email": (
        "Skriv en e-postadresse, for eksempel navn@eksempel.no.",
        "Skriv ei e-postadresse, til dømes namn@eksempel.no.",
        "Write an e-mail address, for example name@example.org.",
    ),
    "uri": (
        "Skriv en nettadresse som begynner med https://.",
        "Skriv ei nettadresse som byrjar med https://.",
        "Write a web address that begins with https://.",
    ),
    "choose": (
        "Velg ett av svarene: {choices}.",
        "Vel eitt av svara: {choices}.",
        "Choose one of the answers: {choices}.",
    ),
    "choose_many": (
        "Velg blant disse svarene: {choices}.",
        "Vel blant desse svara: {choices}.",
        "Choose among these answers: {choices}.",
    ),
    "choose_listed": (
        "Velg et av svarene som skjemaet lister opp.",
        "Vel eit av svara som skjemaet listar opp.",
        "Choose one of the answers that the form lists.",
    ),
    "or_choose": (
        "{sentence} Eller velg: {choices}.",
        "{sentence} Eller vel: {choices}.",
        "{sentence} Or choose: {choices}.",
    ),
    "longest": (
        "Skriv kortere: høyst {count} tegn. Nå er det {now}.",
        "Skriv kortare: høgst {count} teikn. No er det {now}.",
        "Write less: at most {count} characters. Now there are {now}.",
    ),
    "shortest": ("Skriv minst {count} tegn.", "Skriv minst {count} teikn.", "Write at least {count} characters."),
    "blank": ("Dette kan ikke stå tomt.", "Dette kan ikkje stå tomt.", "This cannot be blank."),
    "slug": (
        "Bruk små bokstaver (a–z), tall og understrek, og begynn med en bokstav.",
        "Bruk små bokstavar (a–z), tal og understrek, og byrj med ein bokstav.",
        "Use small letters (a–z), digits and underscore, and begin with a letter.",
    ),
    "same_id": (
        "Rad {row} heter det samme. Gi denne raden et eget navn: små bokstaver (a–z), tall og understrek.",
        "Rad {row} heiter det same. Gi denne rada eit eige namn: små bokstavar (a–z), tal og understrek.",
        "Row {row} has the same name. Give this row one of its own: small letters (a–z), digits and underscore.",
    ),
    "example": ("Skriv det slik: {example}.", "Skriv det slik: {example}.", "Write it like this: {example}."),
    "pattern": (
        "Dette er ikke skrevet på den måten det skal. {help}",
        "Dette er ikkje skrive på den måten det skal. {help}",
        "This is not written in the way it should be. {help}",
    ),
    "fewest_rows": ("Legg inn minst {count} rader.", "Legg inn minst {count} rader.", "Add at least {count} rows."),
    "one_row": ("Legg inn minst én rad.", "Legg inn minst éi rad.", "Add at least one row."),
    "most_rows": ("Legg inn høyst {count} rader.", "Legg inn høgst {count} rader.", "Add at most {count} rows."),
    "fewest_choices": ("Velg minst {count}.", "Vel minst {count}.", "Choose at least {count}."),
    "most_choices": ("Velg høyst {count}.", "Vel høgst {count}.", "Choose at most {count}."),
    "digits": (
        "Skriv et tall med høyst {before} siffer før komma og {after} etter.",
        "Skriv eit tal med høgst {before} siffer før komma og {after} etter.",
        "Write a number with at most {before} digits before the decimal point and {after} after it.",
    ),
    "rows": (
        "Det er for mange rader: høyst {count} i hele skjemaet.",
        "Det er for mange rader: høgst {count} i heile skjemaet.",
        "There are too many rows: at most {count} in the whole form.",
    ),
    "once": (
        "Velg hvert svar bare én gang.",
        "Vel kvart svar berre éin gong.",
        "Choose each answer only once.",
    ),
    "required": ("Fyll ut «{field}».", "Fyll ut «{field}».", "Fill in “{field}”."),
    "required_when": (
        "Fyll ut «{field}». Det trengs når svaret på «{other}» er «{answer}».",
        "Fyll ut «{field}». Det trengst når svaret på «{other}» er «{answer}».",
        "Fill in “{field}”. It is needed when the answer to “{other}” is “{answer}”.",
    ),
    "required_with": (
        "Fyll ut «{field}». Det trengs når «{other}» er fylt ut.",
        "Fyll ut «{field}». Det trengst når «{other}» er fylt ut.",
        "Fill in “{field}”. It is needed when “{other}” is filled in.",
    ),
    "required_or": (
        "Fyll ut «{field}» eller «{other}».",
        "Fyll ut «{field}» eller «{other}».",
        "Fill in “{field}” or “{other}”.",
    ),
    "any": (
        "Fyll ut minst ett av feltene: {fields}.",
        "Fyll ut minst eitt av felta: {fields}.",
        "Fill in at least one of: {fields}.",
    ),
    "together": (
        "Svarene her passer ikke sammen.",
        "Svara her passar ikkje saman.",
        "The answers here do not fit together.",
    ),
    "unknown": (
        "Skjemaet har ikke feltet «{name}».",
        "Skjemaet har ikkje feltet «{name}».",
        "The form has no field “{name}”.",
    ),
    "meant": (
        "Skjemaet har ikke feltet «{name}». Mente du «{close}»?",
        "Skjemaet har ikkje feltet «{name}». Meinte du «{close}»?",
        "The form has no field “{name}”. Did you mean “{close}”?",
    ),
    "cell_error": (
        "I cella står feilen {shown}. Rett den i regnearket.",
        "I cella står feilen {shown}. Rett han i reknearket.",
        "The cell holds the error {shown}. Mend it in the spreadsheet.",
    ),
    "cell_without_value": (
        "Cella har en formel uten verdi. Åpne og lagre arbeidsboka i Excel, eller skriv verdien.",
        "Cella har ein formel utan verdi. Opne og lagre arbeidsboka i Excel, eller skriv verdien.",
        "The cell holds a formula without a value. Open and save the workbook in Excel, or write the value.",
    ),
    "not_asked": (
        "Her blir det ikke spurt om noe. Flytt svaret dit det hører til.",
        "Her blir det ikkje spurt om noko. Flytt svaret dit det høyrer til.",
        "Nothing is asked here. Move the answer to where it belongs.",
    ),
    "answered_twice": (
        "Dette er besvart i en annen celle også. La ett av svarene stå.",
        "Dette er svart på i ei anna celle også. Lat eitt av svara stå.",
        "This is answered in another cell, too. Leave one of the answers.",
    ),
    "no_such_row": (
        "Skriv nummeret på raden som denne hører til.",
        "Skriv nummeret på rada som denne høyrer til.",
        "Write the number of the row that this one belongs to.",
    ),
}
