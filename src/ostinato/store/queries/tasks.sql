-- Claims and the order of work.

-- name: new_token
INSERT INTO claim_tokens DEFAULT VALUES RETURNING token

-- name: insert_claim_by_hand
INSERT INTO claims (task_id, agent, claimed_at) VALUES (:task_id, :agent, :at)

-- name: insert_claim
INSERT INTO claims (task_id, token, agent, session_id, claimed_at, lease_until, host, boot, pid, started)
VALUES (:task_id, :token, :agent, :session_id, :at, :lease_until, :host, :boot, :pid, :started)

-- name: renew
UPDATE claims SET lease_until = :lease_until WHERE task_id = :task_id AND token = :token RETURNING task_id

-- name: holds
SELECT 1 AS held FROM claims WHERE task_id = :task_id AND token = :token

-- name: id_of
SELECT id FROM nodes WHERE key = :key

-- name: reset_attempts
UPDATE nodes SET attempts = 0 WHERE id = :id

-- name: several
SELECT spoken.* FROM json_each(:keys) wanted CROSS JOIN spoken WHERE spoken.key = wanted.value ORDER BY wanted.key
