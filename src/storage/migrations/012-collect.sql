-- Forms: every version there ever was, byte for byte. A form is no story; phones fetch it while stories are locked.
create table form (
  workspace_id {{id}} not null,
  id {{id}} not null,
  form_id text not null,             -- as the form itself says
  study_id {{id}},                   -- null: of the whole workspace
  title text not null,
  state text not null,               -- open | closing (sent in, no longer fetched) | closed (what is sent waits)
  mapping {{json}} not null,         -- how submissions become evidence; '{}' until somebody says
  created_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, form_id)
);

create table form_version (
  workspace_id {{id}} not null,
  id {{id}} not null,
  form_row_id {{id}} not null,
  version text not null,             -- as the form itself says; '' where it says none
  state text not null,               -- draft | published
  title text not null,
  xml text not null,
  md5 text not null,                 -- of xml, in hexadecimal
  file_paths text not null,          -- where its answers are attachments: one path a line
  public_key text not null,          -- of an encrypted form; ''
  warnings text not null,            -- one a line
  account_id {{id}},                 -- who brought it
  created_at {{id}} not null,
  published_at {{id}},
  primary key (workspace_id, id)
);
create index form_version_form on form_version (workspace_id, form_row_id, version);

-- What a version needs beside it: pictures, lists of choices. Plain like the form, in pieces.
create table form_file (
  workspace_id {{id}} not null,
  id {{id}} not null,
  version_id {{id}} not null,
  name text not null,
  kind text not null,                -- image | audio | video | csv | xml | geojson | file
  media_type text not null,
  size {{id}},                       -- null: not brought yet
  md5 text not null,
  primary key (workspace_id, id),
  unique (workspace_id, version_id, name)
);
create table form_file_piece (
  workspace_id {{id}} not null,
  file_id {{id}} not null,
  position {{id}} not null,
  content {{blob}} not null,
  primary key (workspace_id, file_id, position)
);

-- Phones and tablets that send under a token of their own. A person's password never lies in one.
create table enrolled_device (
  workspace_id {{id}} not null,
  id {{id}} not null,
  name text not null,
  token_hash {{blob}} not null,
  digest text not null,              -- MD5(id:realm:token) as HTTP Digest wants it
  study_id {{id}},                   -- null: every study
  place_code text,                   -- what it sends is of this place
  made_by {{id}},
  made_at {{id}} not null,
  expires_at {{id}},
  revoked_at {{id}},
  primary key (workspace_id, id),
  unique (workspace_id, token_hash)
);

create table submission (
  workspace_id {{id}} not null,
  id {{id}} not null,
  form_row_id {{id}},                -- null: no form of that id is here
  version_id {{id}},                 -- null: no such version
  form_id text not null,             -- as the newest instance says, as are the next two
  form_version text not null,
  current_id text not null,          -- instanceID of the newest instance
  instance_id text not null,         -- of the first: what every export calls it
  study_id {{id}},
  place_code text,
  account_id {{id}},                 -- who sent it first; null: a device
  device_id {{id}},
  device_name text not null,         -- as the client called itself
  received_at {{id}} not null,
  changed_at {{id}} not null,
  review text not null,              -- received | has_issues | edited | approved | rejected
  waits_for text not null,           -- '' or why it is in quarantine: form, version, closed, revoked, expired
  edits {{id}} not null,
  expected {{id}} not null,          -- attachments the newest instance names
  present {{id}} not null,           -- of those, how many are here
  primary key (workspace_id, id)
);
create index submission_form on submission (workspace_id, form_row_id, waits_for, id);
create index submission_waiting on submission (workspace_id, waits_for, form_id);

-- The XML of a submission and of each of its edits, byte for byte.
create table instance (
  workspace_id {{id}} not null,
  id {{id}} not null,
  submission_id {{id}} not null,
  form_id text not null,
  instance_id text not null,
  xml {{blob}} not null,             -- sealed
  mark {{blob}} not null,            -- keyed hash of xml: the same again is no second one
  account_id {{id}},
  device_id {{id}},
  received_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, form_id, instance_id)
);
create index instance_submission on instance (workspace_id, submission_id);

create table submission_attachment (
  workspace_id {{id}} not null,
  id {{id}} not null,
  instance_row_id {{id}} not null,
  name {{blob}} not null,            -- sealed
  name_mark {{blob}} not null,       -- keyed hash of the name
  media_type text not null,
  expected {{id}} not null,          -- 1: the instance names it
  content_mark {{blob}},             -- keyed hash of the content; null: not here yet
  size {{id}} not null,
  blob_id {{id}},
  primary key (workspace_id, id)
);
create index submission_attachment_instance on submission_attachment (workspace_id, instance_row_id);

create table submission_comment (
  workspace_id {{id}} not null,
  id {{id}} not null,
  submission_id {{id}} not null,
  account_id {{id}},
  review text not null,              -- the state it was given; '' for a remark alone
  text {{blob}} not null,            -- sealed
  made_at {{id}} not null,
  primary key (workspace_id, id)
);
create index submission_comment_submission on submission_comment (workspace_id, submission_id);
