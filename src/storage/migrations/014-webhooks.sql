-- Who is told when something of a form was kept, edited or reviewed. The secret is in no row: it is made from the signing
-- key beside the database and the webhook's number.
create table webhook (
  workspace_id {{id}} not null,
  id {{id}} not null,
  form_row_id {{id}} not null,
  url text not null,
  account_id {{id}},                 -- who made it
  made_at {{id}} not null,
  primary key (workspace_id, id)
);
create index webhook_form on webhook (workspace_id, form_row_id);

-- What is still to be told, and what was; written in the transaction of what it tells of. Facts alone, never an answer.
create table webhook_delivery (
  workspace_id {{id}} not null,
  id {{id}} not null,
  webhook_id {{id}} not null,
  form_id text not null,             -- as the form itself says
  instance_id text not null,         -- of the first instance: what exports call the submission
  event text not null,               -- kept | edited | reviewed
  happened_at {{id}} not null,
  state text not null,               -- waits | delivered | given_up
  attempts {{id}} not null,
  due_at {{id}} not null,            -- not tried before; while somebody tries it, when that must be over
  changed_at {{id}} not null,
  status {{id}} not null,            -- of the newest answer; 0: there was none
  trouble text not null,             -- why the newest attempt failed, in a word; ''
  primary key (workspace_id, id)
);
create index webhook_delivery_waits on webhook_delivery (workspace_id, webhook_id, state, id);
