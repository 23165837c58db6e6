"""Indexers (`ports.Indexer`): Torznab for torrents, Newznab for usenet, Prowlarr for all of a Prowlarr's at once.

feed.py reads what they answer (capabilities, RSS, errors), api.py is how they are asked; torznab.py and newznab.py say
what is different between the two.
"""
