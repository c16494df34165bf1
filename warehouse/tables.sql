-- What is kept from run to run: the events as stored, and the record of every run. Everything else is computed anew.
-- Times are UTC. Everything here is derived from the event store and the landing folder.
CREATE SCHEMA IF NOT EXISTS raw;
CREATE SCHEMA IF NOT EXISTS forms;
CREATE SCHEMA IF NOT EXISTS core;
CREATE SCHEMA IF NOT EXISTS marts;
CREATE SCHEMA IF NOT EXISTS ops;

CREATE TABLE IF NOT EXISTS raw.event (
    log_position BIGINT NOT NULL,
    stream VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    type VARCHAR NOT NULL,
    schema_version INTEGER NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    actor VARCHAR NOT NULL,
    on_behalf_of VARCHAR,
    role VARCHAR,
    membership VARCHAR,
    bundle_hash VARCHAR,
    hash VARCHAR NOT NULL,
    payload VARCHAR NOT NULL,
    withheld BOOLEAN NOT NULL
);
COMMENT ON TABLE raw.event IS 'Every event of the log, one row each, never updated. Grain: stream × sequence.';
COMMENT ON COLUMN raw.event.log_position IS 'Place in the log; grows, may have gaps';
COMMENT ON COLUMN raw.event.stream IS 'The process, bundle or source the event belongs to';
COMMENT ON COLUMN raw.event.sequence IS 'Number of the event in its stream, from 1';
COMMENT ON COLUMN raw.event.type IS 'Stable name of the event type';
COMMENT ON COLUMN raw.event.schema_version IS 'Version of the payload''s shape, as stored';
COMMENT ON COLUMN raw.event.recorded_at IS 'When it was stored (UTC)';
COMMENT ON COLUMN raw.event.actor IS 'Pseudonym of who acted, within the process; or operator, or clock';
COMMENT ON COLUMN raw.event.on_behalf_of IS 'Pseudonym of the person it was done for';
COMMENT ON COLUMN raw.event.role IS 'Role it was done in';
COMMENT ON COLUMN raw.event.membership IS 'Membership it was done by';
COMMENT ON COLUMN raw.event.bundle_hash IS 'Template and forms that held';
COMMENT ON COLUMN raw.event.hash IS 'SHA-256 of the stored bytes';
COMMENT ON COLUMN raw.event.payload IS 'What happened, as JSON text, without what is encrypted';
COMMENT ON COLUMN raw.event.withheld IS 'Something of the payload is encrypted and left out here';

CREATE TABLE IF NOT EXISTS raw.revealed_payload (
    stream VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    revealed_at_sequence BIGINT NOT NULL,
    visibility VARCHAR NOT NULL,
    answers VARCHAR NOT NULL
);
COMMENT ON TABLE raw.revealed_payload IS 'Answers that were sealed, from their reveal on. Grain: stream × sequence. Rows of protected rounds never leave this database.';
COMMENT ON COLUMN raw.revealed_payload.stream IS 'The process';
COMMENT ON COLUMN raw.revealed_payload.sequence IS 'The event that holds the sealed answers';
COMMENT ON COLUMN raw.revealed_payload.revealed_at_sequence IS 'The event that revealed them';
COMMENT ON COLUMN raw.revealed_payload.visibility IS 'open or protected';
COMMENT ON COLUMN raw.revealed_payload.answers IS 'The answers as JSON text, without personal texts';

CREATE TABLE IF NOT EXISTS raw.left_out (
    stream VARCHAR NOT NULL,
    process VARCHAR NOT NULL,
    sequence BIGINT NOT NULL,
    what VARCHAR NOT NULL
);
COMMENT ON TABLE raw.left_out IS 'Processes in quarantine when the log was last read: no figure knows of their events from this one on. Grain: stream.';
COMMENT ON COLUMN raw.left_out.stream IS 'The process';
COMMENT ON COLUMN raw.left_out.process IS 'What it is called';
COMMENT ON COLUMN raw.left_out.sequence IS 'The first event that is not taken in';
COMMENT ON COLUMN raw.left_out.what IS 'What is wrong with it';

CREATE TABLE IF NOT EXISTS ops.run (
    run_id VARCHAR NOT NULL,
    evaluated_on DATE NOT NULL,
    log_position BIGINT NOT NULL,
    inputs VARCHAR NOT NULL,
    first_finished_at TIMESTAMP NOT NULL
);
COMMENT ON TABLE ops.run IS 'Runs by what they were computed from: the same inputs are the same run. Grain: run.';
COMMENT ON COLUMN ops.run.run_id IS 'Hash of the inputs';
COMMENT ON COLUMN ops.run.evaluated_on IS 'The day that due and overdue are judged by';
COMMENT ON COLUMN ops.run.log_position IS 'The newest event that was read';
COMMENT ON COLUMN ops.run.inputs IS 'Everything the figures depend on, as JSON';
COMMENT ON COLUMN ops.run.first_finished_at IS 'When it was computed for the first time (UTC)';

CREATE TABLE IF NOT EXISTS ops.attempt (
    run_id VARCHAR,
    stage VARCHAR NOT NULL,
    runner VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    outcome VARCHAR NOT NULL,
    message VARCHAR
);
COMMENT ON TABLE ops.attempt IS 'Every attempt at a stage, with its clock times and outcome.';
COMMENT ON COLUMN ops.attempt.run_id IS 'The run it belongs to, where that was known';
COMMENT ON COLUMN ops.attempt.stage IS 'load, validate or compute';
COMMENT ON COLUMN ops.attempt.runner IS 'in-process or prefect';
COMMENT ON COLUMN ops.attempt.started_at IS 'UTC';
COMMENT ON COLUMN ops.attempt.finished_at IS 'UTC';
COMMENT ON COLUMN ops.attempt.outcome IS 'done, nothing_new, refused or failed';
COMMENT ON COLUMN ops.attempt.message IS 'What was said where it did not go well';

CREATE TABLE IF NOT EXISTS ops.current_run (run_id VARCHAR NOT NULL, since TIMESTAMP NOT NULL);
COMMENT ON TABLE ops.current_run IS 'The run whose figures stand in marts: one row.';
COMMENT ON COLUMN ops.current_run.run_id IS 'The run';
COMMENT ON COLUMN ops.current_run.since IS 'Since when it stands (UTC)';

CREATE TABLE IF NOT EXISTS ops.model_run (
    run_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    content_hash VARCHAR NOT NULL
);
COMMENT ON TABLE ops.model_run IS 'What every model held after a run. Grain: run × model.';
COMMENT ON COLUMN ops.model_run.run_id IS 'The run';
COMMENT ON COLUMN ops.model_run.model IS 'schema.table';
COMMENT ON COLUMN ops.model_run.rows IS 'Rows';
COMMENT ON COLUMN ops.model_run.content_hash IS 'Hash of the content, whatever its order';

CREATE TABLE IF NOT EXISTS ops.lineage (model VARCHAR NOT NULL, reads VARCHAR NOT NULL);
COMMENT ON TABLE ops.lineage IS 'Which table is computed from which. Grain: model × table it reads.';
COMMENT ON COLUMN ops.lineage.model IS 'schema.table';
COMMENT ON COLUMN ops.lineage.reads IS 'schema.table';

CREATE TABLE IF NOT EXISTS ops.erasure (
    erasure VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    begun_at TIMESTAMP NOT NULL,
    purged_at TIMESTAMP NOT NULL,
    log_position BIGINT NOT NULL,
    log_hash VARCHAR NOT NULL
);
COMMENT ON TABLE ops.erasure IS 'Which entries of the list of erasures were carried out here. Grain: erasure.';
COMMENT ON COLUMN ops.erasure.erasure IS 'Id of the entry in data/erasures.jsonl';
COMMENT ON COLUMN ops.erasure.kind IS 'What was erased: a person, a membership, a process, a unit of a measurement file';
COMMENT ON COLUMN ops.erasure.begun_at IS 'When it was begun (UTC)';
COMMENT ON COLUMN ops.erasure.purged_at IS 'When the warehouse was written anew (UTC)';
COMMENT ON COLUMN ops.erasure.log_position IS 'The newest event of the log then; in another log, of an older backup, it is to be done again';
COMMENT ON COLUMN ops.erasure.log_hash IS 'The hash of that event';
