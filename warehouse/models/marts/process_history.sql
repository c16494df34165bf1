-- Grain: one row per event of a process.
-- Meaning: how a process evolved, in plain words, and under which version of its template.
-- what: What happened, in English
-- subject: The task, state, party, membership or action it was about
-- actor: Pseudonym of who acted, within the process; or operator, clock, or link (a process beside it)
-- bundle: Template and forms that held
SELECT
    process.process_id,
    process.process,
    event.sequence,
    event.recorded_at,
    event.type,
    CASE event.type
        WHEN 'process.started' THEN 'The process was started'
        WHEN 'party.joined' THEN 'A party joined'
        WHEN 'invitation.issued' THEN 'An invitation was made'
        WHEN 'invitation.withdrawn' THEN 'An invitation was withdrawn'
        WHEN 'membership.added' THEN 'Somebody took part'
        WHEN 'membership.ended' THEN 'Somebody no longer takes part'
        WHEN 'role.granted' THEN 'A role was given'
        WHEN 'role.revoked' THEN 'A role was taken back'
        WHEN 'delegation.begun' THEN 'Somebody was let act for another'
        WHEN 'delegation.ended' THEN 'Nobody acts for somebody any more'
        WHEN 'task.claimed' THEN 'Somebody took a task on'
        WHEN 'task.released' THEN 'A task was given back'
        WHEN 'state.entered' THEN 'A state was entered'
        WHEN 'state.left' THEN 'A state was left'
        WHEN 'action.taken' THEN 'An action was chosen'
        WHEN 'step.taken' THEN 'The process went on by itself'
        WHEN 'process.stepped_back' THEN 'The process went back'
        WHEN 'form.kept' THEN 'An earlier answer still stands'
        WHEN 'task.opened' THEN 'A task was opened'
        WHEN 'task.reopened' THEN 'A task was opened again'
        WHEN 'task.begun' THEN 'It was the turn of a task'
        WHEN 'task.withdrawn' THEN 'A task was withdrawn'
        WHEN 'form.submitted' THEN 'A form was filled in'
        WHEN 'form.corrected' THEN 'A form was put right'
        WHEN 'answers.revealed' THEN 'Sealed answers were revealed'
        WHEN 'deadline.set' THEN 'A deadline was set'
        WHEN 'deadline.passed' THEN 'A deadline passed'
        WHEN 'reminder.set' THEN 'A reminder was set'
        WHEN 'reminder.due' THEN
            if(event.payload->>'$.instead' IS NULL, 'Somebody was reminded', 'A reminder was passed over for a later one')
        WHEN 'process.suspended' THEN 'The process was suspended'
        WHEN 'process.resumed' THEN 'The process was resumed'
        WHEN 'process.cancelled' THEN 'The process was given up'
        WHEN 'incident.raised' THEN 'The process could not go on by itself'
        WHEN 'incident.resolved' THEN 'An incident was resolved'
        WHEN 'subject.erased' THEN 'What was known of somebody was erased'
        WHEN 'link.opened' THEN 'Another process was asked for'
        WHEN 'process.linked' THEN 'Another process stands beside this one'
        WHEN 'link.ended' THEN 'A process beside this one has ended'
        WHEN 'parent.linked' THEN 'The process belongs to another'
        WHEN 'process.disposed' THEN 'The time that the process is kept was over'
        WHEN 'process.finished' THEN 'The process was finished'
        ELSE event.type
    END AS what,
    coalesce(
        event.payload->>'$.instance', event.payload->>'$.action', event.payload->>'$.state',
        event.payload->>'$.membership', event.payload->>'$.party', event.payload->>'$.link', event.payload->>'$.name'
    ) AS subject,
    event.actor,
    event.on_behalf_of,
    event.role,
    event.membership,
    coalesce(event.bundle_hash, process.bundle) AS bundle,
    event.withheld,
    event.hash
FROM raw.event AS event
JOIN core.process AS process ON process.process_id = event.stream
