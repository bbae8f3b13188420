-- What erasing a submission or a source looks up, without reading whole tables in the writer's turn.
create index entity_change_submission on entity_change (workspace_id, submission_id);
create index webhook_delivery_instance on webhook_delivery (workspace_id, form_id, instance_id);
create index suggestion_source on suggestion (workspace_id, source_id);
