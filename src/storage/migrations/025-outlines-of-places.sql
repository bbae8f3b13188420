-- Outlines of places as somebody brought them, thinned to what a small map can show. Never a point.
create table place_boundary (
  workspace_id {{id}} not null,
  code text not null,
  rings text not null,               -- "east,north east,north …;…": degrees, closed rings, filled by the even-odd rule
  imported_at {{id}} not null,
  primary key (workspace_id, code)
);
