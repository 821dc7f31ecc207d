"""One handler for each kind of job, each with the five methods that `worker.runner` calls."""
