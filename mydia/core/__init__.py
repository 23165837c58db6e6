"""The pure core: everything that is decided, as plain functions over plain data. No clock, no I/O, no log, no chance.

release   names -> facts; match -> which title        titles      one key for the many spellings of a title
identify  what a file in the library is               quality     the ladder and the profiles over it
formats   custom formats                              decide rank explain   which release, and why
wanted    what is missing and when it is due          importing naming      what becomes of a finished download
lifecycle stability backoff cron                      what follows from one more look, and when to look again
"""
