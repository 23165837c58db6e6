"""Download clients (`ports.DownloadClient`): embedded (libtorrent in its own OS process) and qBittorrent.

torrent_file.py reads a .torrent or magnet link, and refuses one whose files would land outside their folder; every
torrent passes it before any client gets it. embedded.py talks to the torrent engine's mailbox; embedded_process.py is
what runs in the engine's process.
"""
