"""`python -m benchmarks attacks`: what each known attack costs a running studio."""
