-- Findings that somebody kept: a question under a name, what others said about it, who stands for it, and whether it is
-- part of the report. The answer is computed anew each time; data_hash says whether it still rests on the same evidence.
create table kept_finding (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  name {{blob}} not null,            -- sealed
  question text not null,            -- in its text form
  data_hash text not null,           -- of all of the study's evidence, when it was kept
  kept_by {{id}},                    -- account; null: whoever holds the folder
  kept_at {{id}} not null,
  reviewed_by {{id}},
  reviewed_at {{id}},                -- null: nobody has yet
  reviewed_hash text,
  report_position {{id}},            -- null: it is not in the report
  primary key (workspace_id, id)
);
create index kept_finding_study on kept_finding (workspace_id, study_id, kept_at);

create table finding_comment (
  workspace_id {{id}} not null,
  id {{id}} not null,
  finding_id {{id}} not null,
  text {{blob}} not null,            -- sealed
  made_by {{id}},
  made_at {{id}} not null,
  primary key (workspace_id, id)
);
create index finding_comment_finding on finding_comment (workspace_id, finding_id, made_at);
