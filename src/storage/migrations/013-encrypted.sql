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
