-- Questions to a person, and the answers.

-- name: insert
INSERT INTO approvals (id, project_id, node_id, kind, question, payload, asked_at)
VALUES (:id, :project_id, :node_id, :kind, :question, :payload, :at)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: get
SELECT * FROM approvals WHERE id = :id

-- name: same_open
SELECT * FROM approvals
WHERE node_id = :node_id AND kind = :kind AND question = :question AND payload = :payload AND answered_at IS NULL

-- name: for_node
SELECT * FROM approvals WHERE node_id = :node_id ORDER BY asked_at DESC, id

-- name: open
-- What a person is asked about a task that goes in circles waits no longer than the task does.
SELECT * FROM approvals
WHERE answered_at IS NULL AND (:project_id IS NULL OR project_id = :project_id)
  AND (kind <> 'help' OR EXISTS (SELECT 1 FROM nodes WHERE nodes.id = approvals.node_id AND nodes.status = 'blocked'))
ORDER BY asked_at, id

-- name: open_of_goal
WITH RECURSIVE below (id) AS (
    SELECT :goal_id
    UNION
    SELECT edges.to_id
    FROM below CROSS JOIN edges -- in this order: SQLite takes the other one by itself, which is quadratic
    WHERE edges.from_id = below.id AND edges.edge_type = 'contains'
)
SELECT approvals.* FROM approvals
JOIN below ON below.id = approvals.node_id
WHERE approvals.answered_at IS NULL AND (:project_id IS NULL OR approvals.project_id = :project_id)
  AND (approvals.kind <> 'help'
       OR EXISTS (SELECT 1 FROM nodes WHERE nodes.id = approvals.node_id AND nodes.status = 'blocked'))
ORDER BY approvals.asked_at, approvals.id

-- name: answer
UPDATE approvals SET answered_at = :at, answer = :answer, reason = :reason WHERE id = :id AND answered_at IS NULL
