-- What somebody likes to look at again in the list of sources: a filter under a name of their own. Both may hold words
-- of stories, and are sealed.
create table saved_view (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  account_id {{id}} not null,        -- 0: whoever holds the folder of a workspace without accounts
  name {{blob}} not null,
  filter {{blob}} not null,
  created_at {{id}} not null,
  primary key (workspace_id, id)
);
create index saved_view_account on saved_view (workspace_id, study_id, account_id);
