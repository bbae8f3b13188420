-- Keys of single sources, respondents, imports and attachments' owners. Destroying one destroys what it sealed.
-- Number 0 is the key the workspace began with, once it has another: for fields sealed before there were data keys,
-- and for blind indexes.
create table data_key (
  workspace_id {{id}} not null,
  id {{id}} not null,                -- of the row it belongs to
  wrapped {{blob}} not null,
  primary key (workspace_id, id)
);

-- Which sources stood in a file that was imported: its copy goes when one of them is erased.
create table import_source (
  workspace_id {{id}} not null,
  import_id {{id}} not null,
  source_id {{id}} not null,
  primary key (workspace_id, source_id, import_id)
);

-- What was erased must not come back with the next copy of the same file.
create table erasure (
  workspace_id {{id}} not null,
  study_id {{id}} not null,
  mark {{blob}} not null,            -- a source's GUID, or the blind index of a text too long to be anybody else's
  erased_at {{id}} not null,
  primary key (workspace_id, study_id, mark)
);
