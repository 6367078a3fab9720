-- Projects.

-- name: insert
INSERT INTO projects (id, name, path, created_at) VALUES (:id, :name, :path, :created_at)
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: get
SELECT * FROM projects WHERE id = :wanted OR name = :wanted ORDER BY id = :wanted DESC LIMIT 1

-- name: by_path
SELECT * FROM projects WHERE path = :path

-- name: by_name
SELECT * FROM projects WHERE name = :name

-- name: list
SELECT * FROM projects ORDER BY name

-- name: delete_steps
DELETE FROM steps
WHERE owner_id IN (SELECT id FROM sessions WHERE project_id = :id)
   OR owner_id IN (SELECT iterations.id FROM iterations JOIN sessions ON sessions.id = iterations.session_id
                   WHERE sessions.project_id = :id)

-- name: delete_messages
DELETE FROM messages
WHERE owner_id IN (SELECT id FROM sessions WHERE project_id = :id)
   OR owner_id IN (SELECT iterations.id FROM iterations JOIN sessions ON sessions.id = iterations.session_id
                   WHERE sessions.project_id = :id)

-- name: delete_events
DELETE FROM events WHERE project_id = :id

-- name: delete
DELETE FROM projects WHERE id = :id
