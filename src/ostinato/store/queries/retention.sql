-- What retention may take, the oldest first, and taking it. Nothing of a session that is open is ever taken.

-- name: transcripts_due
-- Attempts, and plans' talks with their critics; of a goal that is not over its latest plan session may still go on.
-- `/` and what follows it sorts before `0`: a session's critics.
SELECT id, ended_at, kind,
       (SELECT coalesce(sum(octet_length(content)), 0) FROM messages
        WHERE owner_id = due.id OR (owner_id > due.id || '/' AND owner_id < due.id || '0')) AS bytes
FROM (
    SELECT iterations.id, iterations.ended_at, 'iteration' AS kind
    FROM iterations JOIN sessions ON sessions.id = iterations.session_id
    WHERE iterations.transcript_gone_at IS NULL AND iterations.ended_at < :before AND sessions.ended_at IS NOT NULL
    UNION ALL
    SELECT sessions.id, sessions.ended_at, 'session'
    FROM sessions JOIN nodes ON nodes.id = sessions.goal_id
    WHERE sessions.transcript_gone_at IS NULL AND sessions.ended_at < :before AND sessions.kind = 'plan'
      AND (nodes.status IN ('completed', 'cancelled')
           OR EXISTS (SELECT 1 FROM sessions later
                      WHERE later.goal_id = sessions.goal_id AND later.kind = 'plan'
                        AND (later.started_at > sessions.started_at
                             OR (later.started_at = sessions.started_at AND later.id < sessions.id))))
    ORDER BY 2, 1
    LIMIT :most
) due

-- name: delete_messages
DELETE FROM messages WHERE owner_id = :id OR (owner_id > :id || '/' AND owner_id < :id || '0')

-- name: clear_sections
UPDATE steps SET sections = '{}' WHERE owner_id = :id OR (owner_id > :id || '/' AND owner_id < :id || '0')

-- name: mark_iteration
UPDATE iterations SET transcript_gone_at = :at WHERE id = :id

-- name: mark_session
UPDATE sessions SET transcript_gone_at = :at WHERE id = :id

-- name: evidence_due
-- Only of tasks that are over: a briefing of the next attempt tells of the earlier ones, and a failed task may be retried.
SELECT iterations.id, iterations.ended_at,
       octet_length(iterations.diff)
       + coalesce((SELECT sum(octet_length(output)) FROM check_runs WHERE iteration_id = iterations.id), 0) AS bytes
FROM iterations
JOIN sessions ON sessions.id = iterations.session_id
JOIN nodes ON nodes.id = iterations.task_id
WHERE iterations.evidence_gone_at IS NULL AND iterations.ended_at < :before AND sessions.ended_at IS NOT NULL
  AND nodes.status IN ('completed', 'cancelled')
ORDER BY iterations.ended_at, iterations.id
LIMIT :most

-- name: diff
SELECT diff FROM iterations WHERE id = :id

-- name: clear_outputs
UPDATE check_runs SET output = '' WHERE iteration_id = :id AND output <> ''

-- name: clear_evidence
UPDATE iterations SET diff = :diff, evidence_gone_at = :at WHERE id = :id

-- name: clear_loose_outputs
-- Of the project's checks on the base, which belong to a session and to no attempt.
UPDATE check_runs SET output = '' WHERE id IN (
    SELECT id FROM check_runs
    WHERE iteration_id IS NULL AND phase <> 'plan' AND output <> '' AND at < :before
      AND (session_id IS NULL OR session_id NOT IN (SELECT id FROM sessions WHERE ended_at IS NULL))
    ORDER BY id
    LIMIT :most
)

-- name: transcripts_kept
SELECT coalesce(sum(octet_length(content)), 0) AS bytes FROM messages

-- name: evidence_kept
SELECT (SELECT coalesce(sum(octet_length(diff)), 0) FROM iterations)
       + (SELECT coalesce(sum(octet_length(output)), 0) FROM check_runs) AS bytes

-- name: events_kept
-- All narrated events, counted in their index, and their bytes as the newest of them tell. The kinds stand as there.
SELECT kept.count, CAST(kept.count * sample.bytes AS INTEGER) AS bytes
FROM (SELECT count(*) AS count FROM events
      WHERE kind IN ('step.started', 'step.ended', 'tool.started', 'tool.ended', 'check.ended')) kept,
     (SELECT coalesce(avg(octet_length(payload)), 0) AS bytes FROM (
          SELECT payload FROM events
          WHERE kind IN ('step.started', 'step.ended', 'tool.started', 'tool.ended', 'check.ended')
          ORDER BY at DESC
          LIMIT 500)) sample

-- name: events_due
SELECT count(*) AS count, coalesce(sum(octet_length(payload)), 0) AS bytes FROM (
    SELECT payload FROM events
    WHERE kind IN ('step.started', 'step.ended', 'tool.started', 'tool.ended', 'check.ended')
      AND at < :before AND (session_id IS NULL OR session_id NOT IN (SELECT id FROM sessions WHERE ended_at IS NULL))
    LIMIT :most
)

-- name: delete_events
DELETE FROM events WHERE seq IN (
    SELECT seq FROM events
    WHERE kind IN ('step.started', 'step.ended', 'tool.started', 'tool.ended', 'check.ended')
      AND at < :before AND (session_id IS NULL OR session_id NOT IN (SELECT id FROM sessions WHERE ended_at IS NULL))
    ORDER BY at, seq
    LIMIT :most
)
RETURNING octet_length(payload) AS bytes

-- name: used
-- Bytes of the database that hold something.
SELECT (pages.page_count - free.freelist_count) * size.page_size AS bytes
FROM pragma_page_count pages, pragma_freelist_count free, pragma_page_size size
