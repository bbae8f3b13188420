-- Studies: what was told (source, sealed), by whom (respondent), how it was coded (coding, link), in which words
-- (codebook, code). Names and stories are sealed; "…_key" columns are blind indexes for finding them again.
-- Positions are bytes of the source's text, ends exclusive.
create table organisation (
  workspace_id {{id}} not null,
  id {{id}} not null,
  guid text not null,
  name text not null,
  primary key (workspace_id, id),
  unique (workspace_id, name)
);

create table study (
  workspace_id {{id}} not null,
  id {{id}} not null,
  guid text not null,
  name text not null,
  language text not null,            -- of its codebook and report
  purposive {{id}} not null,         -- 1: informants were chosen, not drawn at random
  invented {{id}} not null,          -- 1: an example; every page says so
  ethics_note text not null,
  instruments text not null,
  created_at {{id}} not null,
  revision {{id}} not null,          -- grows with every change; answers name the one they were computed from
  primary key (workspace_id, id),
  unique (workspace_id, name)
);
create table study_organisation (
  workspace_id {{id}} not null,
  study_id {{id}} not null,
  organisation_id {{id}} not null,
  primary key (workspace_id, study_id, organisation_id)
);

create table location (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name text not null,
  place_code text,
  position {{id}} not null,
  primary key (workspace_id, id),
  unique (workspace_id, study_id, name)
);

create table respondent (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name {{blob}} not null,            -- sealed pseudonym
  name_key {{blob}} not null,
  kind text not null,                -- person | group (a focus group whose speakers were not told apart)
  size {{id}} not null,              -- people in a group, 1 for a person
  age_band text not null,            -- '' where not known
  gender text not null,
  role text not null,
  language text not null,
  place_code text,
  location_id {{id}},
  attributes {{json}} not null,      -- further facts the study chose, {"name": "value"}
  primary key (workspace_id, id),
  unique (workspace_id, study_id, name_key)
);
create unique index respondent_guid on respondent (workspace_id, study_id, guid);

create table source (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name {{blob}} not null,            -- sealed
  name_key {{blob}} not null,
  kind text not null,                -- interview | focus_group | open_answer | document
  language text not null,
  told_on text not null,             -- '', 2026, 2026-11 or 2026-11-24
  location_id {{id}},
  question text not null,            -- of an open answer: what was asked
  asked text not null,               -- kinds of codes it was asked about, separated by spaces; '' for all
  version {{id}} not null,
  replaces_id {{id}},                -- the version before
  translation_of {{id}},
  is_read {{id}} not null,           -- 1: a coder has read it to the end, so silence in it counts
  text {{blob}} not null,            -- sealed, never changed
  text_key {{blob}} not null,
  byte_length {{id}} not null,
  byte_order_mark {{id}} not null,   -- the file it came from began with one
  original_id {{id}},                -- blob: the file it came from, byte for byte
  original_name {{blob}},            -- sealed
  created_at {{id}} not null,
  primary key (workspace_id, id)
);
create unique index source_guid on source (workspace_id, study_id, guid);
create index source_name on source (workspace_id, study_id, name_key);
create index source_text on source (workspace_id, study_id, text_key);

create table source_respondent (
  workspace_id {{id}} not null,
  source_id {{id}} not null,
  respondent_id {{id}} not null,
  study_id {{id}} not null,
  label {{blob}} not null,           -- sealed: what stands before the colon in a focus group, '' in an interview
  primary key (workspace_id, source_id, respondent_id)
);
create index source_respondent_study on source_respondent (workspace_id, study_id);

create table turn (
  workspace_id {{id}} not null,
  source_id {{id}} not null,
  position {{id}} not null,
  study_id {{id}} not null,
  start_byte {{id}} not null,        -- of the label
  speech_byte {{id}} not null,       -- of the first spoken word
  end_byte {{id}} not null,
  respondent_id {{id}},              -- null: the interviewer, or a speaker nobody knows
  primary key (workspace_id, source_id, position)
);
create index turn_study on turn (workspace_id, study_id);

create table codebook (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name text not null,
  primary key (workspace_id, id),
  unique (workspace_id, study_id, name)
);
create table code (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  codebook_id {{id}} not null,
  parent_id {{id}},
  guid text not null,
  name text not null,
  kind text not null,                -- cause … other (docs/glossary.md)
  meaning text not null,             -- what a question must know: awareness, up, down, period, …
  colour text not null,              -- '' or #rrggbb
  codable {{id}} not null,
  definition text not null,
  include text not null,
  exclude text not null,
  position {{id}} not null,          -- among its siblings
  primary key (workspace_id, id)
);
create unique index code_guid on code (workspace_id, study_id, guid);
create table code_name (
  workspace_id {{id}} not null,
  code_id {{id}} not null,
  language text not null,
  name text not null,
  checked {{id}} not null,           -- 1: a native speaker has checked it
  primary key (workspace_id, code_id, language)
);

create table coder (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name {{blob}} not null,            -- sealed
  name_key {{blob}} not null,
  kind text not null,                -- human | machine
  primary key (workspace_id, id),
  unique (workspace_id, study_id, name_key)
);

create table coding (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  source_id {{id}} not null,
  code_id {{id}} not null,
  coder_id {{id}} not null,
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  created_at {{id}},
  guid text not null,                -- of the coding
  selection_guid text not null,      -- several codings may share one selection
  selection_name {{blob}},           -- sealed: what the other program called the selection
  primary key (workspace_id, id)
);
create unique index coding_once on coding (workspace_id, study_id, source_id, start_byte, end_byte, code_id, coder_id);
create index coding_guid on coding (workspace_id, study_id, guid);

create table link (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  source_id {{id}} not null,
  coder_id {{id}} not null,
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  from_code_id {{id}} not null,
  to_code_id {{id}} not null,
  sign {{id}} not null,              -- 1 leads to, -1 prevents
  certainty text not null,           -- said | likely | possible
  created_at {{id}},
  primary key (workspace_id, id)
);
create unique index link_guid on link (workspace_id, study_id, guid);

create table memo (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  subject text not null,             -- study | source | code | coding | link | respondent
  subject_id {{id}} not null,
  coder_id {{id}},
  title {{blob}} not null,           -- sealed
  text {{blob}} not null,            -- sealed
  created_at {{id}},
  primary key (workspace_id, id)
);
create index memo_subject on memo (workspace_id, study_id, subject, subject_id);

create table mask (
  workspace_id {{id}} not null,
  source_id {{id}} not null,
  start_byte {{id}} not null,
  end_byte {{id}} not null,
  study_id {{id}} not null,
  kind text not null,                -- name | place | phone | other
  primary key (workspace_id, source_id, start_byte, end_byte)
);

create table item_set (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  guid text not null,
  name {{blob}} not null,            -- sealed
  description {{blob}} not null,     -- sealed
  primary key (workspace_id, id)
);
create table item_set_member (
  workspace_id {{id}} not null,
  set_id {{id}} not null,
  position {{id}} not null,
  member text not null,              -- source | code | memo | respondent
  member_id {{id}} not null,
  primary key (workspace_id, set_id, position)
);

-- What other programs wrote and this one has no word for, kept so that it goes out again.
create table foreign_element (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  parent text not null,              -- where it stood: "Graphs", "Sources", "Source/<guid>" …
  name text not null,                -- the element's name
  xml {{blob}} not null,             -- sealed
  original_id {{id}},                -- blob: the media file it names
  original_name {{blob}},            -- sealed: that file's path inside the archive
  primary key (workspace_id, id)
);

create table import (
  workspace_id {{id}} not null,
  id {{id}} not null,
  study_id {{id}} not null,
  file_name {{blob}} not null,       -- sealed
  format text not null,
  report {{blob}} not null,          -- sealed JSON: what was read, changed or could not be used
  original_id {{id}},                -- blob: the file, byte for byte
  created_at {{id}} not null,
  primary key (workspace_id, id)
);
