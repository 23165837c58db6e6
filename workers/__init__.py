"""The workers: one actor per file, named by trade. Each may crash; nothing is lost, since the database is the queue.

    db_writer         the one writer of the database
    watcher           hears what changes in the library folders, waits until a file is whole
    scanner           walks the folders and compares: the watch gives speed, the walk gives truth
    analyzer          media probing and names in bulk, in OS processes
    librarian         says what a file is, asks metadata providers
    searcher          asks all indexers at once, has core decide, grabs
    torrent_engine    libtorrent in an OS process
    download_monitor  hands grabs to clients, watches them, cleans up after them
    importer          puts finished files in their place, journalled
    notifier          tells people
    scheduler         what time asks for (cron) becomes jobs
    janitor           prunes, checks, backs up

job_actor.py is what those that drain a queue have in common; titles.py, handover.py and shelf.py are parts of the librarian,
the download monitor and the importer.
"""
