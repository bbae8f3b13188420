-- What an account must have besides a password before its roles count. No row: nothing.
create table entry_rule (
  workspace_id {{id}} not null,
  needs_code {{id}} not null,
  primary key (workspace_id)
);
