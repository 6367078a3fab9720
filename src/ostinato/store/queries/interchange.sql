-- Interchange: parts of the graph as files hold them. Lists come as JSON texts.

-- name: goals
SELECT id FROM nodes WHERE project_id = :project_id AND node_type = 'goal'

-- name: inside
-- A goal and what lies in it, up to the goals inside it; with `whole` those too.
WITH RECURSIVE inside (id) AS (
    SELECT :goal_id
    UNION
    SELECT nodes.id FROM inside CROSS JOIN nodes
    WHERE nodes.parent_id = inside.id AND (:whole OR nodes.node_type <> 'goal')
)
SELECT nodes.* FROM inside CROSS JOIN nodes WHERE nodes.id = inside.id

-- name: outside
-- What lies in no goal.
WITH RECURSIVE outside (id) AS (
    SELECT id FROM nodes WHERE project_id = :project_id AND parent_id IS NULL AND node_type <> 'goal'
    UNION
    SELECT nodes.id FROM outside CROSS JOIN nodes WHERE nodes.parent_id = outside.id
)
SELECT nodes.* FROM outside CROSS JOIN nodes WHERE nodes.id = outside.id

-- name: edges_at
-- The edges that stand below these nodes, see graph/toml_format.py.
SELECT edges.* FROM json_each(:ids) wanted CROSS JOIN edges
WHERE edges.to_id = wanted.value AND edges.edge_type IN ('contains', 'leads_to')
UNION ALL
SELECT edges.* FROM json_each(:ids) wanted CROSS JOIN edges
WHERE edges.from_id = wanted.value AND edges.edge_type NOT IN ('contains', 'leads_to')

-- name: leased
SELECT claims.task_id FROM json_each(:ids) wanted CROSS JOIN claims
WHERE claims.task_id = wanted.value AND (claims.token IS NOT NULL OR claims.lease_until IS NOT NULL)

-- name: by_uid
SELECT nodes.id, nodes.uid, nodes.project_id, projects.name AS project
FROM json_each(:uids) wanted CROSS JOIN nodes CROSS JOIN projects
WHERE nodes.uid = wanted.value AND projects.id = nodes.project_id

-- name: several
SELECT nodes.* FROM json_each(:ids) wanted CROSS JOIN nodes WHERE nodes.id = wanted.value

-- name: taken
SELECT id, title, project_id FROM nodes WHERE id = :id

-- name: present
SELECT nodes.id FROM json_each(:ids) wanted CROSS JOIN nodes
WHERE nodes.id = wanted.value AND nodes.project_id = :project_id

-- name: goal_above
-- The goal in whose file each of these nodes stands; nothing for those outside every goal.
WITH RECURSIVE up (id) AS (
    SELECT value FROM json_each(:ids)
    UNION
    SELECT nodes.parent_id FROM up CROSS JOIN nodes
    WHERE nodes.id = up.id AND nodes.parent_id IS NOT NULL AND nodes.node_type <> 'goal'
)
SELECT nodes.id, nodes.node_type, nodes.parent_id FROM up CROSS JOIN nodes
WHERE nodes.id = up.id AND (nodes.node_type = 'goal' OR nodes.parent_id IS NULL)

-- name: changed_since
SELECT DISTINCT node_id FROM events
WHERE seq > :seq AND project_id = :project_id AND node_id IS NOT NULL
UNION
SELECT DISTINCT json_extract(payload, '$.to') FROM events
WHERE seq > :seq AND project_id = :project_id AND kind IN ('edge.added', 'edge.removed')

-- name: set_record
UPDATE nodes
SET title = :title, description = :description, status = :status, priority = :priority, assigned_to = :assigned_to,
    created_by = :created_by, labels = :labels, created_at = :created_at, started_at = :started_at,
    completed_at = :completed_at, blocked_reason = :blocked_reason, details = :details, metadata = :metadata,
    attempts = :attempts, parent_id = :parent_id, decided_by = :decided_by
WHERE id = :id

-- name: set_edge
UPDATE edges SET label = :label, created_at = :created_at WHERE id = :id

-- name: seen
SELECT at FROM graph_files WHERE project_id = :project_id AND goal_id = :goal_id AND digest = :digest

-- name: last_seen
SELECT max(at) AS at FROM graph_files WHERE project_id = :project_id AND goal_id = :goal_id

-- name: remember
INSERT INTO graph_files (project_id, goal_id, digest, at) VALUES (:project_id, :goal_id, :digest, :at)
ON CONFLICT (project_id, goal_id, digest) DO UPDATE SET at = excluded.at

-- name: forget_old
DELETE FROM graph_files
WHERE project_id = :project_id AND goal_id = :goal_id
  AND at < (SELECT at FROM graph_files WHERE project_id = :project_id AND goal_id = :goal_id
            ORDER BY at DESC LIMIT 1 OFFSET 999)

-- name: file_name
SELECT name FROM graph_file_names WHERE project_id = :project_id AND goal_id = :goal_id

-- name: name_file
INSERT INTO graph_file_names (project_id, goal_id, name) VALUES (:project_id, :goal_id, :name)
ON CONFLICT (project_id, goal_id) DO NOTHING

-- name: shared_ids
SELECT graph_file_ids.node_id, graph_file_ids.shared_id
FROM graph_file_ids JOIN nodes ON nodes.id = graph_file_ids.node_id
WHERE nodes.project_id = :project_id

-- name: forget_shared_id
DELETE FROM graph_file_ids WHERE node_id = :node_id

-- name: note_shared_id
INSERT INTO graph_file_ids (node_id, shared_id) VALUES (:node_id, :shared_id)
ON CONFLICT (node_id) DO UPDATE SET shared_id = excluded.shared_id

-- name: shared_numbers
SELECT graph_file_numbers.node_id, graph_file_numbers.number
FROM graph_file_numbers JOIN nodes ON nodes.id = graph_file_numbers.node_id
WHERE nodes.project_id = :project_id

-- name: forget_shared_number
DELETE FROM graph_file_numbers WHERE node_id = :node_id

-- name: note_shared_number
INSERT INTO graph_file_numbers (node_id, number)
SELECT id, :number FROM nodes WHERE id = :node_id AND number IS NOT :number
ON CONFLICT (node_id) DO UPDATE SET number = excluded.number

-- name: mark
SELECT seq FROM graph_file_marks WHERE project_id = :project_id

-- name: set_mark
INSERT INTO graph_file_marks (project_id, seq) VALUES (:project_id, :seq)
ON CONFLICT (project_id) DO UPDATE SET seq = excluded.seq
