"""Files: walking a library folder, putting a file in its place durably, taking one away so that it can come back.

    paths     Spot (a folder we were given + a path below it) and the only ways to open one: never out of its folder
    place     a finished download's file to its final name: link, reflink or copy, whole or not at all, never over another
    trash     a file and its side files out of the library, and back
    walk      what lies below a root, in batches
    roots     is this still the folder we knew? can two of them share a hard link?
    tree_watch    what changes below a folder, as the kernel tells it
    incoming  the files of a finished download            writers  does somebody still write a file?
    space     bytes free                              pictures  posters, each kept once
    system    the system calls the above use, as one value, so that each can be made to fail
    probe_process, media_facts    what a video is, read in an OS process of its own (the analyzer)

All of it is synchronous and runs in threads; what is refused is a `MydiaError`, told with the path and what to do.
"""
