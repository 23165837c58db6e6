"""What the scene, the P2P groups and the trackers write, as rows. `lexicon.py` says how to read one."""
