"""The outside: what fulfils `mydia.ports`, and the disk.

catalogue.py maps a kind ("qbittorrent", "torznab", "tmdb" ...) to its class, and is the only place that does. http.py
is the one way out over HTTP. A further indexer, client, provider or notifier costs one file and one line of the
catalogue.
"""
