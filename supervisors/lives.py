"""The lives of a tree: one, and another each time the house is asked to open anew, as when a backup lies ready to be taken.

Whoever asks rings at the mailbox `house.mail["house"]`: a page does, which is itself closed before the answer could be waited for. The
tree is stopped in good order, right to left, and started again as at the beginning: with the settings it began with, and on whatever
database then lies there.
"""

import trio
from loguru import logger

from mydia.house import House
from mydia.otp import Supervisor


async def lives(
    house: House, root: Supervisor, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Run the tree until it is stopped; to stop it between two lives too, cancel. Started when the first life is."""
    loaded = house.loaded
    while await _life(house, root, task_status):
        logger.info("the house opens anew")
        task_status = trio.TASK_STATUS_IGNORED
        house.closing_since = None
        if loaded is not None:
            house.adopt(loaded)


async def _life(house: House, root: Supervisor, task_status: trio.TaskStatus[None]) -> bool:
    """Whether another was asked for."""
    asked = False

    async def listen() -> None:
        nonlocal asked
        bell = house.mail["house"]
        bell.take_ring()  # what was asked for while the last life closed, this one has
        while not bell.take_ring():
            await bell.wait(letters=False)
        asked = True
        house.close()
        await root.stop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(listen)
        await root.run(task_status=task_status)
        nursery.cancel_scope.cancel()
    return asked
