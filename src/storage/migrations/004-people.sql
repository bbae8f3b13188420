-- Who works here and what they may do. An account's name is a handle, chosen not to tell who the person is; what they
-- are trusted with lies in grants. Accounts are never deleted: the log names them.
create table account (
  workspace_id {{id}} not null,
  id {{id}} not null,
  name text not null,                -- folded; what is typed to sign in
  organisation_id {{id}},
  state text not null,               -- invited | active | deactivated
  language text not null,            -- of pages; '' for the browser's own
  public_key {{blob}},               -- null until the invitation is taken
  wrapped_key {{blob}},              -- the person's key under the password's
  salt {{blob}},
  passes {{id}} not null,
  memory {{id}} not null,
  factor {{blob}},                   -- second factor, sealed for the person's own key; null: none
  factor_step {{id}} not null,       -- the last step a code was used for
  created_at {{id}} not null,
  changed_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, name)
);

create table account_grant (
  workspace_id {{id}} not null,
  id {{id}} not null,
  account_id {{id}} not null,
  role text not null,
  study_id {{id}},                   -- null: every study
  place_code text,                   -- null: every place; else this one and all below it
  granted_by {{id}},                 -- null: at the machine itself
  granted_at {{id}} not null,
  ended_at {{id}},
  primary key (workspace_id, id)
);
create index account_grant_account on account_grant (workspace_id, account_id);

create table recovery_code (
  workspace_id {{id}} not null,
  account_id {{id}} not null,
  code_hash {{blob}} not null,
  used_at {{id}},
  primary key (workspace_id, account_id, code_hash)
);

create table invitation (
  workspace_id {{id}} not null,
  token_hash {{blob}} not null,
  account_id {{id}} not null,
  made_by {{id}},
  expires_at {{id}} not null,
  used_at {{id}},
  primary key (workspace_id, token_hash)
);

create table session (
  workspace_id {{id}} not null,
  token_hash {{blob}} not null,      -- the token itself is only in the browser
  account_id {{id}} not null,
  created_at {{id}} not null,
  seen_at {{id}} not null,
  primary key (workspace_id, token_hash)
);
create index session_account on session (workspace_id, account_id);

-- A browser that signed in before; its tries are counted apart, so that strangers guessing cannot lock its owner out.
create table device (
  workspace_id {{id}} not null,
  token_hash {{blob}} not null,
  account_id {{id}} not null,
  created_at {{id}} not null,
  primary key (workspace_id, token_hash)
);

create table sign_in_try (
  workspace_id {{id}} not null,
  subject {{blob}} not null,         -- hash of the account's name as typed, or of the device's token
  began_at {{id}} not null,          -- of the hour that is counted
  tries {{id}} not null,
  primary key (workspace_id, subject)
);
create index sign_in_try_age on sign_in_try (workspace_id, began_at);

-- From whom a record does not exist.
create table exclusion (
  workspace_id {{id}} not null,
  id {{id}} not null,
  account_id {{id}},                 -- a person, or
  organisation_id {{id}},            -- a body: all its accounts
  record text not null,              -- study | source
  record_id {{id}} not null,
  made_by {{id}},
  made_at {{id}} not null,
  ended_at {{id}},
  primary key (workspace_id, id)
);
create index exclusion_record on exclusion (workspace_id, record, record_id);

-- The log. Each entry carries the hash of the one before it; the newest is signed.
create table audit_entry (
  workspace_id {{id}} not null,
  number {{id}} not null,            -- 1, 2, 3 … without a gap
  entry text not null,               -- one line of JSON, exactly as hashed; never a story or a name
  hash {{blob}} not null,
  account_id {{id}},
  record_id {{id}},
  primary key (workspace_id, number)
);
create index audit_entry_record on audit_entry (workspace_id, record_id, number);
create index audit_entry_account on audit_entry (workspace_id, account_id, number);
create table audit_head (
  workspace_id {{id}} not null,
  number {{id}} not null,
  hash {{blob}} not null,
  signature {{blob}} not null,
  primary key (workspace_id)
);
