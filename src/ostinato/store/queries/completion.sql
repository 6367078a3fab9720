-- What a shell may complete: ids with a word on each. :path is the repository's, null for all projects. No id
-- of ours holds anything that sorts after `~`, so that a prefix is a range of the index.

-- name: goal
SELECT nodes.id, nodes.title AS text FROM nodes JOIN projects ON projects.id = nodes.project_id
WHERE node_type = 'goal' AND nodes.status <> 'cancelled' AND (:path IS NULL OR projects.path = :path)
  AND nodes.id >= :prefix AND nodes.id < :prefix || '~'
ORDER BY nodes.created_at DESC, nodes.id LIMIT :most

-- name: task
SELECT nodes.id, nodes.title AS text FROM nodes JOIN projects ON projects.id = nodes.project_id
WHERE node_type = 'task' AND (:path IS NULL OR projects.path = :path)
  AND nodes.id >= :prefix AND nodes.id < :prefix || '~'
ORDER BY nodes.created_at DESC, nodes.id LIMIT :most

-- name: node
SELECT nodes.id, nodes.title AS text FROM nodes JOIN projects ON projects.id = nodes.project_id
WHERE (:path IS NULL OR projects.path = :path) AND nodes.id >= :prefix AND nodes.id < :prefix || '~'
ORDER BY nodes.created_at DESC, nodes.id LIMIT :most

-- name: session
SELECT sessions.id, sessions.kind || ' ' || sessions.started_at AS text
FROM sessions JOIN projects ON projects.id = sessions.project_id
WHERE (:path IS NULL OR projects.path = :path) AND sessions.id >= :prefix AND sessions.id < :prefix || '~'
ORDER BY sessions.started_at DESC, sessions.id LIMIT :most

-- name: iteration
SELECT iterations.id, iterations.task_id AS text
FROM iterations JOIN sessions ON sessions.id = iterations.session_id JOIN projects ON projects.id = sessions.project_id
WHERE (:path IS NULL OR projects.path = :path) AND iterations.id >= :prefix AND iterations.id < :prefix || '~'
ORDER BY iterations.started_at DESC, iterations.id LIMIT :most

-- name: question
SELECT approvals.id, approvals.question AS text FROM approvals JOIN projects ON projects.id = approvals.project_id
WHERE approvals.answered_at IS NULL AND (:path IS NULL OR projects.path = :path)
  AND approvals.id >= :prefix AND approvals.id < :prefix || '~'
ORDER BY approvals.asked_at, approvals.id LIMIT :most

-- name: project
SELECT name AS id, path AS text FROM projects
WHERE substr(name, 1, length(:prefix)) = :prefix
ORDER BY name LIMIT :most
