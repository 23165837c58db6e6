"""The real qBittorrent that the demo can use, for the tests."""

from mydia.demo.qbittorrent import PASSWORD, USER, QbittorrentProcess, real_qbittorrent

__all__ = ["PASSWORD", "USER", "QbittorrentProcess", "real_qbittorrent"]
