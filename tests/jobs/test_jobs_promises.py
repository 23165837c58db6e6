"""What a job queue promises, row by row, and the test that holds us to each. Where a test is renamed or goes, this one says which promise
is without a witness.

Left out because they have no meaning here: a leader's lease (a file lock, or the server's own lock that ends with the connection, takes
its place), queues that are started and stopped while the house runs (they are paused and resumed), engines for test modes (tests run the
real actors on real databases).
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent

PROMISES: dict[str, tuple[str, ...]] = {
    "at least once: what was running when its process ended runs again, and is given up when it ends every process": (
        "jobs/test_jobs_lifecycle.py::test_orphans_run_again_at_once_without_losing_an_attempt_and_a_live_owners_never_do",
        "jobs/test_jobs_lifecycle.py::test_a_job_that_ends_every_process_is_given_up_at_last",
        "workers/test_job_actor.py::test_what_another_life_was_doing_is_done_again_at_the_start",
        "workers/test_job_actor.py::test_a_crash_of_the_actor_itself_loses_no_job",
    ),
    "a job is in one state, whatever happens in whatever order, and each end of an attempt is its owner's": (
        "jobs/test_jobs_queues.py::test_whatever_happens_in_whatever_order_a_job_is_in_one_state_and_its_columns_agree",
        "jobs/test_jobs_lifecycle.py::test_an_attempt_that_is_no_longer_its_owners_ends_nothing",
        "workers/test_job_actor.py::test_what_a_handler_raises_decides_what_becomes_of_its_job",
    ),
    "taken in the order of priority, time and age, by one only, when due and not before": (
        "jobs/test_jobs_lifecycle.py::test_the_urgent_first_then_the_longest_due_then_the_oldest_over_all_kinds",
        "jobs/test_jobs_lifecycle.py::test_racing_claims_give_each_job_once",
        "jobs/test_jobs_held.py::test_three_nodes_take_every_job_once_but_the_one_that_is_held",
        "jobs/test_jobs_held.py::test_the_next_most_urgent_is_taken_at_once_and_what_was_held_when_it_is_free",
        "jobs/test_jobs_lifecycle.py::test_what_is_not_due_is_not_claimed",
        "jobs/test_jobs_lifecycle.py::test_what_is_asked_for_all_the_time_reads_only_what_waits",
    ),
    "unique by a real index: by arguments, by state, by period": (
        "store/test_store_writer.py::test_a_thousand_racing_wishes_for_the_same_job_are_one_job",
        "jobs/test_jobs_held.py::test_the_same_wish_from_three_nodes_at_once_is_one_job",
        "store/test_store_writer.py::test_the_order_of_arguments_makes_no_other_wish_but_their_values_do",
        "store/test_store_writer.py::test_jobs_that_are_not_unique_are_each_their_own",
        "store/test_store_writer.py::test_a_hurried_wish_brings_the_waiting_one_forward_and_a_calm_one_does_not",
        "jobs/test_jobs_lifecycle.py::test_a_wish_uttered_while_its_job_runs_runs_once_more_afterwards",
        "jobs/test_jobs_lifecycle.py::test_of_two_same_wishes_the_newer_stands_for_both",
        "jobs/test_jobs_queues.py::test_a_wish_that_the_running_job_grants_is_not_added",
        "jobs/test_jobs_queues.py::test_a_wish_of_a_period_is_granted_once_in_it_however_it_ends",
    ),
    "rescued by who owned it, never by the clock; exhausted attempts are discarded with every error": (
        "jobs/test_jobs_lifecycle.py::test_orphans_run_again_at_once_without_losing_an_attempt_and_a_live_owners_never_do",
        "jobs/test_jobs_lifecycle.py::test_after_its_last_attempt_a_job_is_discarded_with_every_error",
        "journeys/test_nodes.py::test_the_leader_is_killed_under_load_and_nothing_is_lost_or_done_twice",
    ),
    "back-off that grows, with jitter, and what the outside asks for": (
        "core/test_core_backoff.py::test_a_job_waits_fifteen_seconds_and_a_doubling_where_jitter_is_in_the_middle",
        "core/test_core_backoff.py::test_jitter_moves_a_wait_by_a_tenth_at_most",
        "core/test_core_backoff.py::test_waits_never_shorten_as_failures_grow",
        "workers/test_job_actor.py::test_a_job_comes_back_when_its_wait_is_over",
    ),
    "a snooze gives the attempt back and is counted": ("jobs/test_jobs_lifecycle.py::test_a_snooze_is_no_attempt",),
    "the errors of every attempt are kept with their stacks, without secrets": (
        "jobs/test_jobs_lifecycle.py::test_an_error_is_kept_with_its_stack_and_the_job_waits_for_its_back_off",
        "workers/test_job_actor.py::test_a_bug_is_that_jobs_alone_and_its_stack_is_kept_without_secrets",
        "web/test_web_jobs.py::test_a_job_is_looked_into_its_stacks_by_administrators_only",
    ),
    "cancelled, also while it runs; run again; run now": (
        "jobs/test_jobs_lifecycle.py::test_waiting_jobs_are_cancelled_at_once_and_running_ones_are_told",
        "workers/test_job_actor.py::test_a_running_job_is_cancelled_when_a_person_says_so",
        "jobs/test_jobs_lifecycle.py::test_a_job_that_was_told_to_stop_does_not_run_again_however_its_attempt_ends",
        "jobs/test_jobs_asked.py::test_what_a_person_asks_for_again_is_done_now",
        "jobs/test_jobs_lifecycle.py::test_a_person_may_run_again_what_is_over",
        "jobs/test_jobs_lifecycle.py::test_running_again_what_waits_as_another_job_brings_that_one_forward",
        "web/test_web_jobs.py::test_a_schedule_is_run_now_and_says_how_it_went",
    ),
    "progress that a page shows": (
        "jobs/test_jobs_lifecycle.py::test_progress_is_shown_while_a_job_runs_and_forgotten_by_its_next_attempt",
        "workers/test_job_actor.py::test_progress_is_written_but_not_more_often_than_people_look",
        "web/test_web_jobs.py::test_a_running_job_shows_how_far_it_is",
    ),
    "pruned by age, in bites": (
        "jobs/test_jobs_lifecycle.py::test_only_what_is_long_over_is_pruned_and_only_so_much_at_once",
        "workers/test_janitor.py::test_old_jobs_events_and_sessions_go_and_the_rest_stays",
    ),
    "cron: in zones, through both jumps of a clock, after a night asleep, once across a restart, refused in words": (
        "core/test_core_cron.py::test_five_years_of_a_time_of_day_have_one_run_a_day_at_it_or_at_the_end_of_the_jump_that_skips_it",
        "core/test_core_cron.py::test_the_hour_that_comes_twice_has_one_daily_run_even_when_asked_between_the_two",
        "core/test_core_cron.py::test_the_hour_that_is_skipped_runs_once_at_its_end_however_many_times_of_it_are_meant",
        "core/test_core_cron.py::test_what_is_no_schedule_is_refused_in_words",
        "workers/test_scheduler.py::test_a_week_asleep_makes_up_for_it_once",
        "workers/test_scheduler.py::test_a_restart_in_the_minute_of_the_run_doubles_nothing",
        "workers/test_scheduler.py::test_a_clock_set_back_doubles_nothing",
    ),
    "one leads, where there may be several": (
        "store/test_store_sqlite.py::test_a_second_daemon_is_refused_and_told_who_has_the_file",
        "journeys/test_nodes.py::test_the_leader_is_killed_under_load_and_nothing_is_lost_or_done_twice",
    ),
    "woken at once, and by a look each second where a bell was missed": (
        "store/test_store_writer.py::test_an_enqueued_job_rings_its_actor_after_the_commit",
        "workers/test_job_actor.py::test_a_job_is_done_as_soon_as_it_is_enqueued_and_knows_whom_it_is_for",
        "workers/test_job_draining.py::test_a_job_that_nobody_was_told_of_is_found_by_the_next_look",
    ),
    "queues: as many at once as configured over all who share one, changed while it runs, paused and resumed": (
        "workers/test_job_draining.py::test_all_actors_of_a_queue_together_run_as_many_jobs_as_it_is_configured_for",
        "workers/test_job_draining.py::test_a_trade_that_bears_one_at_a_time_leaves_the_rest_of_the_room_to_others",
        "workers/test_job_draining.py::test_a_changed_number_counts_at_once",
        "workers/test_job_draining.py::test_a_paused_queue_begins_nothing_and_goes_on_when_it_is_resumed",
        "jobs/test_jobs_queues.py::test_a_paused_queue_gives_nothing_until_it_is_resumed_restarts_included",
    ),
    "drained at the end: one time for all queues, nothing is begun, what does not finish is put back": (
        "workers/test_job_draining.py::test_when_the_house_closes_running_jobs_finish_and_no_other_is_begun",
        "workers/test_job_draining.py::test_the_time_to_finish_is_one_for_all_actors_and_what_does_not_is_put_back",
        "workers/test_job_actor.py::test_a_job_that_does_not_finish_in_time_is_put_back_by_the_stop",
        "jobs/test_jobs_queues.py::test_who_leaves_puts_back_even_what_it_does_not_know_of",
    ),
    "a database that says no is asked again, and nothing is done twice for it": (
        "workers/test_job_draining.py::test_what_became_of_a_job_is_written_when_the_disk_has_room_again",
        "store/test_store_writer.py::test_a_full_disk_is_said_to_every_caller_and_the_writer_lives",
    ),
    "told to pages and to Prometheus": (
        "store/test_store_writer.py::test_enqueueing_tells_the_pages",
        "peers/test_prometheus.py::test_prometheus_scrapes_the_house_and_finds_every_series",
    ),
}


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_its_witnesses(promise: str) -> None:
    missing = []
    for witness in PROMISES[promise]:
        file, _, name = witness.partition("::")
        path = TESTS / file
        if not path.is_file() or not re.search(rf"^(async )?def {name}\(", path.read_text("utf-8"), re.MULTILINE):
            missing.append(witness)
    assert missing == []
