-- What a node has waited for, for long, in a sentence for persons.
ALTER TABLE nodes ADD COLUMN waits_for TEXT;
