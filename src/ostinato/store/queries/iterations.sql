-- Iterations, their conversations and their evidence.

-- name: insert
INSERT INTO iterations (id, session_id, task_id, attempt, token, base_commit, started_at)
VALUES (:id, :session_id, :task_id, :attempt, :token, :base_commit, :at)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: get
SELECT * FROM iterations WHERE id = :id

-- name: of_task
SELECT * FROM iterations WHERE task_id = :id ORDER BY started_at, id

-- name: of_session
SELECT * FROM iterations WHERE session_id = :id ORDER BY started_at, id

-- name: unfinished
SELECT iterations.* FROM iterations
JOIN sessions ON sessions.id = iterations.session_id
WHERE iterations.ended_at IS NULL AND sessions.project_id = :project_id
ORDER BY iterations.started_at, iterations.id

-- name: end
UPDATE iterations
SET ended_at = :at, ending = :ending, ending_message = :message, verdict = :verdict, decision = :decision,
    reasons = :reasons, commit_id = :commit_id, diff = :diff, fingerprint = :fingerprint, steps = :steps,
    spending = :spending
WHERE id = :id AND ended_at IS NULL

-- name: judge
-- A person's answer about an iteration that waited for it.
UPDATE iterations
SET decision = :decision, verdict = coalesce(:verdict, verdict), reasons = :reasons,
    commit_id = coalesce(:commit_id, commit_id)
WHERE id = :id

-- name: claim
SELECT iteration_id, session_id FROM claims WHERE task_id = :task_id AND token = :token

-- name: set_claim
UPDATE claims SET iteration_id = :iteration_id WHERE task_id = :task_id AND token = :token

-- name: drop_claim
DELETE FROM claims WHERE task_id = :task_id AND token = :token

-- name: claims
-- The loop's claims of a project; those by hand have no token.
SELECT claims.* FROM claims
JOIN nodes ON nodes.id = claims.task_id
WHERE nodes.project_id = :project_id AND claims.token IS NOT NULL
ORDER BY claims.token

-- name: use_attempt
UPDATE nodes SET attempts = attempts + 1 WHERE id = :id

-- name: stored_status
SELECT status FROM nodes WHERE id = :id

-- name: begin_step
-- A step that is tried again keeps its start. Nothing is kept for an iteration that has ended.
INSERT INTO steps (owner_id, step, started_at, sections)
SELECT :owner_id, :step, :at, :sections
WHERE NOT EXISTS (SELECT 1 FROM iterations WHERE id = :owner_id AND ended_at IS NOT NULL)
ON CONFLICT (owner_id, step) DO UPDATE SET sections = excluded.sections
RETURNING step

-- name: spend_step
INSERT INTO steps (owner_id, step, started_at, spending, model)
SELECT :owner_id, :step, :at, :spending, :model
WHERE NOT EXISTS (SELECT 1 FROM iterations WHERE id = :owner_id AND ended_at IS NOT NULL)
ON CONFLICT (owner_id, step) DO UPDATE SET spending = excluded.spending, model = excluded.model
RETURNING step

-- name: end_step
INSERT INTO steps (owner_id, step, started_at, ended_at, spending, model)
SELECT :owner_id, :step, :at, :at, :spending, :model
WHERE NOT EXISTS (SELECT 1 FROM iterations WHERE id = :owner_id AND ended_at IS NOT NULL)
ON CONFLICT (owner_id, step) DO UPDATE SET
    ended_at = excluded.ended_at, spending = excluded.spending, model = excluded.model
RETURNING step

-- name: steps
SELECT * FROM steps WHERE owner_id = :owner_id ORDER BY step

-- name: conversations_of
-- A plan session's own conversation, and those of its critics: `/` and what follows it sorts before `0`.
SELECT DISTINCT owner_id FROM steps
WHERE owner_id = :session_id OR (owner_id > :session_id || '/' AND owner_id < :session_id || '0')

-- name: add_message
INSERT INTO messages (owner_id, position, step, role, content, at)
SELECT :owner_id, coalesce((SELECT max(position) FROM messages WHERE owner_id = :owner_id), 0) + 1,
       :step, :role, :content, :at
WHERE NOT EXISTS (SELECT 1 FROM iterations WHERE id = :owner_id AND ended_at IS NOT NULL)
RETURNING position

-- name: messages
SELECT * FROM messages WHERE owner_id = :owner_id ORDER BY position

-- name: add_check_run
INSERT INTO check_runs (project_id, session_id, iteration_id, owner_id, phase, command, status, exit_code, seconds,
                        output, flaky, failing_tests, at)
VALUES (:project_id, :session_id, :iteration_id, :owner_id, :phase, :command, :status, :exit_code, :seconds,
        :output, :flaky, :failing_tests, :at)

-- name: check_runs
SELECT * FROM check_runs
WHERE (:iteration_id IS NULL OR iteration_id = :iteration_id)
  AND (:owner_id IS NULL OR owner_id = :owner_id)
  AND (:phase IS NULL OR phase = :phase)
ORDER BY id

-- name: red_commands
SELECT DISTINCT command FROM check_runs
WHERE owner_id = :task_id AND status = 'failed' AND phase IN ('plan', 'base')
