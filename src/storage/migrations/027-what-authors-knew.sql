-- What of the study whoever wrote a finding's name or a comment could know at that moment: words are shown to whoever
-- may know as much, whatever becomes of their author later. Null, from before: counts as everything.
alter table kept_finding add column knew text;
alter table finding_comment add column knew text;
-- A review is by somebody else.
update kept_finding set reviewed_by = null, reviewed_at = null, reviewed_hash = null where reviewed_by = kept_by;
