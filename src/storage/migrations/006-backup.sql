-- Backups are sealed towards this public key, so that a server which cannot read stories can still make them.
alter table workspace add column backup_key {{blob}};
