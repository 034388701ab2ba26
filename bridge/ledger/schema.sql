-- The ledger's tables. Each section "-- version N" brings a file from N-1 to N; the number of
-- the last section is the schema's version (PRAGMA user_version). A section that was released
-- is never edited: what changes is a new section. Times are milliseconds since 1970, UTC.

-- version 1

-- One row a call: what RetailOps asked for, who runs it, what was answered.
CREATE TABLE calls (
  channel     INTEGER NOT NULL,
  action      TEXT    NOT NULL CHECK (action <> ''),
  natural_id  TEXT    NOT NULL,
  body_hash   BLOB    NOT NULL CHECK (length(body_hash) = 32),
  state       TEXT    NOT NULL CHECK (state IN ('running', 'finished')),
  execution   TEXT    NOT NULL UNIQUE,
  owner       TEXT    NOT NULL,
  -- the newest execution whose outcome nobody told: its process died, or it ended without an answer
  previous    TEXT,
  answer      BLOB,
  final       INTEGER NOT NULL DEFAULT 0 CHECK (final IN (0, 1)),
  claimed_at  INTEGER NOT NULL,
  finished_at INTEGER,
  PRIMARY KEY (channel, action, natural_id),
  CHECK ((state = 'running') = (finished_at IS NULL)),
  CHECK (state = 'finished' OR answer IS NULL),
  CHECK (final = 0 OR answer IS NOT NULL),
  CHECK (state = 'running' OR (answer IS NULL) = (previous IS NOT NULL))
) STRICT;

CREATE INDEX calls_running ON calls (owner) WHERE state = 'running';
CREATE INDEX calls_finished ON calls (finished_at) WHERE state = 'finished';

-- One row an effect in a store, shared by all actions.
CREATE TABLE effects (
  shop       TEXT    NOT NULL,
  order_gid  TEXT    NOT NULL,
  kind       TEXT    NOT NULL CHECK (kind <> ''),
  natural_id TEXT    NOT NULL,
  detail     TEXT    NOT NULL CHECK (json_valid(detail)),
  at         INTEGER NOT NULL,
  PRIMARY KEY (shop, order_gid, kind, natural_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX effects_by_kind ON effects (shop, kind, at);
CREATE INDEX effects_by_age ON effects (at);

-- One row a place in the queue of a named lock: the lowest ticket of a living owner holds it.
CREATE TABLE tickets (
  ticket   INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL,
  token    TEXT    NOT NULL UNIQUE,
  owner    TEXT    NOT NULL,
  taken_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tickets_by_name ON tickets (name, ticket);

-- Orders that cannot be sent to RetailOps, and why.
CREATE TABLE held_back (
  channel   INTEGER NOT NULL,
  order_gid TEXT    NOT NULL,
  refnum    TEXT    NOT NULL,
  code      TEXT    NOT NULL CHECK (code <> ''),
  reason    TEXT    NOT NULL,
  place     TEXT    NOT NULL,
  first_at  INTEGER NOT NULL,
  at        INTEGER NOT NULL,
  times     INTEGER NOT NULL DEFAULT 1 CHECK (times > 0),
  PRIMARY KEY (channel, order_gid)
) STRICT, WITHOUT ROWID;

CREATE INDEX held_back_by_age ON held_back (at);

-- What a health check writes, to know that writing works.
CREATE TABLE pulse (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  at INTEGER NOT NULL
) STRICT;

-- version 2

-- One row a step: a mutation that was written here before it was sent. In 'sending' it may be
-- under way; a reply that was lost leaves it in 'doubt' until it is settled.
CREATE TABLE steps (
  seq             INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE CHECK (id <> ''),
  execution       TEXT    NOT NULL,
  channel         INTEGER NOT NULL,
  shop            TEXT    NOT NULL,
  order_gid       TEXT    NOT NULL,
  key             TEXT    NOT NULL,
  kind            TEXT    NOT NULL CHECK (kind <> ''),
  natural_id      TEXT    NOT NULL,
  operation       TEXT    NOT NULL,
  idempotency_key TEXT    NOT NULL,
  pre_image       TEXT    NOT NULL CHECK (json_valid(pre_image)),
  expect          TEXT    NOT NULL CHECK (json_valid(expect)),
  state           TEXT    NOT NULL CHECK (state IN ('sending', 'doubt', 'done', 'failed')),
  sent_at         INTEGER NOT NULL,
  doubt_at        INTEGER,
  ended_at        INTEGER,
  request_id      TEXT    NOT NULL DEFAULT '',
  note            TEXT    NOT NULL DEFAULT '',
  owner           TEXT    NOT NULL,
  CHECK ((state IN ('sending', 'doubt')) = (ended_at IS NULL)),
  CHECK (state <> 'doubt' OR doubt_at IS NOT NULL)
) STRICT;

-- Two steps towards one effect are never open at once, whoever sends them.
CREATE UNIQUE INDEX steps_open ON steps (shop, order_gid, kind, natural_id)
  WHERE state IN ('sending', 'doubt');
CREATE INDEX steps_by_order ON steps (shop, order_gid, seq);
CREATE INDEX steps_ended ON steps (ended_at) WHERE state IN ('done', 'failed');

-- What is true of the file as a whole.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY CHECK (name <> ''),
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A file of version 1 is at least as old as what is in it. :now is the ledger's clock.
INSERT INTO meta (name, value)
SELECT 'born', min(at) FROM (
  SELECT :now AS at
  UNION ALL SELECT min(claimed_at) FROM calls
  UNION ALL SELECT min(at) FROM effects
  UNION ALL SELECT min(first_at) FROM held_back
);

-- version 3

-- Steps as before, and with them those that are no effect of their own (kind ''): they only say
-- what shall be true, so nothing waits for their outcome. One whose reply was lost is 'forgotten',
-- never in doubt: the next call reads the store and sends what still differs.
CREATE TABLE steps_3 (
  seq             INTEGER PRIMARY KEY,
  id              TEXT    NOT NULL UNIQUE CHECK (id <> ''),
  execution       TEXT    NOT NULL,
  channel         INTEGER NOT NULL,
  shop            TEXT    NOT NULL,
  order_gid       TEXT    NOT NULL,
  key             TEXT    NOT NULL,
  kind            TEXT    NOT NULL,
  natural_id      TEXT    NOT NULL,
  operation       TEXT    NOT NULL,
  idempotency_key TEXT    NOT NULL,
  pre_image       TEXT    NOT NULL CHECK (json_valid(pre_image)),
  expect          TEXT    NOT NULL CHECK (json_valid(expect)),
  state           TEXT    NOT NULL
    CHECK (state IN ('sending', 'doubt', 'done', 'failed', 'forgotten')),
  sent_at         INTEGER NOT NULL,
  doubt_at        INTEGER,
  ended_at        INTEGER,
  request_id      TEXT    NOT NULL DEFAULT '',
  note            TEXT    NOT NULL DEFAULT '',
  owner           TEXT    NOT NULL,
  CHECK ((state IN ('sending', 'doubt')) = (ended_at IS NULL)),
  CHECK (state <> 'doubt' OR (doubt_at IS NOT NULL AND kind <> '')),
  CHECK (state <> 'forgotten' OR kind = '')
) STRICT;
INSERT INTO steps_3 SELECT * FROM steps;
DROP TABLE steps;
ALTER TABLE steps_3 RENAME TO steps;

CREATE UNIQUE INDEX steps_open ON steps (shop, order_gid, kind, natural_id)
  WHERE state IN ('sending', 'doubt') AND kind <> '';
CREATE INDEX steps_convergent ON steps (owner) WHERE state = 'sending' AND kind = '';
CREATE INDEX steps_by_order ON steps (shop, order_gid, seq);
CREATE INDEX steps_ended ON steps (ended_at) WHERE state IN ('done', 'failed', 'forgotten');
