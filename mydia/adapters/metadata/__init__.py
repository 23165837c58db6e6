"""Metadata providers (`ports.MetadataProvider`): tmdb (themoviedb.org) and nfo (Kodi's files beside the videos)."""
