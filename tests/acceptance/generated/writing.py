"""Writes test files as other projects have them: they want addresses, and know nothing of this project.

Every file is one of the combinations of a driver, a shape of test and a way to read an address; the same number always
gives the same file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

NO_ADDRESS = "postgresql://postgres:postgres@localhost:5432/test"

DATABASE = {
    "required": 'URL = os.environ["DATABASE_URL"]',
    "default": f'URL = os.getenv("DATABASE_URL", "{NO_ADDRESS}")',
    "alternative": f'URL = os.environ.get("DATABASE_URL") or "{NO_ADDRESS}"',
    "parts": """
        HOST, PORT = os.getenv("POSTGRES_HOST", "localhost"), os.getenv("POSTGRES_PORT", "5432")
        USER, PASSWORD = os.getenv("POSTGRES_USER", "postgres"), os.getenv("POSTGRES_PASSWORD", "postgres")
        URL = f"postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{os.getenv('POSTGRES_DB', 'test')}"
        """,
    "libpq": """
        URL = "postgresql://{PGUSER}:{PGPASSWORD}@{PGHOST}:{PGPORT}/{PGDATABASE}".format(**os.environ)
        """,
}
CACHE = {
    "required": 'URL = os.environ["REDIS_URL"]',
    "default": 'URL = os.getenv("REDIS_URL", "redis://localhost:6379/0")',
    "alternative": 'URL = os.environ.get("REDIS_URL") or "redis://localhost:6379"',
    "parts": """
        URL = "redis://:{}@{}:{}/{}".format(
            os.environ.get("REDIS_PASSWORD", ""), os.environ.get("REDIS_HOST", "localhost"),
            os.environ.get("REDIS_PORT", "6379"), os.environ.get("REDIS_DB", "0"),
        )
        """,
}
AUTH = {
    "required": 'URL = os.environ["AUTH_SERVICE_URL"]',
    "default": 'URL = os.getenv("AUTH_SERVICE_URL", "http://localhost:8081")',
}
EVENTS = {
    "required": 'URL, AUTH = os.environ["WEBSOCKET_URL"], os.environ["AUTH_SERVICE_URL"]',
    "default": """
        URL = os.getenv("WEBSOCKET_URL", "ws://localhost:8000/ws")
        AUTH = os.getenv("AUTH_SERVICE_URL", "http://localhost:8081")
        """,
}
SIGN_IN = '{"email": os.environ["TEST_USER_EMAIL"], "password": os.environ["TEST_USER_PASSWORD"]}'


@dataclass(frozen=True)
class Driver:
    """What a test does with one library; ``found`` and ``expected`` are what it compares."""

    imports: str
    addresses: dict[str, str]
    body: str
    is_async: bool = False


DRIVERS = {
    "asyncpg": Driver(
        "import asyncpg",
        DATABASE,
        """
        connection = await asyncpg.connect(URL)
        try:
            await connection.execute("CREATE TABLE orders_@N@ (id serial PRIMARY KEY, total numeric NOT NULL)")
            async with connection.transaction():
                await connection.execute("INSERT INTO orders_@N@ (total) VALUES ($1), ($2)", @N@, 0.5)
            found = float(await connection.fetchval("SELECT sum(total) FROM orders_@N@"))
            expected = @N@ + 0.5
        finally:
            await connection.execute("DROP TABLE orders_@N@")
            await connection.close()
        """,
        True,
    ),
    "asyncpg_pool": Driver(
        "import asyncio\nimport asyncpg",
        DATABASE,
        """
        async with asyncpg.create_pool(URL, min_size=1, max_size=3) as pool:
            async def one(value):
                async with pool.acquire() as connection:
                    return await connection.fetchval("SELECT $1::int * 2", value)
            found = await asyncio.gather(*(one(value) for value in range(5)))
            expected = [0, 2, 4, 6, 8]
        """,
        True,
    ),
    "sqlalchemy": Driver(
        "import sqlalchemy as sa\nfrom sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column",
        DATABASE,
        """
        class Base(DeclarativeBase):
            pass
        class Customer(Base):
            __tablename__ = "customers_@N@"
            id: Mapped[int] = mapped_column(primary_key=True)
            name: Mapped[str]
        engine = sa.create_engine(URL)
        Base.metadata.create_all(engine)
        try:
            with Session(engine) as session:
                session.add_all([Customer(name="Ada"), Customer(name="Bob @N@")])
                session.commit()
                found = session.scalars(sa.select(Customer.name).order_by(Customer.name)).all()
            expected = ["Ada", "Bob @N@"]
        finally:
            Base.metadata.drop_all(engine)
            engine.dispose()
        """,
    ),
    "sqlalchemy_async": Driver(
        "import sqlalchemy as sa\nfrom sqlalchemy.ext.asyncio import create_async_engine",
        DATABASE,
        """
        engine = create_async_engine(URL.replace("postgresql://", "postgresql+asyncpg://"))
        try:
            async with engine.begin() as connection:
                await connection.execute(sa.text("CREATE TABLE notes_@N@ (id int PRIMARY KEY, tags jsonb)"))
                await connection.execute(sa.text("INSERT INTO notes_@N@ VALUES (@N@, '{\\"a\\": [1, 2]}')"))
                found = (await connection.execute(sa.text("SELECT tags->'a'->>1 FROM notes_@N@"))).scalar_one()
                await connection.execute(sa.text("DROP TABLE notes_@N@"))
            expected = "2"
        finally:
            await engine.dispose()
        """,
        True,
    ),
    "psycopg": Driver(
        "import psycopg\nfrom psycopg.rows import dict_row",
        DATABASE,
        """
        with psycopg.connect(URL, row_factory=dict_row) as connection:
            connection.execute("CREATE TEMP TABLE visits_@N@ (page text, seen timestamptz DEFAULT now())")
            connection.execute("INSERT INTO visits_@N@ (page) VALUES (%s)", ("/home/@N@",))
            found = connection.execute("SELECT page FROM visits_@N@").fetchone()
            expected = {"page": "/home/@N@"}
            connection.rollback()
        """,
    ),
    "psycopg_async": Driver(
        "import psycopg",
        DATABASE,
        """
        async with await psycopg.AsyncConnection.connect(URL) as connection:
            try:
                await connection.execute("SELECT 1 / 0")
                found = "no error"
            except psycopg.errors.DivisionByZero as error:
                found = error.sqlstate
            expected = "22012"
        """,
        True,
    ),
    "psycopg2": Driver(
        "import psycopg2\nimport psycopg2.extras",
        DATABASE,
        """
        connection = psycopg2.connect(URL)
        try:
            with connection, connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute("CREATE TABLE stock_@N@ (sku text UNIQUE, amount int CHECK (amount >= 0))")
                cursor.execute("INSERT INTO stock_@N@ VALUES (%s, %s)", ("A", @N@))
                cursor.execute("UPDATE stock_@N@ SET amount = amount + 1 RETURNING amount")
                found = cursor.fetchone()["amount"]
                cursor.execute("DROP TABLE stock_@N@")
            expected = @N@ + 1
        finally:
            connection.close()
        """,
    ),
    "redis": Driver(
        "import redis",
        CACHE,
        """
        client = redis.Redis.from_url(URL, decode_responses=True)
        try:
            with client.pipeline() as pipe:
                pipe.hset("cart:@N@", mapping={"apple": 2}).hincrby("cart:@N@", "apple", 3).expire("cart:@N@", 60)
                pipe.execute()
            found = (client.hgetall("cart:@N@"), 0 < client.ttl("cart:@N@") <= 60)
            expected = ({"apple": "5"}, True)
            client.delete("cart:@N@")
        finally:
            client.close()
        """,
    ),
    "redis_async": Driver(
        "import redis.asyncio as redis",
        CACHE,
        """
        client = redis.from_url(URL, decode_responses=True)
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe("news:@N@")
                await pubsub.get_message(timeout=5)
                await client.publish("news:@N@", "hello @N@")
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
            found, expected = message["data"], "hello @N@"
        finally:
            await client.aclose()
        """,
        True,
    ),
    "httpx": Driver(
        "import httpx",
        AUTH,
        f"""
        with httpx.Client(base_url=URL) as client:
            signed_in = client.post("/auth/login", json={SIGN_IN})
            signed_in.raise_for_status()
            token = signed_in.json()["access_token"]
            me = client.get("/auth/me", headers={{"Authorization": f"Bearer {{token}}"}})
            stranger = client.post("/auth/login", json={{"email": "nobody-@N@@example.com", "password": "x"}})
            found = (me.json()["email"], stranger.status_code, client.get("/auth/me").status_code)
            expected = (os.environ["TEST_USER_EMAIL"], 401, 401)
        """,
    ),
    "httpx_async": Driver(
        "import httpx",
        AUTH,
        f"""
        async with httpx.AsyncClient(base_url=URL) as client:
            signed_in = (await client.post("/auth/login", json={SIGN_IN})).json()
            again = await client.post("/auth/refresh", json={{"refresh_token": signed_in["refresh_token"]}})
            headers = {{"Authorization": "Bearer " + again.json()["access_token"]}}
            await client.post("/auth/logout", headers=headers)
            found = (again.status_code, (await client.get("/auth/me", headers=headers)).status_code)
            expected = (200, 401)
        """,
        True,
    ),
    "websockets": Driver(
        "import json\nimport httpx\nimport websockets",
        EVENTS,
        f"""
        async with httpx.AsyncClient(base_url=AUTH) as client:
            token = (await client.post("/auth/login", json={SIGN_IN})).json()["access_token"]
        found = set()
        async with websockets.connect(URL, subprotocols=["bearer." + token]) as socket:
            await socket.send(json.dumps({{"type": "start_agent", "prompt": "Hello @N@"}}))
            while "agent_completed" not in found:
                found.add(json.loads(await socket.recv())["type"])
        found &= {{"agent_started", "agent_thinking", "agent_completed"}}
        expected = {{"agent_started", "agent_thinking", "agent_completed"}}
        """,
        True,
    ),
}

SYNC_SHAPES = {
    "function": ("", "def test_@NAME@():\n@BODY@    assert found == expected\n"),
    "class": (
        "",
        "class Test@CLASS@:\n    def test_it(self):\n@DEEPER@        assert found == expected\n",
    ),
    "unittest": (
        "import unittest",
        "class @CLASS@Case(unittest.TestCase):\n    def test_it(self):\n@DEEPER@"
        "        self.assertEqual(found, expected)\n\n\n"
        'if __name__ == "__main__":\n    unittest.main()\n',
    ),
    "fixture": (
        "import pytest",
        "@pytest.fixture\ndef seen():\n@BODY@    return found, expected\n\n\n"
        '@pytest.mark.parametrize("which", [0, 1])\n'
        "def test_@NAME@(seen, which):\n    assert seen[which] == seen[1 - which]\n",
    ),
}
ASYNC_SHAPES = {
    "function": (
        "import pytest",
        "@pytest.mark.asyncio\nasync def test_@NAME@():\n@BODY@    assert found == expected\n",
    ),
    "class": (
        "import pytest",
        "@pytest.mark.asyncio\nclass Test@CLASS@:\n    async def test_it(self):\n@DEEPER@"
        "        assert found == expected\n",
    ),
    "unittest": (
        "import unittest",
        "class @CLASS@Case(unittest.IsolatedAsyncioTestCase):\n    async def test_it(self):\n@DEEPER@"
        "        self.assertEqual(found, expected)\n",
    ),
    "run": (
        "import asyncio",
        "async def look():\n@BODY@    return found, expected\n\n\n"
        "def test_@NAME@():\n    found, expected = asyncio.run(look())\n    assert found == expected\n",
    ),
}


def combinations() -> Iterator[tuple[str, str, str]]:
    """The names of driver, shape and address of one file after another, over and over."""
    every = [
        (driver, shape, address)
        for driver, of in DRIVERS.items()
        for shape in (ASYNC_SHAPES if of.is_async else SYNC_SHAPES)
        for address in of.addresses
    ]
    return itertools.cycle(every)


def source(number: int, driver: str, shape: str, address: str) -> str:
    """One file."""
    what = DRIVERS[driver]
    imports, code = (ASYNC_SHAPES if what.is_async else SYNC_SHAPES)[shape]
    body = dedent(what.body).strip("\n") + "\n"
    code = code.replace("@BODY@", indent(body, " " * 4)).replace("@DEEPER@", indent(body, " " * 8))
    name = f"{driver}_{number}"
    code = code.replace("@NAME@", name).replace("@CLASS@", name.title().replace("_", ""))
    modules = sorted({"import os", *what.imports.splitlines(), *imports.splitlines()})
    text = "\n".join([*modules, "", dedent(what.addresses[address]).strip("\n"), "", "", code])
    return text.replace("@N@", str(number))


def write(folder: Path, count: int) -> list[Path]:
    """Write so many files into a folder; gives their paths."""
    written = []
    for number, (driver, shape, address) in zip(range(count), combinations(), strict=False):
        path = folder / driver / f"test_{shape}_{address}_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source(number, driver, shape, address), encoding="utf-8")
        written.append(path)
    return written
