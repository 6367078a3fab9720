-- Keeping: what retention has taken is told on its owner, and what it looks for is found without a scan.
--
-- A transcript that is gone must not look like a conversation that never was, nor an emptied diff like a change of
-- nothing: the time says that it was there. The partial indexes hold just what retention may still take, so that asking
-- for it costs nothing where there is nothing to take.

ALTER TABLE iterations ADD COLUMN transcript_gone_at TEXT;
ALTER TABLE iterations ADD COLUMN evidence_gone_at TEXT;
ALTER TABLE sessions ADD COLUMN transcript_gone_at TEXT;
CREATE INDEX iterations_with_transcript ON iterations (ended_at) WHERE transcript_gone_at IS NULL;
CREATE INDEX iterations_with_evidence ON iterations (ended_at) WHERE evidence_gone_at IS NULL;
CREATE INDEX sessions_with_transcript ON sessions (ended_at) WHERE transcript_gone_at IS NULL;

-- The newest event of a session, and where its newest iteration began, without reading the stream backwards.
CREATE INDEX events_by_session ON events (session_id) WHERE session_id IS NOT NULL;

-- The events that say only what steps, messages and check runs say better (graph/retention.py names the same kinds).
CREATE INDEX events_narrated ON events (at)
    WHERE kind IN ('step.started', 'step.ended', 'tool.started', 'tool.ended', 'check.ended');
