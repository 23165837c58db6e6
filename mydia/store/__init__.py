"""The store: what has happened and what must still happen, on disk before anybody is told so.

    engine.py        Connection (what a query gets), Engine (what the house is given), and their small helpers
    transaction.py   Transaction (what a change gets) and the batch that makes many of them durable at once
    sqlite.py        the SQLite engine: one write connection, a pool of read-only ones
    postgres.py      the PostgreSQL engine: one write connection, a pool for reads, any number of daemons
    postgres_server.py   a PostgreSQL database by its address: connecting, the common SQL, what its refusals mean
    nodes.py         a daemon's seat among those that share one
    dialect.py       the common SQL as PostgreSQL wants it written
    driver.py        SQLite's driver, or SQLCipher's where there is a key
    migrate.py       brings a database to this program's schema, or refuses it
    place.py         where the file lies: the lock that keeps a second daemon out, network file systems
    maintenance.py   verified backups, integrity checks
    backups.py       backups of one file (kept.py: what they are), and putting one in the place of the database
    schema.py        what the migrations make, as data
    portable.py      all rows of a database, as a file that proves itself
    moving.py        filling a database beside the one it replaces; *_whole.py: each engine's way of it
    names.py         file names that are no text, as text
    paging.py        pages by cursor

A query is `(conn, ...) -> value`, a change is `(tx, ...) -> value`; both are plain functions, and SQL stands nowhere else.
"""
