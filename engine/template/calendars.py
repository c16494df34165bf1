"""When something is due: durations and working days, counted in the calendar of a template.

A day ends at 23:59:59 in the calendar's zone; the day of the start is not counted; what would end on a day off ends on
the next day that is none. Reminders come in the morning of their day. Holidays are those of the `holidays` library.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.template.model import Calendar, Span, WorkingDays, duration, period

END_OF_DAY = time(23, 59, 59)
MORNING = time(8)
DAY = timedelta(days=1)
MOST_DAYS = 36_525
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def due_at(start: datetime, after: Span, calendar: Calendar) -> datetime:
    """The moment (UTC) at which a span from `start` is over; durations with hours or minutes are exact."""
    if isinstance(after, str) and "T" in after:
        return (start + duration(after)).astimezone(UTC)
    return _at(_day_after(start, after, calendar), END_OF_DAY, calendar)


def remind_at(start: datetime, after: Span, calendar: Calendar) -> datetime:
    """The moment (UTC) of a reminder: the morning of the day on which the span is over, or after exact hours."""
    if isinstance(after, str) and "T" in after:
        return (start + duration(after)).astimezone(UTC)
    return _at(_day_after(start, after, calendar), MORNING, calendar)


def later(due: datetime, by: timedelta, calendar: Calendar) -> datetime:
    """A moment put off by what a suspension took; what ends or begins with a day still does, on a working day."""
    local = due.astimezone(ZoneInfo(calendar.zone)).replace(tzinfo=None)  # so that summer time does not move the hour
    if local.time() not in (END_OF_DAY, MORNING):
        return due + by
    return _at(working_day((local + by).date(), calendar), local.time(), calendar)


def kept_until(start: datetime, keep: str, calendar: Calendar) -> date:
    """The last day of a period from a moment on, where the calendar is kept; 29 February ends on the 28th."""
    months, days = period(keep)
    first = day_of(start, calendar)
    years, month = divmod(first.month - 1 + months, 12)
    year = first.year + years
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - DAY).day
    return date(year, month + 1, min(first.day, last)) + DAY * days


def day_of(moment: datetime, calendar: Calendar) -> date:
    """The day on which a moment falls, where the calendar is kept."""
    return moment.astimezone(ZoneInfo(calendar.zone)).date()


def is_day_off(day: date, calendar: Calendar) -> bool:
    """Whether a day is weekend or holiday."""
    return _WEEK[day.weekday()] in calendar.weekend or day in _holidays(calendar.holidays)


def working_day(day: date, calendar: Calendar) -> date:
    """The day itself, or the next one that is no day off."""
    while is_day_off(day, calendar):
        day += DAY
    return day


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """The working days after the first day up to the last one; below zero if the last is earlier."""
    if last < first:
        return -working_days_between(last, first, calendar)
    if (last - first).days > MOST_DAYS:
        raise ValueError(f"{first} and {last} lie more than a hundred years apart")
    return sum(not is_day_off(first + DAY * number, calendar) for number in range(1, (last - first).days + 1))


def holidays_known(code: str) -> bool:
    """Whether holidays are known for a country or a part of one."""
    import holidays  # noqa: PLC0415 (takes a while, and few templates need it)

    country, _, part = code.partition("-")
    supported = holidays.list_supported_countries(include_aliases=True)
    return country in supported and (not part or part in supported[country])


def _day_after(start: datetime, after: Span, calendar: Calendar) -> date:
    day = day_of(start, calendar)
    if isinstance(after, WorkingDays):
        for _ in range(after.working_days):
            day = working_day(day + DAY, calendar)
        return day
    return working_day(day + duration(after), calendar)


def _at(day: date, clock: time, calendar: Calendar) -> datetime:
    return datetime.combine(day, clock, ZoneInfo(calendar.zone)).astimezone(UTC)


@lru_cache(maxsize=32)
def _holidays(code: str | None) -> Container[date]:
    """The holidays of a country, of every year that is asked for."""
    if code is None:
        return ()
    import holidays  # noqa: PLC0415 (takes a while, and few templates need it)

    country, _, part = code.partition("-")
    return holidays.country_holidays(country, subdiv=part or None)
