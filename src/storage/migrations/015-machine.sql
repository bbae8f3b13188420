-- The machine coder (decision 027). What it suggests is no coding: findings, counts and exports read other tables.
create table suggestion (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  source_id {{id}} not null,
  code_id {{id}} not null,
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  chance {{id}} not null,            -- thousandths, by the model
  reason {{blob}} not null,          -- sealed JSON: words of the passage, coded passages like it
  declined {{id}} not null,          -- 1: a person said no; not suggested again
  primary key (workspace_id, id)
);
create unique index suggestion_once on suggestion (workspace_id, study_id, source_id, start_byte, end_byte, code_id);

create table machine_coder (
  workspace_id {{id}} not null,
  study_id {{id}} not null,
  learnt_at {{id}} not null,
  revision {{id}} not null,          -- of the study it learnt from
  report {{json}} not null,          -- how well it does, held out: numbers by code and language
  primary key (workspace_id, study_id)
);
