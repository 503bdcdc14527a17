"""PostgreSQL under trouble: away, restarted, cut off, slow, in each other's way. Nothing outlasts it."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg  # type: ignore[import-untyped]  # it brings no types
import pytest
import pytest_asyncio
import sqlalchemy as sa

from shipbell import errors
from shipbell.store import Intake, Store, engine, server
from shipbell.store.server import Patience, Server
from tests.postgres.running import PASSWORD, Postgres
from tests.store import examples

_OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@pytest_asyncio.fixture
async def other(server_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of somebody else."""
    connection = await asyncpg.connect(server_url)
    yield connection
    await connection.close()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 20
    while not await holds():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.01)


def _impatient(url: str, **patience: float) -> Server:
    return Server(engine.parse(url), Patience(**patience))


async def _cut(other: asyncpg.Connection) -> None:
    """Ends every connection of the store's, from outside."""
    assert await other.fetchval(f"SELECT count(pg_terminate_backend(pid)) {_OTHERS}")
    await _until(lambda: _none(other, ""))


async def _none(other: asyncpg.Connection, where: str) -> bool:
    return await other.fetchval(f"SELECT count(*) = 0 {_OTHERS} {where}") is True


# Away


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "killed"])
async def test_a_server_that_goes_away_stops_nothing_for_ever(
    postgres: Postgres, server_url: str, how: signal.Signals
) -> None:
    async with await Store.open(server_url) as store:
        await asyncio.gather(*(store.ping() for _ in range(server.CONNECTIONS)))
        with postgres.away(how):
            for _ in range(5):
                with pytest.raises(errors.StoreError, match=r"could not be read: Connection refused"):
                    await store.rollouts()
                with pytest.raises(errors.StoreError, match=r"could not be written: Connection refused"):
                    await examples.save(store, examples.rollout())

        await examples.save(store, examples.rollout())
        assert await store.rollouts() == (examples.rollout(),)


async def test_a_server_that_was_restarted_in_between_is_not_noticed(
    postgres: Postgres, server_url: str
) -> None:
    async with await Store.open(server_url) as store:
        await asyncio.gather(*(store.ping() for _ in range(server.CONNECTIONS)))
        with postgres.away(signal.SIGQUIT):
            pass

        await asyncio.gather(*(store.ping() for _ in range(server.CONNECTIONS)))
        await examples.save(store, examples.rollout())


async def test_connections_that_were_cut_are_replaced(server_url: str, other: asyncpg.Connection) -> None:
    async with await Store.open(server_url) as store:
        await asyncio.gather(*(store.ping() for _ in range(server.CONNECTIONS)))

        await _cut(other)
        await examples.save(store, examples.rollout())
        await _cut(other)
        assert await store.rollouts() == (examples.rollout(),)


async def test_a_transaction_whose_connection_is_cut_is_run_again_from_its_beginning(
    server_url: str, other: asyncpg.Connection
) -> None:
    inside, go_on, runs = threading.Event(), threading.Event(), list[object]()

    def record(intake: Intake) -> None:
        runs.append(intake.memory(examples.workload()))
        intake.save(examples.memory(examples.rollout()))
        intake.write()
        inside.set()
        assert go_on.wait(10)
        intake.write()
        intake.memory(examples.workload())

    async with await Store.open(server_url) as store:
        saving = asyncio.create_task(store.take(record))
        await asyncio.to_thread(inside.wait, 10)
        await _cut(other)
        go_on.set()
        await saving

        assert runs == [None, None]
        assert await store.rollouts() == (examples.rollout(),)


async def test_a_connection_that_breaks_in_a_commit_leaves_it_open_whether_it_was_made(
    server_url: str, other: asyncpg.Connection
) -> None:
    await other.execute("""
        CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON channels
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION give_up();
    """)

    async with await Store.open(server_url) as store:
        with pytest.raises(errors.StoreError, match="broke during a commit: it may have been made"):
            await store.remember_channel("default", "#deployments", "C1", examples.NOW)

        assert await store.channel_id("default", "#deployments") is None


# Slow


async def test_a_statement_that_takes_too_long_is_given_up(server_url: str) -> None:
    database = _impatient(server_url, statement=0.1)

    with pytest.raises(errors.StoreError, match="statement timeout"):
        await database.read(lambda connection: connection.execute(sa.text("SELECT pg_sleep(30)")))
    await database.close()


async def test_an_answer_that_never_comes_is_given_up(server_url: str) -> None:
    database = _impatient(server_url, answer=0.1)

    with pytest.raises(errors.StoreError, match=r"could not be read: no answer in time"):
        await database.read(lambda connection: connection.execute(sa.text("SELECT pg_sleep(30)")))
    assert await database.read(lambda connection: connection.scalar(sa.text("SELECT 1"))) == 1
    await database.close()


class _Network:
    """What lies between a store and its server; can swallow everything that is sent."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._tasks = set[asyncio.Task[None]]()
        self.swallows = False

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection("127.0.0.1", self._port)
        for pair in ((reader, there[1]), (there[0], writer)):
            self._tasks.add(asyncio.create_task(self._carry(*pair)))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if not self.swallows:
                    writer.write(data)
        writer.close()

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_a_network_that_swallows_everything_stops_nothing_for_ever(
    postgres: Postgres, server_url: str
) -> None:
    network = _Network(postgres.port)
    listening = await asyncio.start_server(network.connect, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    url = server_url.replace(f":{postgres.port}", f":{port}")
    store = Store(_impatient(url, answer=0.2, connect=0.2))
    await examples.save(store, examples.rollout())

    network.swallows = True
    for _ in range(3):
        with pytest.raises(errors.StoreError, match="no answer in time"):
            await store.rollouts()
        with pytest.raises(errors.StoreError, match="no answer in time"):
            await examples.save(store, examples.rollout())
    network.swallows = False

    assert await store.rollouts() == (examples.rollout(),)
    await store.close()
    listening.close()
    await network.end()


async def test_a_server_that_may_only_be_read_is_looked_for_anew(
    server_url: str, other: asyncpg.Connection
) -> None:
    database = str(await other.fetchval("SELECT current_database()"))
    async with await Store.open(server_url) as store:
        await asyncio.gather(*(store.ping() for _ in range(server.CONNECTIONS)))
        await other.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        await _cut(other)
        with pytest.raises(errors.StoreError, match="read-only transaction"):
            await examples.save(store, examples.rollout())

        # Whoever connects from now on finds the one that may be written.
        await other.execute("SET default_transaction_read_only = off")
        await other.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = off")
        await examples.save(store, examples.rollout())


async def test_a_frozen_replica_holds_nobody_up(server_url: str, other: asyncpg.Connection) -> None:
    frozen, thawed, runs = threading.Event(), threading.Event(), list[int]()

    def freeze(connection: sa.Connection) -> None:
        runs.append(len(runs))
        connection.execute(sa.text("LOCK TABLE workloads"))
        if len(runs) == 1:
            frozen.set()
            assert thawed.wait(10)
        connection.execute(sa.text("SELECT 1"))

    database = _impatient(server_url, idle=0.2)
    freezing = asyncio.create_task(database.write(freeze))
    await asyncio.to_thread(frozen.wait, 10)
    async with other.transaction():
        await other.execute("LOCK TABLE workloads")  # returns when the frozen one has lost its lock
    thawed.set()
    await freezing
    await database.close()

    assert runs == [0, 1]


async def test_who_waits_too_long_for_a_connection_is_told_so(
    server_url: str, other: asyncpg.Connection
) -> None:
    database = _impatient(server_url, turn=0.1)
    await other.execute("SELECT pg_advisory_lock(1)")

    async def hold() -> None:
        await database.read(
            lambda connection: connection.execute(sa.text("SELECT pg_advisory_lock_shared(1)"))
        )

    holders = [asyncio.create_task(hold()) for _ in range(server.CONNECTIONS)]
    await _until(lambda: _is_waiting(other, server.CONNECTIONS))
    with pytest.raises(errors.StoreError, match="limit"):
        await hold()
    await other.execute("SELECT pg_advisory_unlock(1)")
    await asyncio.gather(*holders)
    await database.close()


async def test_long_work_does_not_hold_up_the_callers_loop(server_url: str) -> None:
    go_on = threading.Event()
    async with await Store.open(server_url) as store:
        working = asyncio.create_task(store.take(lambda _: go_on.wait(10)))
        await asyncio.sleep(0)
        go_on.set()

        assert await working


# In each other's way


async def test_reads_do_not_wait_for_a_write_but_writes_do(
    server_url: str, other: asyncpg.Connection
) -> None:
    async with await Store.open(server_url) as store:
        await examples.save(store, examples.rollout())
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT * FROM workloads FOR UPDATE")

        assert len(await store.rollouts()) == 1
        waiting = asyncio.create_task(store.take(lambda intake: intake.memory(examples.workload())))
        await _until(lambda: _is_waiting(other))
        assert not waiting.done()
        await transaction.commit()
        assert await waiting is not None


async def _is_waiting(other: asyncpg.Connection, count: int = 1) -> bool:
    waiting = await other.fetchval(f"SELECT count(*) {_OTHERS} AND wait_event_type = 'Lock'")
    return bool(waiting == count)


async def test_a_plan_that_a_migration_spoilt_is_made_anew(
    server_url: str, other: asyncpg.Connection
) -> None:
    async with await Store.open(server_url) as store:
        await examples.begin(store, examples.rollout())
        await store.next_due(examples.NOW)
        claim = await examples.claim(store)
        await other.execute("ALTER TABLE deliveries ADD COLUMN novelty TEXT, ALTER COLUMN error TYPE VARCHAR")

        assert await examples.tell(store, claim)
        assert len(await store.deliveries_of(claim.rollout.id)) == 1


async def test_an_error_in_the_work_is_the_callers(server_url: str) -> None:
    async with await Store.open(server_url) as store:
        runs = list[Intake]()

        def fail(intake: Intake) -> None:
            runs.append(intake)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await store.take(fail)
        assert len(runs) == 1


# Connecting


async def test_closing_waits_for_what_runs_and_leaves_no_connection(
    server_url: str, other: asyncpg.Connection
) -> None:
    store = await Store.open(server_url)
    go_on = threading.Event()
    working = asyncio.create_task(store.take(lambda _: go_on.wait(10)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    go_on.set()

    await closing

    assert await working
    await _until(lambda: _none(other, ""))


async def test_the_server_knows_who_is_connected_and_what_the_url_asks_for(
    server_url: str, other: asyncpg.Connection
) -> None:
    plain, special = (
        Server(engine.parse(server_url)),
        Server(engine.parse(f"{server_url}?application_name=x")),
    )
    names = sa.text("SELECT current_setting('application_name'), current_setting('statement_timeout')")

    assert await plain.read(lambda c: tuple(c.execute(names).one())) == ("shipbell", "15s")
    assert await special.read(lambda c: tuple(c.execute(names).one())) == ("x", "15s")
    await plain.close()
    await special.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ((PASSWORD, "hunter3"), "password authentication failed"),
        (("/test_", "/no_"), "does not exist"),
        (("127.0.0.1", "127.0.0.2"), "Connection refused"),
        (("127.0.0.1", "no-such-host.invalid"), "."),
        (("test_", "test_?sslmode=require&x="), "SSL"),
        (("test_", "x?sslmode=perhaps&x="), "."),
    ],
)
async def test_what_cannot_be_connected_to_says_why_without_the_password(
    server_url: str, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(errors.StoreError, match=words) as caught:
        await Store.open(server_url.replace(*change))

    assert "hunter" not in str(caught.value)
    assert str(caught.value).startswith("the store postgresql://shipbell:***@")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+asyncpg"])
async def test_other_names_of_the_scheme_mean_the_same(server_url: str, scheme: str) -> None:
    async with await Store.open(server_url.replace("postgresql", scheme)) as store:
        await store.ping()


def test_a_query_in_the_url_is_not_shown_but_for_the_place() -> None:
    parsed = engine.parse("postgresql:///shipbell?host=/run/postgresql&password=hunter2&user=x")

    assert server.shown(parsed) == "postgresql:///shipbell?host=%2Frun%2Fpostgresql"
