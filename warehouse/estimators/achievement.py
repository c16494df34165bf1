"""How much of the way from baseline to target was gone, how that stands to the plan, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import sqrt

from warehouse.estimators.intervals import Interval, normal_quantile

NEAR = 0.9
"""Near means: at least this share of what was expected by now."""


@dataclass(frozen=True, slots=True)
class Achievement:
    """The share of the way that was gone (1 = the target; may be negative or above 1), with its interval if any.

    `reason` says why there is no figure: keep_goal, wrong_side or baseline_covers_target.
    """

    share: float | None
    low: float | None
    high: float | None
    reason: str | None


def achievement(
    value: float,
    error: float | None,
    baseline: float,
    baseline_error: float | None,
    target: float,
    direction: int,
) -> Achievement:
    """(value − baseline) / (target − baseline) with Fieller's 95 % interval; `error`s are standard errors.

    Both differences hold the same baseline, so their covariance is its variance. Refused where the target lies on the
    wrong side of the baseline (`direction` is 1 where more is better, −1 where less is), and where the baseline's
    interval covers the target: then nobody knows how far there was to go.

    Source: Fieller (1954), Journal of the Royal Statistical Society B 16:175–185.
    """
    way = target - baseline
    if way == 0:
        return Achievement(None, None, None, "keep_goal")
    if way * direction < 0:
        return Achievement(None, None, None, "wrong_side")
    if baseline_error and abs(way) <= normal_quantile() * baseline_error:
        return Achievement(None, None, None, "baseline_covers_target")
    gone = value - baseline
    ends = _fieller(gone, way, error, baseline_error) if error is not None and baseline_error is not None else None
    return Achievement(gone / way, ends.low if ends else None, ends.high if ends else None, None)


def _fieller(gone: float, way: float, error: float, baseline_error: float) -> Interval:
    z2 = normal_quantile() ** 2
    baseline_variance = baseline_error**2
    gone_variance = error**2 + baseline_variance
    a = way**2 - z2 * baseline_variance
    b = gone * way - z2 * baseline_variance
    c = gone**2 - z2 * gone_variance
    # Where the baseline's interval does not cover the target, a > 0 and the root is real; rounding may say otherwise.
    root = sqrt(max(b * b - a * c, 0.0))
    return Interval((b - root) / a, (b + root) / a)


@dataclass(frozen=True, slots=True)
class Status:
    """How a result stands: what it says (`progress`), and how sure that is (`certainty`; None without an interval)."""

    progress: str
    certainty: str | None


def status(
    value: float | None,
    interval: Interval | None,
    target: float,
    direction: int,
    *,
    baseline: float | None = None,
    baseline_on: date | None = None,
    due: date | None = None,
    measured_on: date | None = None,
) -> Status:
    """Where a result stands on the way to its target.

    Of a goal to keep what is (the target is the baseline) it is reached where the value is as good or better, or where
    the interval covers the target: what chance alone gives is its tolerance.

    With no baseline only the target counts: reached or not_reached. With one, and measured before the due date, the
    result is held against the straight line from baseline to target at the day of measuring: reached (the target
    itself), on_track (on the line or better), near (at least nine tenths of what the line asks) or behind. It is
    `clear` where the whole interval lies on the same side of what it is held against, else `uncertain`.
    """
    if value is None:
        return Status("not_measured", None)
    if (value - target) * direction >= 0:
        return Status("reached", _certainty(interval, target, direction, better=True))
    if baseline == target and interval is not None and interval.low <= target <= interval.high:
        return Status("reached", "uncertain")
    if baseline is None or (target - baseline) * direction <= 0:
        return Status("not_reached", _certainty(interval, target, direction, better=False))
    expected = baseline + (target - baseline) * _elapsed(baseline_on, due, measured_on)
    if (value - expected) * direction >= 0:
        return Status("on_track", _certainty(interval, expected, direction, better=True))
    near = expected != baseline and (value - baseline) / (expected - baseline) >= NEAR
    return Status("near" if near else "behind", _certainty(interval, expected, direction, better=False))


def _elapsed(start: date | None, due: date | None, measured_on: date | None) -> float:
    """How much of the time has gone, from 0 to 1; all of it where a date is missing."""
    if start is None or due is None or measured_on is None or due <= start:
        return 1.0
    return min(1.0, max(0.0, (measured_on - start).days / (due - start).days))


def _certainty(interval: Interval | None, against: float, direction: int, *, better: bool) -> str | None:
    if interval is None:
        return None
    worst, best = sorted(((interval.low - against) * direction, (interval.high - against) * direction))
    return "clear" if (worst >= 0 if better else best < 0) else "uncertain"
