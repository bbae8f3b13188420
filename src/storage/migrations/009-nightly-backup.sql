-- Backups the server made: of every night, and those a steward asked for.
create table backup (
  workspace_id {{id}} not null,
  id {{id}} not null,
  night text not null,               -- the date it was due; for one that was asked for, the time
  host text not null,                -- the machine it was made on
  file text not null,                -- where it lies there
  made_at {{id}} not null,
  row_count {{id}} not null,
  bytes {{id}} not null,
  content_hash {{blob}} not null,    -- over all rows
  file_hash {{blob}} not null,       -- of the file as it was read back
  proven_at {{id}} not null,         -- when it was last read and found to be as it was made
  problem text not null,             -- missing | changed; '' for none
  primary key (workspace_id, id),
  unique (workspace_id, night)
);
