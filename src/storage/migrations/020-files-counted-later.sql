-- What was released from quarantine while stories were locked: how many files it names is counted once they are not.
alter table submission add column uncounted {{id}} not null default 0;  -- 1: its files are still to be counted
create index submission_uncounted on submission (workspace_id) where uncounted = 1;
