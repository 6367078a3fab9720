-- Nodes: reading, making and changing them, and the slim facts that statuses are derived from. Whole rows come from the
-- view `spoken`, which adds the derived status and an id that sorts in natural order.
-- CROSS JOIN stands where SQLite by itself takes the tables in the other order, which reads all of one for each of few.

-- name: get
SELECT * FROM spoken WHERE id = :id

-- name: slim
SELECT id, project_id, node_type, title, status, parent_id, has_checks, assigned_to, started_at, completed_at,
       blocked_reason
FROM nodes WHERE id = :id

-- name: insert_root
INSERT INTO nodes (id, project_id, node_type, title, description, status, priority, created_by, labels, created_at,
                   started_at, completed_at, details, metadata, attempts)
VALUES (:id, :project_id, :node_type, :title, :description, :status, :priority, :created_by, :labels, :created_at,
        :started_at, :completed_at, :details, :metadata, :attempts)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: insert_child
INSERT INTO nodes (id, project_id, node_type, title, description, status, priority, created_by, labels, created_at,
                   started_at, completed_at, details, metadata, attempts, parent_id)
SELECT parent.id || '.' || (parent.child_seq + 1), :project_id, :node_type, :title, :description, :status, :priority,
       :created_by, :labels, :created_at, :started_at, :completed_at, :details, :metadata, :attempts, parent.id
FROM nodes parent
WHERE parent.id = :parent_id
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: skip_child_number
UPDATE nodes SET child_seq = child_seq + 1 WHERE id = :parent_id

-- name: set_facts
UPDATE nodes
SET status = :status, assigned_to = :assigned_to, started_at = :started_at, completed_at = :completed_at,
    blocked_reason = :blocked_reason
WHERE id = :id

-- name: drop_claim
DELETE FROM claims WHERE task_id = :id

-- name: update
UPDATE nodes
SET title = :title, description = :description, priority = :priority, labels = :labels, details = :details,
    metadata = :metadata
WHERE id = :id

-- name: set_parent
UPDATE nodes SET parent_id = :parent_id WHERE id = :id

-- name: ancestors
WITH RECURSIVE up (id, depth) AS (
    SELECT parent_id, 1 FROM nodes WHERE id = :id AND parent_id IS NOT NULL
    UNION ALL
    SELECT nodes.parent_id, up.depth + 1
    FROM up JOIN nodes ON nodes.id = up.id
    WHERE nodes.parent_id IS NOT NULL
)
SELECT spoken.* FROM up CROSS JOIN spoken WHERE spoken.id = up.id ORDER BY up.depth

-- name: children
SELECT * FROM spoken WHERE parent_id = :id ORDER BY created_at, sort_id

-- name: descendants
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT spoken.* FROM below CROSS JOIN spoken WHERE spoken.id = below.id ORDER BY spoken.created_at, spoken.sort_id

-- name: statuses_below
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT spoken.spoken_status AS status, count(*) AS tasks
FROM below CROSS JOIN spoken
WHERE spoken.id = below.id AND spoken.node_type = 'task'
GROUP BY spoken.spoken_status

-- name: has_open_task_below
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT 1 AS found
FROM below CROSS JOIN nodes
WHERE nodes.id = below.id AND nodes.node_type = 'task' AND nodes.status NOT IN ('completed', 'cancelled')
LIMIT 1

-- name: has_task_below
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT 1 AS found FROM below CROSS JOIN nodes WHERE nodes.id = below.id AND nodes.node_type = 'task' LIMIT 1

-- name: has_open_child_task
-- By the statuses that are open: so each is one step into the index.
SELECT 1 AS found FROM nodes
WHERE parent_id = :id AND node_type = 'task'
  AND status IN ('pending', 'claimed', 'in_progress', 'review', 'blocked', 'failed')
LIMIT 1

-- name: has_completed_child_task
SELECT 1 AS found FROM nodes WHERE parent_id = :id AND node_type = 'task' AND status = 'completed' LIMIT 1

-- name: query
SELECT * FROM spoken
WHERE (:project_id IS NULL OR project_id = :project_id)
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY created_at, sort_id
LIMIT :limit

-- name: query_of_project
SELECT * FROM spoken
WHERE project_id = :project_id
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY created_at, sort_id
LIMIT :limit

-- name: query_of_parent
SELECT * FROM spoken
WHERE parent_id = :parent_id
  AND (:project_id IS NULL OR project_id = :project_id)
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY created_at, sort_id
LIMIT :limit

-- name: query_of_goal
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT spoken.* FROM below CROSS JOIN spoken
WHERE spoken.id = below.id
  AND (:project_id IS NULL OR project_id = :project_id)
  AND (:node_type IS NULL OR node_type = :node_type)
  AND (:parent_id IS NULL OR parent_id = :parent_id)
  AND (:status IS NULL OR spoken_status = :status)
ORDER BY created_at, sort_id
LIMIT :limit

-- name: completed_of_goal
-- The latest first.
WITH RECURSIVE below (id) AS (
    SELECT id FROM nodes WHERE parent_id = :goal_id
    UNION
    SELECT nodes.id FROM below CROSS JOIN nodes WHERE nodes.parent_id = below.id
)
SELECT spoken.* FROM below CROSS JOIN spoken
WHERE spoken.id = below.id AND spoken.node_type = 'task' AND spoken.status = 'completed'
  AND (NOT :with_checks OR spoken.has_checks)
ORDER BY coalesce(spoken.completed_at, spoken.created_at) DESC, spoken.id DESC
LIMIT :limit

-- name: facts_of_project
-- What the rules need of a project: all that is open, and whatever contains something.
SELECT id, node_type, status, parent_id, priority, complexity, created_at
FROM nodes
WHERE project_id = :project_id
  AND ((node_type IN ('goal', 'task', 'decision')
        AND status NOT IN ('completed', 'cancelled', 'decided', 'superseded'))
       OR id IN (SELECT parent_id FROM nodes WHERE project_id = :project_id))

-- name: facts_around
-- What the rules need to say why a task is not ready: itself, its ancestors, what these wait for, and its children.
WITH RECURSIVE up (id) AS (
    SELECT :id
    UNION
    SELECT nodes.parent_id FROM up CROSS JOIN nodes WHERE nodes.id = up.id AND nodes.parent_id IS NOT NULL
)
SELECT nodes.id, node_type, status, parent_id, priority, complexity, created_at
FROM (SELECT id FROM up
      UNION
      SELECT edges.to_id FROM up CROSS JOIN edges
      WHERE edges.from_id = up.id AND edges.edge_type = 'depends_on'
      UNION
      SELECT nodes.id FROM nodes WHERE nodes.parent_id = :id) needed
CROSS JOIN nodes
WHERE nodes.id = needed.id
