-- Entities that were taken out of their list, and lists of which a phone gets what lies where it is.
alter table entity add column deleted_version {{id}};        -- the newest version when it was deleted; null: it is there
alter table entity_list add column place_property text not null default '';  -- the property that holds a place's code; '': none
