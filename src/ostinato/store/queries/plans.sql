-- Drafts of plans, one at most for each goal.

-- name: save
INSERT INTO plan_drafts (goal_id, draft, at) VALUES (:goal_id, :draft, :at)
ON CONFLICT (goal_id) DO UPDATE SET draft = excluded.draft, at = excluded.at

-- name: get
SELECT draft FROM plan_drafts WHERE goal_id = :goal_id

-- name: delete
DELETE FROM plan_drafts WHERE goal_id = :goal_id
