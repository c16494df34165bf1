"""When something is due: durations counted in the calendar of a template.

Working days and holidays are not counted yet.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from engine.template.model import Calendar, duration


def due_at(start: datetime, after: str, calendar: Calendar) -> datetime:
    """The moment (UTC) at which a duration from `start` is over.

    Whole days end at 23:59:59 in the calendar's zone, the day of the start not counted, so that summer time does not
    move the hour; durations with hours or minutes are exact.
    """
    span = duration(after)
    if span.seconds:
        return (start + span).astimezone(UTC)
    zone = ZoneInfo(calendar.zone)
    day = start.astimezone(zone).date() + span
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def day_of(moment: datetime, calendar: Calendar) -> date:
    """The day on which a moment falls, where the calendar is kept."""
    return moment.astimezone(ZoneInfo(calendar.zone)).date()
