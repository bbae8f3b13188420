-- The gazetteer. Codes are text: 0204 and 204 are two places.
create table place (
  workspace_id {{id}} not null,
  id {{id}} not null,
  code text not null,
  parent_code text,                  -- null for a country
  level text not null,               -- country | province | district | commune | village
  position {{id}} not null,          -- order in which it was imported
  primary key (workspace_id, code)
);
create index place_parent on place (workspace_id, parent_code, position);

create table place_name (
  workspace_id {{id}} not null,
  code text not null,
  language text not null,
  name text not null,
  primary key (workspace_id, code, language)
);
