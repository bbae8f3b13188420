-- Large files go into the database before the transaction that keeps what they belong to. Each has a line here until
-- that transaction is committed; one that stays was left behind, and is erased.
create table blob_ahead (
  workspace_id {{id}} not null,
  blob_id {{id}} not null,
  owner_id {{id}} not null,  -- the data key its pieces are sealed under
  begun_at {{id}} not null,
  primary key (workspace_id, blob_id)
);
