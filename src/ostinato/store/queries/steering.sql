-- Steering: what a person says to the agents of a goal, and which goals are paused.

-- name: add_note
INSERT INTO notes (goal_id, text, at) VALUES (:goal_id, :text, :at) RETURNING *

-- name: notes
SELECT * FROM notes WHERE goal_id = :goal_id ORDER BY seq DESC LIMIT :limit

-- name: notes_after
SELECT * FROM notes WHERE goal_id = :goal_id AND seq > :seq ORDER BY seq

-- name: paused
SELECT 1 AS paused FROM pauses WHERE goal_id = :goal_id

-- name: paused_goals
SELECT pauses.goal_id FROM pauses JOIN nodes ON nodes.id = pauses.goal_id
WHERE nodes.project_id = :project_id
ORDER BY pauses.at, pauses.goal_id

-- name: pause
INSERT INTO pauses (goal_id, at) VALUES (:goal_id, :at) ON CONFLICT (goal_id) DO NOTHING RETURNING goal_id

-- name: resume
DELETE FROM pauses WHERE goal_id = :goal_id RETURNING goal_id
