-- Keys of forms that are published encrypted: phones encrypt towards the public one, the private one is sealed like a
-- story.
create table form_key (
  workspace_id {{id}} not null,
  id {{id}} not null,
  form_id text not null,             -- as the form itself says
  public_key text not null,          -- base64 without white space, as forms carry it
  private_key {{blob}} not null,     -- sealed
  account_id {{id}},                 -- who published the form
  made_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, form_id),
  unique (workspace_id, public_key)
);

-- Lists of entities: what forms speak of again and again, people and places perhaps. What is known of one is sealed, and
-- openable by the list's own key pair too: phones get lists while stories are locked.
create table entity_list (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,          -- of the forms that fill it; 0: of the whole workspace
  name text not null,                -- as forms call it
  public_key {{blob}} not null,
  private_key {{blob}} not null,     -- sealed
  made_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, study_id, name)
);
create table entity_property (
  workspace_id {{id}} not null,
  list_id {{id}} not null,
  position {{id}} not null,
  name text not null,
  primary key (workspace_id, list_id, position),
  unique (workspace_id, list_id, name)
);

-- The list's private key for a phone: sealed for what only the phone's token opens.
create table entity_list_device (
  workspace_id {{id}} not null,
  list_id {{id}} not null,
  device_id {{id}} not null,
  box {{blob}} not null,
  primary key (workspace_id, list_id, device_id)
);
alter table enrolled_device add column public_key {{blob}};

-- What a version of a form does to lists.
create table form_entity (
  workspace_id {{id}} not null,
  version_id {{id}} not null,
  position {{id}} not null,
  list_id {{id}} not null,
  scope text not null,               -- path of the element an entity belongs to
  saved text not null,               -- "property<tab>path" a line
  primary key (workspace_id, version_id, position)
);

create table entity (
  workspace_id {{id}} not null,
  id {{id}} not null,
  list_id {{id}} not null,
  uuid text not null,                -- random, by the phone that made it
  version {{id}} not null,
  conflicts {{id}} not null,         -- 1: a version was made without knowing the one before, and nobody has looked yet
  created_at {{id}} not null,
  changed_at {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, list_id, uuid)
);

-- Every change that was sent, in the order it came. Numbers are facts: which version follows which is known while stories
-- are locked.
create table entity_change (
  workspace_id {{id}} not null,
  id {{id}} not null,
  list_id {{id}} not null,
  uuid text not null,
  submission_id {{id}} not null,
  creates {{id}} not null,
  updates {{id}} not null,
  base_version {{id}} not null,      -- as the phone says; 0: nothing
  trunk_version {{id}} not null,
  branch_id text not null,
  state text not null,               -- applied | waits (for what it follows) | refused
  version {{id}} not null,           -- which version it made; 0 until it is applied
  follows {{id}} not null,           -- the version it was made from
  conflict {{id}} not null,          -- 1: that was not the newest
  content {{blob}} not null,         -- sealed: {"label": …, "values": {…}}, what it says alone
  box {{blob}} not null,             -- the key of content, sealed for the list's key
  received_at {{id}} not null,
  primary key (workspace_id, id)
);
create index entity_change_entity on entity_change (workspace_id, list_id, uuid, state);

-- Submissions whose entities could not be read when they came: encrypted by the phone, or released while locked.
create table entity_waiting (
  workspace_id {{id}} not null,
  submission_id {{id}} not null,
  version_id {{id}} not null,
  primary key (workspace_id, submission_id)
);
