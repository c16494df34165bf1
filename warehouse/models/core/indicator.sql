-- Grain: one row per process, indicator and version of its definition.
-- Meaning: what is measured as a sign of the change. A changed definition is a new version, with the time it was known.
-- version: 1 for the first definition, one more for each change
-- is_current: Whether this is the definition that holds
-- known_from: When this definition was stored (UTC)
-- known_to: When another took its place (UTC)
-- sequence: The event that holds the definition
WITH told AS (
    SELECT
        *,
        hash(name, group_id, level, kind, unit, direction, meaning, counted, reference) AS definition
    FROM forms.fact__indicator
    WHERE indicator_id IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY _process_id, _sequence, indicator_id ORDER BY _row DESC) = 1
),
changed AS (
    SELECT
        *,
        coalesce(definition != lag(definition) OVER before, true) AS is_new
    FROM told
    WINDOW before AS (PARTITION BY _process_id, indicator_id ORDER BY _sequence)
),
numbered AS (
    SELECT
        *,
        (sum(is_new::INTEGER) OVER (PARTITION BY _process_id, indicator_id ORDER BY _sequence))::BIGINT AS version
    FROM changed
),
versions AS (
    SELECT
        _process_id,
        _process,
        indicator_id,
        version,
        min(_submitted_at) AS known_from,
        min(_sequence) AS sequence,
        bool_or(_current) AS is_current,
        arg_max({
            'name': name, 'group_id': group_id, 'level': level, 'kind': kind, 'unit': unit, 'direction': direction,
            'meaning': meaning, 'counted': counted, 'link_strength': link_strength, 'link_reason': link_reason,
            'reference': reference, 'primary': "primary"
        }, _sequence) AS definition
    FROM numbered
    GROUP BY ALL
)
SELECT
    _process_id AS process_id,
    _process AS process,
    indicator_id,
    version,
    is_current,
    definition.*,
    known_from,
    lead(known_from) OVER (PARTITION BY _process_id, indicator_id ORDER BY version) AS known_to,
    sequence
FROM versions
