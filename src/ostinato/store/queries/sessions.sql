-- Sessions: one work period on a goal.

-- name: insert
INSERT INTO sessions (id, project_id, goal_id, kind, started_at, agent_ids, host, boot, pid, started)
VALUES (:id, :project_id, :goal_id, :kind, :at, :agent_ids, :host, :boot, :pid, :started)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: get
SELECT * FROM sessions WHERE id = :id

-- name: list
SELECT * FROM sessions
WHERE (:goal_id IS NULL OR goal_id = :goal_id) AND (:project_id IS NULL OR project_id = :project_id)
ORDER BY started_at DESC, id
LIMIT :limit

-- name: last_notes
SELECT handoff_notes FROM sessions
WHERE goal_id = :goal_id AND handoff_notes <> ''
ORDER BY started_at DESC, id
LIMIT 1

-- name: open
SELECT * FROM sessions WHERE ended_at IS NULL AND project_id = :project_id ORDER BY started_at, id

-- name: open_of_goal
SELECT * FROM sessions WHERE ended_at IS NULL AND goal_id = :goal_id ORDER BY started_at, id

-- name: end
UPDATE sessions
SET ended_at = :at, handoff_notes = :notes, stop_reason = :stop_reason, summary = coalesce(:summary, summary)
WHERE id = :id AND ended_at IS NULL

-- name: set_agents
UPDATE sessions SET agent_ids = :agent_ids WHERE id = :id

-- name: set_spending
UPDATE sessions SET spending = :spending WHERE id = :id

-- name: node
SELECT node_type, project_id, status FROM nodes WHERE id = :id

-- name: leases
-- Whether a session holds a lease that has not run out.
SELECT count(*) AS held FROM claims WHERE session_id = :id AND lease_until > :now
