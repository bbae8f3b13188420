-- What an import asks for each source it brings.
create index source_text on source (workspace_id, study_id, text_key);
