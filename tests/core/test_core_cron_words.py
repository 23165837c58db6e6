"""A schedule in words says what it means, and says nothing that it does not mean."""

import pytest

from mydia.core.cron_words import in_words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("off", "never"),
        ("0 2 * * *", "every day at 02:00"),
        ("30 4,16 * * *", "every day at 04:30 and 16:30"),
        ("0 */6 * * *", "every 6 hours"),
        ("30 */6 * * *", "every 6 hours, 30 minutes past"),
        ("15 * * * *", "every hour, 15 minutes past"),
        ("0 * * * *", "every hour"),
        ("*/5 * * * *", "every 5 minutes"),
        ("*/1 * * * *", "every minute"),
        ("* * * * *", "every minute"),
        ("45 3 * * 0", "Sundays at 03:45"),
        ("45 3 * * 7", "Sundays at 03:45"),
        ("45 3 * * sun,Wed", "Sundays and Wednesdays at 03:45"),
        ("0 12 1 * *", "on day 1 of each month at 12:00"),
        # no short words
        ("0 */7 * * *", "at minute 0, hour */7"),
        ("*/7 * * * *", "at minute */7"),
        ("0 2 * 6 *", "at minute 0, hour 2, month 6"),
        ("0 2 13 * 5", "at minute 0, hour 2, day of the month 13, day of the week 5"),
        ("0 9-17 * * mon-fri", "at minute 0, hour 9-17, day of the week mon-fri"),
    ],
)
def test_a_schedule_is_said_in_words(schedule: str, words: str) -> None:
    assert in_words(schedule) == words
