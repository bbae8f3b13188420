-- Breaking the glass: somebody who may not read a source asks to, with a reason; somebody who may opens it for them,
-- until it ends by itself.
create table glass (
  workspace_id {{id}} not null,
  id {{id}} not null,
  account_id {{id}} not null,        -- who asks
  study_id {{id}} not null,
  source_id {{id}} not null,         -- as it was typed; it may not exist
  reason text not null,
  hours {{id}} not null,             -- for how long, from its opening
  asked_at {{id}} not null,
  opened_by {{id}},
  opened_at {{id}},
  expires_at {{id}},
  ended_at {{id}},
  data_key {{blob}},                 -- the source's, sealed for who asked; null while the workspace is not locked
  primary key (workspace_id, id)
);

-- The same key while that person is signed in, under the session's token.
create table session_glass (
  workspace_id {{id}} not null,
  token_hash {{blob}} not null,
  source_id {{id}} not null,
  data_key {{blob}} not null,
  primary key (workspace_id, token_hash, source_id)
);

-- What an account is told on its next page, until it says that it has read it.
create table notice (
  workspace_id {{id}} not null,
  id {{id}} not null,
  account_id {{id}} not null,
  kind text not null,                -- glass_opened
  record_id {{id}} not null,
  told_at {{id}} not null,
  seen_at {{id}},
  primary key (workspace_id, id)
);
create index notice_account on notice (workspace_id, account_id);
