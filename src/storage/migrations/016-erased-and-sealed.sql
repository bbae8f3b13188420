-- What was erased of what phones sent: enough to know it when it is sent once more, and no more. Keyed hashes.
create table erased_instance (
  workspace_id {{id}} not null,
  number_mark {{blob}} not null,     -- of the form's id and the instance's number
  content_mark {{blob}} not null,    -- of its XML, as instance.mark
  erased_at {{id}} not null,
  primary key (workspace_id, number_mark)
);

-- What HTTP Digest signs in with, sealed under a key that lies beside the database; phones enrolled before sign in with
-- their token or are enrolled anew.
update enrolled_device set digest = ''; -- PostgreSQL keeps what is dropped until a row is written anew
alter table enrolled_device drop column digest;
alter table enrolled_device add column digest_box {{blob}};
-- Answers to a nonce that were used: none is taken twice.
create table spent_nonce (
  workspace_id {{id}} not null,
  device_id {{id}} not null,
  nonce text not null,
  used text not null,                -- nc, its count; '' where the client counts none
  spent_at {{id}} not null,
  primary key (workspace_id, device_id, nonce, used)
);
create index spent_nonce_at on spent_nonce (workspace_id, spent_at);

-- As a client called itself: sealed under the key of the first instance it sent.
update submission set device_name = '';
alter table submission drop column device_name;
alter table submission add column device_box {{blob}};
