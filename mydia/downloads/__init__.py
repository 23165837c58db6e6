"""Acquisition as rows: searches and why each candidate was taken or refused, grabs, downloads, the blocklist, provider health."""
