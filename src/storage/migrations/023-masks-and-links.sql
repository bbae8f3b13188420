-- What stands in place of hidden words, and who hid them. Masks from before have no id.
alter table mask add column id {{id}};
alter table mask add column coder_id {{id}};
alter table mask add column instead {{blob}};  -- sealed

-- A link may join two passages; start_byte and end_byte are then the stretch from the first of them to the last.
alter table link add column from_start_byte {{id}};
alter table link add column from_end_byte {{id}};
alter table link add column to_start_byte {{id}};
alter table link add column to_end_byte {{id}};
