
CREATE TABLE {schema}.confid (version integer NOT NULL);

CREATE TABLE {schema}.documents (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body json NOT NULL,
    PRIMARY KEY (kind, key)
);

CREATE TABLE {schema}.ledger (
    conference_id integer NOT NULL,
    owner text COLLATE "C" NOT NULL,
    serial integer NOT NULL CHECK (serial > 0),
    origin text NOT NULL CHECK (origin IN ('issued', 'imported')),
    issued_at timestamptz NOT NULL,
    issued_by text,
    retired_at timestamptz,
    retired_by text,
    CONSTRAINT ledger_pkey PRIMARY KEY (conference_id),
    CONSTRAINT ledger_serial UNIQUE (owner, serial),
    CONSTRAINT ledger_range CHECK (conference_id BETWEEN 1000000 AND 9999999)
);
CREATE UNIQUE INDEX ledger_living ON {schema}.ledger (owner) INCLUDE (conference_id)
    WHERE retired_at IS NULL;

CREATE FUNCTION {schema}.refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END$$;

CREATE TRIGGER ledger_keeps_rows BEFORE DELETE ON {schema}.ledger
FOR EACH ROW EXECUTE FUNCTION {schema}.refuse('the ledger never forgets');

CREATE TRIGGER ledger_stays BEFORE TRUNCATE ON {schema}.ledger
FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse('the ledger never forgets');

CREATE TRIGGER ledger_keeps_facts BEFORE UPDATE ON {schema}.ledger
FOR EACH ROW WHEN (
    (OLD.conference_id, OLD.owner, OLD.serial, OLD.origin, OLD.issued_at, OLD.issued_by)
    IS DISTINCT FROM
    (NEW.conference_id, NEW.owner, NEW.serial, NEW.origin, NEW.issued_at, NEW.issued_by)
) EXECUTE FUNCTION {schema}.refuse('an entry of the ledger never changes');

CREATE TRIGGER ledger_retires_once BEFORE UPDATE ON {schema}.ledger
FOR EACH ROW WHEN (
    OLD.retired_at IS NOT NULL
    AND (OLD.retired_at, OLD.retired_by) IS DISTINCT FROM (NEW.retired_at, NEW.retired_by)
) EXECUTE FUNCTION {schema}.refuse('an ID is retired once');

ALTER TABLE {schema}.ledger
    ENABLE ALWAYS TRIGGER ledger_keeps_rows, ENABLE ALWAYS TRIGGER ledger_stays,
    ENABLE ALWAYS TRIGGER ledger_keeps_facts, ENABLE ALWAYS TRIGGER ledger_retires_once;
