-- What is kept of measurement files: which were read, every row of them that passed, every row that did not, and what
-- was judged. Everything here can be made again from the log and the landing folder.
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE SCHEMA IF NOT EXISTS staging;

CREATE TABLE IF NOT EXISTS raw.source_file (
    batch VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    stored_hash VARCHAR NOT NULL,
    original_hash VARCHAR NOT NULL,
    contract_hash VARCHAR NOT NULL,
    mends_hash VARCHAR,
    size BIGINT NOT NULL,
    rows_read BIGINT NOT NULL,
    rows_staged BIGINT NOT NULL,
    rows_rejected BIGINT NOT NULL,
    log_position BIGINT NOT NULL,
    status VARCHAR NOT NULL
);
COMMENT ON TABLE raw.source_file IS 'Measurement files as read under a contract and with its mended cells. Grain: batch. rows_read = rows_staged + rows_rejected.';
COMMENT ON COLUMN raw.source_file.batch IS 'File, contract and mended cells, as hashes: the same again is the same batch';
COMMENT ON COLUMN raw.source_file.source IS 'Name of the source';
COMMENT ON COLUMN raw.source_file.file_name IS 'What the file was called';
COMMENT ON COLUMN raw.source_file.stored_hash IS 'SHA-256 of the file in the landing';
COMMENT ON COLUMN raw.source_file.original_hash IS 'SHA-256 of the file before persons became pseudonyms';
COMMENT ON COLUMN raw.source_file.contract_hash IS 'The contract it was read under';
COMMENT ON COLUMN raw.source_file.mends_hash IS 'The mended cells, in order; empty if there are none';
COMMENT ON COLUMN raw.source_file.size IS 'Bytes of the file in the landing';
COMMENT ON COLUMN raw.source_file.rows_read IS 'Rows of the file, without its header';
COMMENT ON COLUMN raw.source_file.rows_staged IS 'Rows that break no rule';
COMMENT ON COLUMN raw.source_file.rows_rejected IS 'Rows that break at least one';
COMMENT ON COLUMN raw.source_file.log_position IS 'Place in the log of the event that says that the file landed; of two files with the same key the later one holds';
COMMENT ON COLUMN raw.source_file.status IS 'staged; judged (validated, not yet in use); accepted (its rows are in raw.measurement_row and in use); refused (whole); superseded (the same file was read again)';

CREATE TABLE IF NOT EXISTS raw.measurement_row (
    batch VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    indicator_id VARCHAR NOT NULL,
    group_id VARCHAR,
    occasion VARCHAR,
    period_start DATE,
    period_end DATE,
    unit VARCHAR,
    arm VARCHAR,
    value DECIMAL(18, 6),
    numerator DECIMAL(18, 6),
    denominator DECIMAL(18, 6),
    mean DECIMAL(18, 6),
    sd DECIMAL(18, 6),
    n BIGINT,
    asked BIGINT,
    answered BIGINT,
    stated_percent DECIMAL(9, 4),
    stated_decimals INTEGER,
    weight DECIMAL(18, 6),
    cluster VARCHAR,
    stratum VARCHAR,
    pair_id VARCHAR
);
COMMENT ON TABLE raw.measurement_row IS 'Measurements out of accepted files. Grain: batch × row of the file × indicator. Only batches with the status accepted are in use.';
COMMENT ON COLUMN raw.measurement_row.batch IS 'Which file, under which contract: raw.source_file';
COMMENT ON COLUMN raw.measurement_row.row_number IS 'Row of the file; 1 is the first after the header';
COMMENT ON COLUMN raw.measurement_row.indicator_id IS 'The indicator, as the process calls it';
COMMENT ON COLUMN raw.measurement_row.group_id IS 'The target group, where the file says it';
COMMENT ON COLUMN raw.measurement_row.occasion IS 'What the occasion of measuring is called';
COMMENT ON COLUMN raw.measurement_row.period_start IS 'First day that the figure is about';
COMMENT ON COLUMN raw.measurement_row.period_end IS 'Last day that the figure is about';
COMMENT ON COLUMN raw.measurement_row.unit IS 'The unit that was measured: a pseudonym, or a running number';
COMMENT ON COLUMN raw.measurement_row.arm IS 'treated or control, where there are arms';
COMMENT ON COLUMN raw.measurement_row.value IS 'The value; empty where a unit was not measured';
COMMENT ON COLUMN raw.measurement_row.numerator IS 'How many of';
COMMENT ON COLUMN raw.measurement_row.denominator IS '… how many';
COMMENT ON COLUMN raw.measurement_row.mean IS 'The mean of those measured';
COMMENT ON COLUMN raw.measurement_row.sd IS 'Their standard deviation';
COMMENT ON COLUMN raw.measurement_row.n IS 'How many were measured';
COMMENT ON COLUMN raw.measurement_row.asked IS 'How many were asked';
COMMENT ON COLUMN raw.measurement_row.answered IS 'How many of them answered';
COMMENT ON COLUMN raw.measurement_row.stated_percent IS 'The percentage that the file states beside its counts';
COMMENT ON COLUMN raw.measurement_row.stated_decimals IS 'Decimals that the stated percentage is printed with';
COMMENT ON COLUMN raw.measurement_row.weight IS 'How much the unit counts';
COMMENT ON COLUMN raw.measurement_row.cluster IS 'What units were assigned together';
COMMENT ON COLUMN raw.measurement_row.stratum IS 'Within what units were assigned';
COMMENT ON COLUMN raw.measurement_row.pair_id IS 'Which units belong together before and after';

CREATE TABLE IF NOT EXISTS raw.rejected (
    batch VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    column_name VARCHAR,
    rule VARCHAR NOT NULL,
    value VARCHAR,
    reason_nb VARCHAR NOT NULL,
    reason_nn VARCHAR NOT NULL,
    reason_en VARCHAR NOT NULL,
    cells VARCHAR
);
COMMENT ON TABLE raw.rejected IS 'Rows that are left out, and why. Grain: batch × row × rule.';
COMMENT ON COLUMN raw.rejected.batch IS 'Which file, under which contract: raw.source_file';
COMMENT ON COLUMN raw.rejected.row_number IS 'Row of the file; 1 is the first after the header';
COMMENT ON COLUMN raw.rejected.column_name IS 'The column that the rule is about; empty if it is about the row';
COMMENT ON COLUMN raw.rejected.rule IS 'Id of the rule';
COMMENT ON COLUMN raw.rejected.value IS 'What stands there; of a line that is no row, its beginning';
COMMENT ON COLUMN raw.rejected.reason_nb IS 'Why, in bokmål';
COMMENT ON COLUMN raw.rejected.reason_nn IS 'Why, in nynorsk';
COMMENT ON COLUMN raw.rejected.reason_en IS 'Why, in English';
COMMENT ON COLUMN raw.rejected.cells IS 'The row''s cells by column, as a JSON object; empty for a line that is no row';

CREATE TABLE IF NOT EXISTS raw.mended_cell (
    batch VARCHAR NOT NULL,
    row_number BIGINT NOT NULL,
    column_name VARCHAR NOT NULL,
    old VARCHAR NOT NULL,
    new VARCHAR NOT NULL,
    found VARCHAR,
    finding VARCHAR NOT NULL
);
COMMENT ON TABLE raw.mended_cell IS 'Cells that people mended, and whether that could be done. Grain: batch × mend.';
COMMENT ON COLUMN raw.mended_cell.batch IS 'Which file, under which contract: raw.source_file';
COMMENT ON COLUMN raw.mended_cell.row_number IS 'Row of the file; 1 is the first after the header';
COMMENT ON COLUMN raw.mended_cell.column_name IS 'Column';
COMMENT ON COLUMN raw.mended_cell.old IS 'What the person said that stands there';
COMMENT ON COLUMN raw.mended_cell.new IS 'What should stand there';
COMMENT ON COLUMN raw.mended_cell.found IS 'What stood there; empty if there is no such cell';
COMMENT ON COLUMN raw.mended_cell.finding IS 'applied; or why not: other_value, no_such_row, no_such_column, personal';

CREATE TABLE IF NOT EXISTS ops.validation_result (
    batch VARCHAR NOT NULL,
    rule VARCHAR NOT NULL,
    column_name VARCHAR,
    checked BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    success BOOLEAN NOT NULL,
    judged_by VARCHAR NOT NULL
);
COMMENT ON TABLE ops.validation_result IS 'What was judged of every file, over all rows read. Grain: batch × rule.';
COMMENT ON COLUMN ops.validation_result.batch IS 'Which file, under which contract: raw.source_file';
COMMENT ON COLUMN ops.validation_result.rule IS 'Id of the rule';
COMMENT ON COLUMN ops.validation_result.column_name IS 'The column that the rule is about; empty if it is about the row or the file';
COMMENT ON COLUMN ops.validation_result.checked IS 'Rows that were looked at';
COMMENT ON COLUMN ops.validation_result.failed IS 'Rows that break the rule: as many as raw.rejected has of it';
COMMENT ON COLUMN ops.validation_result.success IS 'Whether the rule holds; for the rule tolerance, whether the file is accepted';
COMMENT ON COLUMN ops.validation_result.judged_by IS 'Great Expectations with its version, or samskap for what is about the file as a whole';
