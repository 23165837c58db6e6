"""A daemon that may lead no longer: what its database answers when it is asked, as a test wishes."""

import pytest

from mydia.house import House
from tests.support.waiting import eventually


class Lead:
    """`held` says whether this daemon leads; at first it does not. `questions` counts how often that was asked."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held, self.questions = False, 0
        monkeypatch.setattr(house.engine, "leads", self._answer)
        monkeypatch.setattr("mydia.house.DOUBT", 0.01)

    async def _answer(self) -> bool:
        self.questions += 1
        return self.held

    async def asked(self) -> None:
        """Until somebody has asked, was told no, and asks again."""
        before = self.questions

        async def again() -> bool:
            return self.questions >= before + 3

        await eventually(again)
