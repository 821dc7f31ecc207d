"""The GPU side: claims jobs from the ledger, teaches and draws. `app` never imports it."""

import os

# libgomp reads this when torch is loaded. Threads of one computation wait for each other by spinning, by default for so
# long that a second program on the same cores makes each step a hundred times slower (`python -m benchmarks crowded`).
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
