-- Drafts of plans, one at most for each goal.

-- name: save
INSERT INTO plan_drafts (goal_id, draft, at) VALUES (:goal_id, :draft, :at)
ON CONFLICT (goal_id) DO UPDATE SET draft = excluded.draft, at = excluded.at

-- name: get
SELECT draft FROM plan_drafts WHERE goal_id = :goal_id

-- name: delete
DELETE FROM plan_drafts WHERE goal_id = :goal_id

-- name: carry
-- A conversation that goes on in a new session begins with all that was said in the former one.
INSERT INTO messages (owner_id, position, step, role, content, at)
SELECT :to_id, position, step, role, content, at FROM messages WHERE owner_id = :from_id

-- name: set_system
UPDATE messages SET content = :content WHERE owner_id = :owner_id AND role = 'system' AND step = 0

-- name: used
SELECT iterations.task_id, nodes.complexity, iterations.spending
FROM iterations JOIN nodes ON nodes.id = iterations.task_id
WHERE nodes.project_id = :project_id AND nodes.status = 'completed'
ORDER BY iterations.started_at, iterations.id

-- name: latest_session
SELECT * FROM sessions WHERE goal_id = :goal_id AND kind = 'plan' ORDER BY started_at DESC, id LIMIT 1
