-- How fields are sealed from now on (vault/vault.h, Algorithm); what was sealed before says itself how it was.
alter table workspace add column algorithm {{id}} not null default 1;
-- Who works on a job: drawn anew each time it is taken, so that a worker that was given up for dead cannot end it.
alter table job add column claim {{id}} not null default 0;
