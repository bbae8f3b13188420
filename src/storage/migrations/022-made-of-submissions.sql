-- What erasing a submission finds without opening anything. Marks are keyed hashes.

-- Instances that say they edit another, also where they were kept as submissions of their own.
create table instance_edit (
  workspace_id {{id}} not null,
  mark {{blob}} not null,            -- of the form's id and the number of the instance that it edits
  instance_row_id {{id}} not null,
  submission_id {{id}} not null,
  primary key (workspace_id, mark, instance_row_id)
);
create index instance_edit_submission on instance_edit (workspace_id, submission_id);

-- Which rows of a study were made of which submission, or found to be what it says: told by a mark, so that nobody
-- without the workspace's key can tell which phone somebody spoke into.
create table made_of_submission (
  workspace_id {{id}} not null,
  mark {{blob}} not null,            -- of the form's id and the number of the submission's first instance
  kind text not null,                -- source | respondent
  made_id {{id}} not null,
  study_id {{id}} not null,
  alone {{id}} not null,             -- 1: no more is known of it than submissions say
  primary key (workspace_id, mark, kind, made_id)
);
create index made_of_submission_made on made_of_submission (workspace_id, kind, made_id);
