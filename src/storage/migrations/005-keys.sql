-- Where the workspace's key goes when its file is put away: to each person who may read stories, sealed for their own
-- key; into their sessions, under the session's token, which only the browser has; and under the printed recovery key.
alter table account add column story_key {{blob}};
alter table session add column story_key {{blob}};
alter table workspace add column recovery_key {{blob}};
