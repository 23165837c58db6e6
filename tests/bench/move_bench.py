"""Moving a large house from SQLite to a real PostgreSQL: `python -m tests.bench.move_bench` prints one JSON object.

50,000 titles and 500,000 files (of shows mostly, so that episodes, slots and their joins are there too), about 2.5 million rows. Measured:
rows a second over the whole move (fill, read back and compare, take over), the same for the fill alone, and the most memory that the
moving process ever had. Beside it, the raw driver: COPY of the same files' rows into a table of the same shape, nothing checked. Then
an export to a file and its import, both on SQLite.
"""

import json
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import trio

from migrations import MIGRATIONS
from mydia.store import moving
from mydia.store.dialect import schema
from mydia.store.portable import open_export, write_export
from mydia.store.postgres_whole import PostgresWhole
from mydia.store.schema import pages_of, schema_of
from mydia.store.sqlite import SqliteEngine
from mydia.store.sqlite_whole import SqliteWhole
from tests.support.postgres import running

NOW = "2026-01-31T12:00:00.000000Z"
TITLES, FILES = 50_000, 500_000
OVERVIEW = "A long and quiet film about a house by the sea, and about what those who live there do not say. " * 3


def furnish(path: Path, titles: int, files: int) -> None:
    """A house of that size, by plain SQL: nine files in ten are of shows of a hundred episodes, the rest are films."""
    trio.run(_make, path)
    each = {"n": titles, "shows": files * 9 // 10 // 100, "files": files, "text": OVERVIEW, "now": NOW}
    with closing(sqlite3.connect(path)) as raw:
        for statement in _ROWS:
            raw.execute(statement, each)
        raw.commit()
        raw.execute("pragma wal_checkpoint(truncate)")


async def _make(path: Path) -> None:
    engine = SqliteEngine(path, backups=path.parent / "backups", synchronous="NORMAL")
    await engine.open(NOW)
    await engine.close()


_ROWS = (
    """create temp table numbers as with recursive n(i) as (select 1 union all select i + 1 from n where i < :files) select i from n""",
    "insert into library_roots (id, path, type, created_at, updated_at) values ('root', '/films', 'movie', :now, :now)",
    "insert into quality_profiles (id, name, qualities, created_at, updated_at) values ('profile', 'bench', '[]', :now, :now)",
    """insert into media_items (id, type, title, sort_title, year, overview, runtime, metadata, root_id, folder, created_at, updated_at)
        select printf('0199a0b0-0000-7000-8000-%012d', i), iif(i <= :shows, 'tv_show', 'movie'), 'Title Number ' || i,
            'title number ' || i, 1950 + i % 75, :text, 90, json_object('genres', json_array('Drama', 'Mystery'), 'vote', 7.5),
            'root', 'Title Number ' || i, :now, :now from numbers where i <= :n""",
    """insert into external_ids select type, 'tmdb', id, id from media_items""",
    """insert into media_titles select id, sort_title, title from media_items""",
    """insert into slots (id, media_item_id, quality_profile_id, created_at) select id, id, 'profile', :now from media_items""",
    """insert into episodes (id, media_item_id, season_number, episode_number, title, air_date, overview, created_at, updated_at)
        select m.id || '-' || printf('%03d', i), m.id, 1 + i / 25, i % 25, 'Episode ' || i, '2001-01-01', substr(:text, 1, 120), :now, :now
        from media_items m cross join numbers where m.type = 'tv_show' and i <= 100""",
    """insert into media_files (id, root_id, relative_path, media_item_id, state, size, mtime_ns, inode, quality, resolution, codec,
            audio_codec, audio_channels, languages, bitrate, duration, release_group, scene_name, metadata, created_at, updated_at)
        select e.id, 'root', 'Show/' || e.id || '.1080p.WEB-DL.x264-GROUP.mkv', e.media_item_id,
            'linked', 1500000000, 1700000000000000000, 7, 'WEBDL-1080p', '1080p', 'h264', 'aac', 5.1, '["en"]', 4000000, 2700.5,
            'GROUP', 'Show.S01E01.1080p.WEB-DL.x264-GROUP',
            '{"streams":[{"kind":"video"},{"kind":"audio"}]}', :now, :now from episodes e""",
    """insert into media_files (id, root_id, relative_path, media_item_id, state, size, mtime_ns, inode, quality, resolution, codec,
            audio_codec, audio_channels, languages, bitrate, duration, release_group, scene_name, metadata, created_at, updated_at)
        select printf('0199a0b1-0000-7000-8000-%012d', i), 'root', 'Film ' || i || '/Film.' || i || '.1080p.BluRay.x264-GROUP.mkv',
            printf('0199a0b0-0000-7000-8000-%012d', :shows + 1 + i % (:n - :shows)), 'linked', 8000000000, 1700000000000000000, 7,
            'Bluray-1080p', '1080p', 'h264', 'dts', 5.1, '["en"]', 9000000, 5400.25, 'GROUP', 'Film.1999.1080p.BluRay.x264-GROUP',
            '{"streams":[{"kind":"video"},{"kind":"audio"}]}', :now, :now
        from numbers where i <= :files - (select count(*) from episodes)""",
    "insert into episode_files select id, id from episodes",
    "insert into held_files select media_item_id, id, id from episodes",
    """insert into events (at, type, media_item_id, actor, data)
        select :now, 'file_linked', media_item_id, 'scanner', json_object('file_id', id, 'path', relative_path) from media_files""",
)


def move(source: Path, url: str) -> dict[str, Any]:
    stages: dict[str, float] = {}
    began = time.perf_counter()
    total = 0

    def watch(what: str, done: int, of: int) -> None:
        nonlocal total
        total = of
        stages["filled" if what != "comparing" else "compared"] = time.perf_counter() - began

    target = PostgresWhole(url)
    whole = SqliteWhole(source, source.parent / "backups")
    with whole.alone(), target.alone(), whole.source() as rows:
        moving.bring(rows, target, NOW, watch)
    took = time.perf_counter() - began
    return {
        "rows": total,
        "seconds": round(took, 1),
        "rows_per_second": round(total / took),
        "fill_rows_per_second": round(total / stages["filled"]),
        "fill_seconds": round(stages["filled"], 1),
        "compare_seconds": round(stages["compared"] - stages["filled"], 1),
        "most_memory_mb": most_memory(),
    }


def export_and_import(source: Path) -> dict[str, Any]:
    """Out to a file and in again, on SQLite."""
    folder = source.parent / "again"
    folder.mkdir()
    file, began = folder / "all.gz", time.perf_counter()
    with SqliteWhole(source, folder).source() as rows, file.open("wb") as out:
        count = write_export(rows, out, NOW)
    exported = time.perf_counter()
    target = SqliteWhole(folder / "mydia.db", folder)
    with open_export(file) as lines, target.alone():
        moving.bring(lines, target, NOW, moving.quiet)
    imported = time.perf_counter()
    return {
        "export_rows_per_second": round(count / (exported - began)),
        "export_mb": round(file.stat().st_size / 1e6),
        "import_rows_per_second": round(count / (imported - exported)),
    }


def most_memory() -> int:
    """Megabytes that this process ever had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def raw_copy(source: Path, url: str) -> int:
    """Rows of media_files a second by the driver alone."""
    table = next(t for t in schema_of(MIGRATIONS) if t.name == "media_files")
    columns = ", ".join(table.columns)
    made = ", ".join(f"{c} {k}" for c, k in zip(table.columns, table.kinds, strict=True))
    with closing(sqlite3.connect(source)) as rows, psycopg.connect(url, autocommit=True) as raw:
        raw.execute(schema(f"create table raw_files ({made})").encode())
        began, count = time.perf_counter(), 0
        with raw.cursor() as cursor, cursor.copy(f"copy raw_files ({columns}) from stdin".encode()) as copy:
            for row in rows.execute(pages_of(table, 100_000)[0]):
                copy.write_row(row)
                count += 1
        took = time.perf_counter() - began
        raw.execute("drop table raw_files")
    return round(count / took)


def main() -> None:
    small = "--small" in sys.argv
    titles, files = (TITLES // 50, FILES // 50) if small else (TITLES, FILES)
    with tempfile.TemporaryDirectory() as folder, running() as server:
        source, url = Path(folder) / "mydia.db", server.url(server.create())
        furnish(source, titles, files)
        result = {"titles": titles, "files": files, **move(source, url)}
        result["raw_copy_files_per_second"] = raw_copy(source, url)
        result |= export_and_import(source)
        result["most_memory_mb_in_all"] = most_memory()
        json.dump(result, sys.stdout, indent=2)
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
