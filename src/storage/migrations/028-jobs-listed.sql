-- Jobs are listed by their kind, the newest first.
create index job_kind on job (workspace_id, kind, created_at);
