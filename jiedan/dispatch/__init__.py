"""Who runs jobs and timers: a thread on one machine, a queue on many."""
