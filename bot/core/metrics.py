"""What the process counts about itself, for `GET /metrics`."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

QUESTIONS = Counter("zhiyuan_questions", "Questions by what was decided and why", ["decision", "reason"])
MATCH_SECONDS = Histogram(
    "zhiyuan_match_seconds",
    "Time to find the topic of a question",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
)
TURN_SECONDS = Histogram(
    "zhiyuan_turn_seconds",
    "Time from taking a turn up to its commit",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
SENDS = Counter("zhiyuan_sends", "Messages that left, by outcome", ["outcome"])
WAITING = Gauge("zhiyuan_waiting", "Rows that wait: updates to be handled, messages to be sent", ["queue"])
KNOWLEDGE_BROKEN = Gauge("zhiyuan_knowledge_broken", "1 while faq/ has problems and an older version serves")
COURIER_STILL = Gauge("zhiyuan_courier_still", "1 while reminders and broadcasts have stood still for ten minutes")
