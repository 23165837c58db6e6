"""Mydia: the one daemon that runs a home's film and TV library.

Everything that is *decided* is plain data through plain functions (`core`); everything that is *done* is a thin actor
(`workers`, under `supervisors`) that may crash and is brought back. The database is the queue, a mailbox only a doorbell.

    errors messages events ports house    one page each: what can go wrong, what is asked, what happened,
                                          what adapters fulfil, what the upper storeys are handed
    otp        supervision kit: mailbox, actor, supervisor, port, bus
    core       pure: release names -> facts, quality, deciding, ranking, naming, import plans
    store      SQLite and PostgreSQL: engine, the transaction, migrations, whole databases kept and moved
    media library downloads choosing accounts settings jobs    contexts: model, queries (reads), changes (writes)
    adapters   the outside: indexers, download clients, metadata, notifications, disk
    wishes searches incoming deliveries placing renaming ...    what spans contexts: facts gathered for core, answers
                                                                written down
    cli        the command line; a family of commands has a module of its own (*_cli)
"""
