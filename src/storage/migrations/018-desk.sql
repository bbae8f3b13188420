-- Coding at the desk. A coder may be an account; imported coders are none.
alter table coder add column account_id {{id}};

-- What was done at the desk, in order: others who look at the same source are told of it, and what was taken off can be
-- put back. `number` is the study's revision by that change. Facts alone, never a story.
create table desk_change (
  workspace_id {{id}} not null,
  study_id {{id}} not null,
  number {{id}} not null,
  position {{id}} not null,          -- among those of one number
  source_id {{id}},                  -- null: of the codebook
  what text not null,                -- add | remove | recode | memo | code | blind
  record_id {{id}} not null,         -- the coding, the memo, the code
  code_id {{id}},                    -- of a coding
  coder_id {{id}},                   -- who made it
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  changed_at {{id}} not null,
  primary key (workspace_id, study_id, number, position)
);
create index desk_change_source on desk_change (workspace_id, source_id, number);
create index desk_change_record on desk_change (workspace_id, study_id, record_id, number);

-- While a source is coded blind nobody sees the codings, links and memos of others on it.
create table blind_coding (
  workspace_id {{id}} not null,
  source_id {{id}} not null,
  begun_at {{id}} not null,
  study_id {{id}} not null,
  begun_by {{id}},                   -- account; null: whoever holds the folder
  ended_at {{id}},
  ended_by {{id}},
  primary key (workspace_id, source_id, begun_at)
);

-- What was decided about a coding that two coders did not share: it stands, or it falls and is taken off. Agreement is
-- still counted as it was coded.
create table settlement (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  source_id {{id}} not null,
  coding_id {{id}} not null,
  code_id {{id}} not null,
  coder_id {{id}} not null,
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  decision text not null,            -- stands | falls
  reason {{blob}} not null,          -- sealed
  settled_by {{id}},                 -- account
  settled_at {{id}} not null,
  primary key (workspace_id, id)
);
create index settlement_source on settlement (workspace_id, source_id);
