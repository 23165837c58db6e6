"""Mydia: the one daemon that runs a home's film and TV library.

Everything that is *decided* is plain data through plain functions (`core`); everything that is *done* is a thin actor
(`workers`, under `supervisors`) that may crash and is brought back. The database is the queue, a mailbox only a doorbell.

    errors messages events ports house    one page each: what can go wrong, what is asked, what happened,
                                          what adapters fulfil, what the upper storeys are handed
    otp        supervision kit: mailbox, actor, supervisor, port, bus
    core       pure: release names -> facts, quality, deciding, ranking, naming, import plans
    store      SQLite (PostgreSQL to come): engine, the transaction, migrations
    media library downloads accounts settings jobs    contexts: model, queries (reads), changes (writes)
    adapters   the outside: indexers, download clients, metadata, notifications, disk
"""
