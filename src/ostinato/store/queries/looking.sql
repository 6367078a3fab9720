-- Looking back: many rows of one goal or project in one statement each, however many tasks there are. Nothing is written.
-- CROSS JOIN stands where SQLite by itself takes the tables in the other order (see nodes.sql).

-- name: nodes_of_goal
-- What a report tells of: outcomes and revisits are told by the iterations that they came from.
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT spoken.* FROM below CROSS JOIN spoken
WHERE spoken.id = below.id AND spoken.node_type IN ('task', 'decision', 'option', 'observation')
ORDER BY spoken.created_at, spoken.sort_id

-- name: nodes
SELECT spoken.* FROM json_each(:ids) wanted CROSS JOIN spoken
WHERE spoken.id = wanted.value
ORDER BY spoken.created_at, spoken.sort_id

-- name: edges_of_goal
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT edges.* FROM below CROSS JOIN edges
WHERE edges.from_id = below.id AND edges.edge_type IN ('chosen', 'rejected', 'informs', 'supersedes')
ORDER BY edges.created_at, edges.id

-- name: iterations_of_goal
-- Without their diffs, which may be large.
SELECT iterations.id, session_id, task_id, attempt, token, base_commit, iterations.started_at, iterations.ended_at,
       ending, ending_message, verdict, decision, reasons, commit_id, '' AS diff, fingerprint, steps,
       iterations.spending, iterations.transcript_gone_at, evidence_gone_at
FROM sessions CROSS JOIN iterations
WHERE sessions.goal_id = :goal_id AND iterations.session_id = sessions.id
ORDER BY iterations.started_at, iterations.id

-- name: committed_diffs
SELECT iterations.id, iterations.diff
FROM sessions CROSS JOIN iterations
WHERE sessions.goal_id = :goal_id AND iterations.session_id = sessions.id AND iterations.commit_id IS NOT NULL

-- name: check_runs_of_goal
-- Of a run that passed the output says nothing; of another one its end does.
SELECT check_runs.id, check_runs.iteration_id, owner_id, phase, command, status, exit_code, seconds, flaky,
       failing_tests, CASE WHEN status = 'passed' THEN '' ELSE substr(output, -:tail) END AS output
FROM sessions CROSS JOIN iterations CROSS JOIN check_runs
WHERE sessions.goal_id = :goal_id AND iterations.session_id = sessions.id
  AND check_runs.iteration_id = iterations.id
  AND (check_runs.owner_id IS NULL OR check_runs.owner_id = iterations.task_id)
ORDER BY check_runs.id

-- name: steps_of
-- What the model calls of conversations cost, by conversation, model and day.
SELECT steps.owner_id, steps.model, substr(steps.started_at, 1, 10) AS day,
       sum(coalesce(json_extract(spending, '$.input'), 0)) AS input,
       sum(coalesce(json_extract(spending, '$.cached_input'), 0)) AS cached_input,
       sum(coalesce(json_extract(spending, '$.cache_write'), 0)) AS cache_write,
       sum(coalesce(json_extract(spending, '$.output'), 0)) AS output,
       sum(coalesce(json_extract(spending, '$.reasoning'), 0)) AS reasoning,
       sum(coalesce(json_extract(spending, '$.calls'), 0)) AS calls,
       sum(json_extract(spending, '$.cost_usd')) AS cost_usd,
       sum(spending <> '{}' AND json_extract(spending, '$.cost_usd') IS NULL) AS unknown
FROM json_each(:owners) owners CROSS JOIN steps
WHERE steps.owner_id = owners.value
GROUP BY steps.owner_id, steps.model, day

-- name: talks_of
-- The conversations inside sessions that have a name of their own behind the session's: `sess-…/critic-1`.
SELECT DISTINCT steps.owner_id FROM json_each(:sessions) wanted CROSS JOIN steps
WHERE steps.owner_id > wanted.value || '/' AND steps.owner_id < wanted.value || '0'
ORDER BY steps.owner_id

-- name: approvals_of_goal
WITH RECURSIVE below (id) AS (
    SELECT :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT approvals.* FROM below CROSS JOIN approvals
WHERE approvals.node_id = below.id
ORDER BY approvals.asked_at, approvals.id

-- name: paused
SELECT pauses.goal_id, pauses.at FROM pauses JOIN nodes ON nodes.id = pauses.goal_id
WHERE :project_id IS NULL OR nodes.project_id = :project_id

-- name: budgets
-- Goals with a budget of their own, or with a call that was never settled.
SELECT nodes.id, budgets.tokens AS most_tokens, budgets.cost_usd AS most_cost, budgets.seconds AS most_seconds,
       (SELECT coalesce(sum(calls), 0) FROM accounts WHERE node_id = nodes.id) AS calls,
       (SELECT coalesce(sum(tokens), 0) FROM accounts WHERE node_id = nodes.id) AS tokens,
       (SELECT coalesce(sum(cost_usd), 0.0) FROM accounts WHERE node_id = nodes.id) AS cost_usd,
       (SELECT coalesce(sum(unpriced), 0) FROM accounts WHERE node_id = nodes.id) AS unpriced,
       (SELECT coalesce(sum(seconds), 0.0) FROM accounts WHERE node_id = nodes.id) AS seconds,
       (SELECT count(*) FROM reservations WHERE node_id = nodes.id) AS held_calls,
       (SELECT coalesce(sum(tokens), 0) FROM reservations WHERE node_id = nodes.id) AS held_tokens,
       (SELECT coalesce(sum(cost_usd), 0.0) FROM reservations WHERE node_id = nodes.id) AS held_cost,
       (SELECT count(*) - count(cost_usd) FROM reservations WHERE node_id = nodes.id) AS held_unpriced
FROM (SELECT node_id FROM budgets UNION SELECT node_id FROM reservations) AS named
CROSS JOIN nodes ON nodes.id = named.node_id
LEFT JOIN budgets ON budgets.node_id = nodes.id
WHERE nodes.project_id = :project_id AND nodes.node_type = 'goal'

-- name: tasks_and_goals
SELECT id, node_type, spoken_status, parent_id, title, spoken_reason, started_at, completed_at
FROM spoken
WHERE project_id = :project_id AND node_type IN ('task', 'goal')

-- name: iterations_since
-- Those of a project that ended or still run since a moment, without their diffs, the oldest first.
SELECT iterations.id, iterations.session_id, iterations.task_id, iterations.attempt, iterations.commit_id,
       iterations.decision, iterations.started_at, iterations.ended_at, sessions.goal_id
FROM sessions CROSS JOIN iterations
WHERE sessions.project_id = :project_id AND (sessions.ended_at IS NULL OR sessions.ended_at >= :since)
  AND iterations.session_id = sessions.id AND (iterations.ended_at IS NULL OR iterations.ended_at >= :since)
ORDER BY iterations.started_at, iterations.id

-- name: last_event
SELECT seq, at, kind, project_id, session_id, iteration_id, node_id, payload
FROM events WHERE session_id = :session_id
ORDER BY seq DESC
LIMIT 1

-- name: last_step
SELECT max(step) AS step FROM steps WHERE owner_id = :owner_id

-- name: near
-- Ids of any kind that begin like this, the shortest first (a goal before its tasks), then the newest.
SELECT id FROM (SELECT id, created_at AS at FROM nodes WHERE id >= :beginning AND id < :behind
                UNION ALL
                SELECT id, started_at FROM sessions WHERE id >= :beginning AND id < :behind
                UNION ALL
                SELECT id, started_at FROM iterations WHERE id >= :beginning AND id < :behind
                UNION ALL
                SELECT id, asked_at FROM approvals WHERE id >= :beginning AND id < :behind)
ORDER BY length(id), at DESC, id
LIMIT :limit

-- name: of_commit
SELECT id FROM iterations WHERE substr(commit_id, 1, :length) = :beginning ORDER BY started_at DESC, id LIMIT :limit
