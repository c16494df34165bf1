-- Grain: one row per process, indicator, group, occasion and period.
-- Meaning: what was measured, from forms, from files of figures and from files of units. Where one figure was given
-- more than once, the last one counts. Of units with a comparison those in the effort count here.
-- origin: form, figures (a file with one row a figure) or units (a file with one row a unit)
-- sequence: The event that holds the answer, where it came from a form
-- batches: The files it came from
-- row_number: Row of the form's list or of the file
-- is_weighted: Its units have weights, which no figure uses yet
-- known_from: When we got to know it (UTC); of several files the newest
WITH given AS (
    SELECT
        _process_id AS process_id,
        _process AS process,
        indicator_id,
        NULL::VARCHAR AS group_id,
        coalesce(occasion, '') AS occasion,
        period_start,
        period_end,
        value,
        numerator,
        denominator,
        mean,
        sd,
        n,
        asked,
        answered,
        stated_percent,
        NULL::DECIMAL(38, 6) AS total,
        NULL::DECIMAL(38, 12) AS total_squares,
        false AS is_weighted,
        'form' AS origin,
        _sequence AS sequence,
        []::VARCHAR[] AS batches,
        _row AS row_number,
        submission.log_position,
        _submitted_at AS known_from
    FROM forms.fact__measurement AS fact
    JOIN core.submission AS submission
        ON submission.process_id = fact._process_id AND submission.sequence = fact._sequence
    WHERE _current AND indicator_id IS NOT NULL
    UNION ALL
    SELECT
        source.process_id,
        source.process,
        row.indicator_id,
        row.group_id,
        coalesce(row.occasion, '') AS occasion,
        row.period_start,
        row.period_end,
        row.value,
        row.numerator,
        row.denominator,
        row.mean,
        row.sd,
        row.n,
        row.asked,
        row.answered,
        row.stated_percent,
        NULL AS total,
        NULL AS total_squares,
        false AS is_weighted,
        'figures' AS origin,
        NULL AS sequence,
        [row.batch] AS batches,
        row.row_number,
        file.log_position,
        event.recorded_at AS known_from
    FROM raw.measurement_row AS row
    JOIN raw.source_file AS file ON file.batch = row.batch AND file.status = 'accepted'
    JOIN core.source AS source ON source.source = file.source
    JOIN raw.event AS event ON event.log_position = file.log_position
    WHERE row.unit IS NULL AND source.process_id IS NOT NULL
    UNION ALL
    SELECT
        units.process_id,
        units.process,
        units.indicator_id,
        units.group_id,
        units.occasion,
        units.period_start,
        units.period_end,
        NULL AS value,
        NULL AS numerator,
        NULL AS denominator,
        NULL AS mean,
        NULL AS sd,
        units.n,
        NULL AS asked,
        NULL AS answered,
        NULL AS stated_percent,
        units.total,
        units.total_squares,
        units.weights > 0 AS is_weighted,
        'units' AS origin,
        NULL AS sequence,
        units.batches,
        NULL AS row_number,
        units.log_position,
        event.recorded_at AS known_from
    FROM core.unit_summary AS units
    JOIN raw.event AS event ON event.log_position = units.log_position
    WHERE coalesce(units.arm, 'treated') = 'treated'
)
-- A figure that names no group is the indicator's: so a form and a file do not both stand for the same.
SELECT given.* EXCLUDE (log_position) REPLACE (coalesce(given.group_id, indicator.group_id) AS group_id)
FROM given
LEFT JOIN core.indicator AS indicator
    ON indicator.process_id = given.process_id AND indicator.indicator_id = given.indicator_id AND indicator.is_current
QUALIFY row_number() OVER (
    PARTITION BY
        given.process_id,
        given.indicator_id,
        coalesce(given.group_id, indicator.group_id),
        given.occasion,
        given.period_start,
        given.period_end
    ORDER BY given.log_position DESC, given.row_number DESC
) = 1
