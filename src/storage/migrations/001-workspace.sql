-- The workspace itself, attachments, jobs and the search index over facts.
create table workspace (
  id {{id}} primary key,
  key_fingerprint {{blob}} not null,
  created_at {{id}} not null
);

create table blob (
  workspace_id {{id}} not null,
  id {{id}} not null,
  media_type text not null,
  size {{id}} not null,
  created_at {{id}} not null,
  primary key (workspace_id, id)
);
create table blob_piece (
  workspace_id {{id}} not null,
  blob_id {{id}} not null,
  position {{id}} not null,
  content {{blob}} not null, -- sealed
  primary key (workspace_id, blob_id, position)
);

create table job (
  workspace_id {{id}} not null,
  id {{id}} not null,
  kind text not null,
  arguments {{json}} not null,
  state text not null,
  step text not null,
  done {{id}} not null,
  total {{id}} not null,
  outcome {{json}} not null,
  created_at {{id}} not null,
  changed_at {{id}} not null,
  primary key (workspace_id, id)
);
create index job_queue on job (workspace_id, state, created_at);

-- Words of facts, cut by ICU before they come here (storage/search.cpp).
-- {{sqlite}}
create virtual table word_index using fts5(
  workspace_id unindexed, kind unindexed, record_id unindexed, words,
  tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co Cf'"
);
-- {{end}}
-- {{postgres}}
create table word_index (
  workspace_id bigint not null,
  kind text not null,
  record_id bigint not null,
  words tsvector not null,
  primary key (workspace_id, kind, record_id)
);
create index word_index_words on word_index using gin (words);
-- {{end}}
