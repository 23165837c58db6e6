"""What is said of titles: tmdb (themoviedb.org, a `ports.MetadataProvider`) and nfo (Kodi's files beside the videos)."""
