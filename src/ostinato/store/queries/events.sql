-- The stream of events.

-- name: add
INSERT INTO events (at, kind, project_id, session_id, iteration_id, node_id, payload)
VALUES (:at, :kind, :project_id, :session_id, :iteration_id, :node_id, :payload)

-- name: nodes_made
-- The payloads here and below are those that store/creation.py and store/edge_rows.py write for one at a time.
INSERT INTO events (at, kind, project_id, session_id, iteration_id, node_id, payload)
SELECT :at, :kind, :project_id, :session_id, :iteration_id, id,
       json_object('v', :version, 'by', :by, 'type', node_type, 'title', title, 'parent', parent_id, 'status', status)
FROM nodes
WHERE key > :after
ORDER BY key

-- name: edges_made
INSERT INTO events (at, kind, project_id, session_id, iteration_id, node_id, payload)
SELECT :at, :kind, :project_id, :session_id, :iteration_id, from_id,
       json_object('v', :version, 'by', :by, 'type', edge_type, 'from', from_id, 'to', to_id, 'label', label)
FROM edges
WHERE rowid > :after
ORDER BY rowid

-- name: after
SELECT seq, at, kind, project_id, session_id, iteration_id, node_id, payload
FROM events
WHERE seq > :seq AND (:project_id IS NULL OR project_id = :project_id)
ORDER BY seq
LIMIT :limit

-- name: after_of_goal
WITH RECURSIVE below (id) AS (
    SELECT :goal_id
    UNION
    SELECT child.id FROM nodes child JOIN below ON child.parent_id = below.id
)
SELECT seq, at, kind, project_id, session_id, iteration_id, node_id, payload
FROM events
WHERE seq > :seq
  AND (:project_id IS NULL OR project_id = :project_id)
  AND (node_id IN (SELECT id FROM below) OR session_id IN (SELECT id FROM sessions WHERE goal_id = :goal_id))
ORDER BY seq
LIMIT :limit

-- name: of_node
SELECT seq, at, kind, project_id, session_id, iteration_id, node_id, payload
FROM events
WHERE node_id = :node_id AND seq > :seq
ORDER BY seq
LIMIT :limit

-- name: latest_start
SELECT seq FROM events
WHERE session_id = :session_id AND kind IN ('session.started', 'iteration.started')
ORDER BY seq DESC
LIMIT 1

-- name: last_seq
SELECT coalesce(max(seq), 0) AS seq FROM events
