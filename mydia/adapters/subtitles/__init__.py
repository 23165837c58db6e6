"""Subtitle providers: one file each, fulfilling a protocol of mydia.ports. None yet."""
