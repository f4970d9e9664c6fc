-- Tags are found by their number, which filters compare without regard to letter case. An older process may keep running
-- beside this.

create index tags_number_text on tags (tenant_id, lower(tag_number));
