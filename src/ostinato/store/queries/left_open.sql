-- Sessions that nobody has ended, with the process that they belong to.

-- name: open
SELECT sessions.id, sessions.goal_id, projects.name, sessions.host, sessions.boot, sessions.pid, sessions.started
FROM sessions JOIN projects ON projects.id = sessions.project_id
WHERE sessions.ended_at IS NULL
ORDER BY sessions.started_at, sessions.id
