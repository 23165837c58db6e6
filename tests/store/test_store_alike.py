"""What the common SQL means on every database: the same rows, in the same order, of the same types."""

from pathlib import Path
from typing import Any

import pytest

from mydia.store.dialect import placeholders, schema
from mydia.store.engine import UNHELD, Connection, among, containing
from mydia.store.transaction import Transaction
from tests.support.house import open_house

NAMES = (
    "Zebra",
    "ant",
    "Äther",
    "äther",
    "Ant",
    "a-b",
    "a b",
    "ab",
    "a_b",
    "10",
    "9",
    "ﬀ",
    "𝔸",
    "～",
    "é",
    "e\u0301",
    "",
    "ß",
    "ss",
    "İ",
)


def keep(tx: Transaction, keys: tuple[str, ...]) -> None:
    tx.execute("delete from settings")
    tx.insert_many("settings", [{"key": key, "value": str(n), "updated_at": ""} for n, key in enumerate(keys)])


async def test_text_is_in_the_order_of_its_code_points(tmp_path: Path) -> None:
    def ordered(conn: Connection) -> list[list[str]]:
        after = "select key from settings where key > :a order by key"
        return [
            [row["key"] for row in conn.all(sql, **params)]
            for sql, params in (
                ("select key from settings order by key", {}),
                ("select key from settings order by coalesce(key, '') desc", {}),
                ("select min(key) as key from settings where key > 'a'", {}),
                (after, {"a": "a"}),
                ("select key from settings where (key, value) > (:a, :v) order by key", {"a": "Z", "v": ""}),
            )
        ]

    async with open_house(tmp_path) as house:
        await house.write(keep, NAMES)
        up = sorted(NAMES)
        assert await house.read(ordered) == [
            up,
            up[::-1],
            [next(k for k in up if k > "a")],
            [k for k in up if k > "a"],
            [k for k in up if k > "Z"],
        ]


async def test_case_is_asciis_alone_and_wildcards_are_letters(tmp_path: Path) -> None:
    found = "select key from settings where lower(key) like lower(:q) escape '!' order by key"
    same = "select key from settings where lower(key) = lower(:q) order by key"

    def look(conn: Connection, sql: str, q: str) -> list[str]:
        return [row["key"] for row in conn.all(sql, q=q)]

    async with open_house(tmp_path) as house:
        await house.write(keep, (*NAMES, "50% off", "a\\b", "it's", "!!"))
        assert await house.read(look, same, "ANT") == ["Ant", "ant"]
        assert await house.read(look, same, "ÄTHER") == ["Äther"]
        assert await house.read(look, found, containing("A_")) == ["a_b"]
        assert await house.read(look, found, containing("%")) == ["50% off"]
        assert await house.read(look, found, containing("A\\B")) == ["a\\b"]
        assert await house.read(look, found, containing("T'S")) == ["it's"]
        assert await house.read(look, found, containing("!")) == ["!!"]
        assert await house.read(look, found, containing("ÄT")) == ["Äther"]


async def test_values_have_the_same_types(tmp_path: Path) -> None:
    sql = """select 1 = 1 as yes, 1 = 2 as no, exists (select 1 from settings) as some, count(*) as n, sum(cast(value as bigint)) as total,
        avg(cast(value as bigint)) as mean, max(key) as last, :none as none, :real as real, 7 / 2 as half, 7 % 4 as rest
        from settings"""

    def types(conn: Connection) -> list[tuple[str, Any, str]]:
        row = conn.one(sql, none=None, real=0.25)
        assert row is not None
        return [(name, value, type(value).__name__) for name, value in row.items()]

    async with open_house(tmp_path) as house:
        await house.write(keep, ("a", "b", "c", "d"))
        assert await house.read(types) == [
            ("yes", 1, "int"),
            ("no", 0, "int"),
            ("some", 1, "int"),
            ("n", 4, "int"),
            ("total", 6, "int"),
            ("mean", 1.5, "float"),
            ("last", "d", "str"),
            ("none", None, "NoneType"),
            ("real", 0.25, "float"),
            ("half", 3, "int"),
            ("rest", 3, "int"),
        ]


async def test_a_parameter_that_may_be_nothing_needs_no_cast(tmp_path: Path) -> None:
    sql = "select count(*) from settings where (:key is null or key = :key) and (:low is null or cast(value as bigint) >= :low)"
    async with open_house(tmp_path) as house:
        await house.write(keep, ("a", "b", "c", "d"))
        asked: list[tuple[str | None, int | None]] = [(None, None), ("b", None), (None, 2), ("b", 2)]
        assert [await house.read(lambda c, k, n: c.value(sql, key=k, low=n), k, n) for k, n in asked] == [4, 1, 2, 0]


async def test_true_is_one_and_large_numbers_are_whole(tmp_path: Path) -> None:
    def around(tx: Transaction) -> list[Any]:
        root = {"id": "r", "path": "/x", "type": "movie", "created_at": tx.now, "updated_at": tx.now}
        tx.insert("library_roots", {**root, "device": 2**63 - 1})
        tx.update("library_roots", "r", device=True)
        one = tx.value("select device from library_roots")
        tx.execute("update library_roots set device = :n", n=2**63 - 1)
        return [one, tx.value("select device from library_roots"), tx.value("select device - 1 from library_roots")]

    async with open_house(tmp_path) as house:
        assert await house.write(around) == [1, 2**63 - 1, 2**63 - 2]


async def test_every_text_comes_back_as_it_was(tmp_path: Path) -> None:
    texts = [
        "'; drop table settings; --",
        "\\",
        "\\'",
        '"',
        "%s %(key)s %%",
        ":key",
        "\x1a0041",
        "\u2028\r\n\t",
        "𝔸" * 500,
    ]

    def around(tx: Transaction) -> list[str]:
        keep(tx, tuple(texts))
        return [row["key"] for row in tx.all("select key from settings order by cast(value as bigint)")]

    async with open_house(tmp_path) as house:
        assert await house.write(around) == texts


async def test_rows_are_counted_and_returned_alike(tmp_path: Path) -> None:
    def count(tx: Transaction) -> list[Any]:
        keep(tx, ("a", "b", "c"))
        add = "insert into settings (key, value, updated_at) values (:key, '', '')"
        rows = [{"key": k, "value": "9"} for k in "abx"]
        match, params = among("key", ["a", "b", "nobody"])
        return [
            tx.execute("update settings set value = '7' where key <> 'a'"),
            tx.execute(f"{add} on conflict do nothing", key="a"),
            tx.execute(
                f"{add} on conflict (key) do update set value = excluded.value where settings.value = 'no'", key="a"
            ),
            tx.value(f"{add} on conflict (key) do update set value = 'new' returning value", key="a"),
            tx.execute_many("update settings set value = :value where key = :key", rows),
            tx.execute(f"delete from settings where {match}", **params),  # noqa: S608 - our own words
            tx.execute("delete from settings where key = 'nobody'"),
        ]

    async with open_house(tmp_path) as house:
        assert await house.write(count) == [2, 0, 0, "new", 2, 2, 0]


@pytest.mark.parametrize(
    ("sql", "written"),
    [
        ("select :a, :b_2", "select %(a)s, %(b_2)s"),
        ("select ':a', \"a:b\", x::text, :a::bigint", "select ':a', \"a:b\", x::text, %(a)s::bigint"),
        ("select 'it''s :a' || :a", "select 'it''s :a' || %(a)s"),
        ("select 5 % :a -- :b %\n/* :c */", "select 5 %% %(a)s -- :b %%\n/* :c */"),
        ("where x like '%a%'", "where x like '%%a%%'"),
        (UNHELD, "for update skip locked"),
        ("lower( :q ) = lower(q)", 'lower( %(q)s collate "C" ) = lower(q)'),
    ],
)
def test_a_parameter_is_found_wherever_it_is_one(sql: str, written: str) -> None:
    assert placeholders(sql) == written


def test_every_text_column_of_a_table_is_in_the_order_of_bytes_and_nothing_else_is_touched() -> None:
    made = "create table t (n {identity}, a text not null check (a in ('text', 'b text')), b double precision, c text)"
    assert schema(made) == (
        'create table t (n bigint generated by default as identity primary key, a text collate "C" not null'
        " check (a in ('text', 'b text')), b double precision, c text collate \"C\")"
    )
    assert schema("alter table t add column d text") == 'alter table t add column d text collate "C"'
    assert schema("insert into t (a) values ('some text')") == "insert into t (a) values ('some text')"
    assert schema("update t set a = cast(b as text)") == "update t set a = cast(b as text)"
