"""When something is due: days of Oslo, also where the clock is moved, and exact hours.

Expected moments are from the rule of summer time (directive 2000/84/EC, which Norway follows): from the last Sunday of
March to the last Sunday of October, changed at 01:00 UTC. Oslo is UTC+1, in summer UTC+2.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.template.calendars import (
    MOST_DAYS,
    day_of,
    due_at,
    holidays_known,
    is_day_off,
    later,
    remind_at,
    working_days_between,
)
from engine.template.model import Calendar, Span, WorkingDays, duration

OSLO = Calendar(zone="Europe/Oslo", weekend=())
"""Without days off, to see the clock alone."""

NORWAY = Calendar(zone="Europe/Oslo", holidays="NO")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


@pytest.mark.fault("F10")
@pytest.mark.parametrize(
    ("start", "after", "due"),
    [
        (utc(2026, 3, 2, 9), "P14D", utc(2026, 3, 16, 22, 59, 59)),  # both in winter
        (utc(2026, 3, 27, 9), "P2D", utc(2026, 3, 29, 21, 59, 59)),  # the day on which the clock goes forward
        (utc(2026, 3, 20, 9), "P14D", utc(2026, 4, 3, 21, 59, 59)),  # from winter into summer
        (utc(2026, 10, 24, 9), "P1D", utc(2026, 10, 25, 22, 59, 59)),  # the day on which it goes back
        (utc(2026, 10, 20, 9), "P1W", utc(2026, 10, 27, 22, 59, 59)),  # from summer into winter
        (utc(2026, 6, 30, 22, 30), "P1D", utc(2026, 7, 2, 21, 59, 59)),  # half past midnight in Oslo: 1 July
        (utc(2028, 2, 28, 12), "P1D", utc(2028, 2, 29, 22, 59, 59)),  # a leap day
        (utc(2026, 12, 31, 23, 30), "P1D", utc(2027, 1, 2, 22, 59, 59)),  # already 2027 in Oslo
        (utc(2026, 3, 28, 23, 30), "PT3H", utc(2026, 3, 29, 2, 30)),  # hours are exact over the change
        (utc(2026, 3, 28, 12), "P1DT1H", utc(2026, 3, 29, 13)),
        (utc(2026, 3, 6, 9), "PT24H", utc(2026, 3, 7, 9)),  # hours, also where they make a day
    ],
)
def test_given_a_duration_when_counted_then_it_ends_as_the_calendar_says(
    start: datetime, after: str, due: datetime
) -> None:
    assert due_at(start, after, OSLO) == due


def test_given_another_zone_when_counted_then_days_end_there() -> None:
    assert due_at(utc(2026, 3, 2, 9), "P1D", Calendar(zone="Asia/Tokyo")) == utc(2026, 3, 3, 14, 59, 59)


@pytest.mark.parametrize(
    ("start", "after", "due"),
    [
        # Public holidays of 2026 by the act on public holidays (lov 24. februar 1995 nr. 12) and the act on 1 and 17 May:
        # 2, 3, 5 and 6 April, 1 and 14 May, 17 May, 24 and 25 May, 25 and 26 December
        (utc(2026, 3, 23, 9), "P7D", date(2026, 3, 30)),
        (utc(2026, 3, 20, 9), "P14D", date(2026, 4, 7)),  # Good Friday: after Easter Monday
        (utc(2026, 4, 24, 9), "P7D", date(2026, 5, 4)),  # 1 May is a Friday
        (utc(2026, 3, 27, 9), WorkingDays(working_days=5), date(2026, 4, 8)),  # 30, 31 March, 1, 7, 8 April
        (utc(2026, 5, 11, 9), WorkingDays(working_days=10), date(2026, 5, 27)),  # without 14 and 25 May and weekends
        (utc(2026, 12, 23, 9), WorkingDays(working_days=2), date(2026, 12, 28)),  # 24 December is no public holiday
        (utc(2026, 5, 15, 22, 30), WorkingDays(working_days=1), date(2026, 5, 18)),  # Saturday in Oslo already
    ],
)
def test_given_days_off_when_a_span_is_counted_then_it_ends_on_a_working_day(
    start: datetime, after: Span, due: date
) -> None:
    moment = due_at(start, after, NORWAY)
    assert (day_of(moment, NORWAY), moment.astimezone(ZoneInfo("Europe/Oslo")).time()) == (due, time(23, 59, 59))


def test_given_a_reminder_when_counted_then_it_comes_in_the_morning_of_a_working_day() -> None:
    assert remind_at(utc(2026, 5, 7, 9), "P7D", NORWAY) == utc(2026, 5, 15, 6)  # 14 May is Ascension Day


def test_given_a_reminder_after_hours_when_counted_then_it_comes_after_exactly_those() -> None:
    assert remind_at(utc(2026, 3, 28, 23, 30), "PT3H", OSLO) == utc(2026, 3, 29, 2, 30)


@pytest.mark.parametrize(
    ("due", "rested", "then"),
    [
        (utc(2026, 3, 3, 22, 59, 59), timedelta(days=2), utc(2026, 3, 5, 22, 59, 59)),  # the end of Tuesday: Thursday's
        (utc(2026, 3, 4, 22, 59, 59), timedelta(days=3), utc(2026, 3, 9, 22, 59, 59)),  # of Wednesday: not Saturday's
        (utc(2026, 3, 27, 22, 59, 59), timedelta(days=3), utc(2026, 3, 30, 21, 59, 59)),  # into summer time
        (utc(2026, 3, 4, 7), timedelta(days=3), utc(2026, 3, 9, 7)),  # a morning stays a morning of a working day
        (utc(2026, 3, 4, 12), timedelta(days=3, hours=1), utc(2026, 3, 7, 13)),  # an exact hour goes by the clock alone
    ],
)
def test_given_a_process_that_rested_when_something_is_put_off_then_it_is_by_as_long_and_to_a_working_day(
    due: datetime, rested: timedelta, then: datetime
) -> None:
    assert later(due, rested, NORWAY) == then


def test_given_two_days_when_the_later_one_comes_first_then_the_working_days_between_are_below_zero() -> None:
    monday, friday = date(2026, 3, 2), date(2026, 3, 6)
    assert working_days_between(monday, friday, NORWAY) == 4
    assert working_days_between(friday, monday, NORWAY) == -4


def test_given_a_hundred_years_when_working_days_are_counted_then_they_are_and_no_more() -> None:
    first = date(2000, 1, 1)
    assert working_days_between(first, first + timedelta(days=MOST_DAYS), OSLO) == 36_525
    with pytest.raises(ValueError, match="a hundred years"):
        working_days_between(first, first + timedelta(days=MOST_DAYS + 1), OSLO)


def test_given_a_weekend_elsewhere_when_counted_then_that_counts() -> None:
    friday = Calendar(zone="Asia/Riyadh", weekend=("fri", "sat"))
    assert day_of(due_at(utc(2026, 3, 2, 9), WorkingDays(working_days=4), friday), friday) == date(2026, 3, 8)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 60))
def test_given_working_days_when_added_then_as_many_lie_between(day: date, number: int) -> None:
    start = datetime.combine(day, time(12), UTC)
    end = day_of(due_at(start, WorkingDays(working_days=number), NORWAY), NORWAY)
    assert working_days_between(day, end, NORWAY) == number
    assert not is_day_off(end, NORWAY)


@pytest.mark.parametrize(
    ("code", "known"), [("NO", True), ("DE-BY", True), ("XX", False), ("NO-99", False), ("DE-XX", False)]
)
def test_given_a_country_when_asked_for_then_its_holidays_are_known_or_not(code: str, known: bool) -> None:
    assert holidays_known(code) is known


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (utc(2026, 3, 1, 22, 59), date(2026, 3, 1)),
        (utc(2026, 3, 1, 23), date(2026, 3, 2)),
        (utc(2026, 6, 30, 22), date(2026, 7, 1)),
    ],
)
def test_given_a_moment_near_midnight_when_asked_for_its_day_then_that_of_the_zone(moment: datetime, day: date) -> None:
    assert day_of(moment, OSLO) == day


@given(st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)), st.integers(1, 400))
def test_given_any_start_when_days_are_counted_then_it_ends_with_that_day_and_never_earlier(
    start: datetime, days: int
) -> None:
    due = due_at(start, f"P{days}D", OSLO)
    assert day_of(due, OSLO) == day_of(start, OSLO) + timedelta(days=days)
    assert day_of(due + timedelta(seconds=1), OSLO) == day_of(due, OSLO) + timedelta(days=1)
    assert due > start


@pytest.mark.parametrize("text", ["", "P", "PT", "14D", "P1Y", "P-1D", "P1.5D", "P1D2W", "p1d", "P123456D", "P1D "])
def test_given_a_text_that_is_no_duration_when_read_then_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration(text)
