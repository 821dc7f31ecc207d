"""The GPU side: claims jobs from the ledger, teaches and draws. `app` never imports it."""

import os

# libgomp reads this when torch is loaded. Threads of one computation wait for each other by spinning, then by sleeping.
# By default they spin sixty times as long, and a second program on the same cores makes each step up to fifty times
# slower. Were it a fifth of this, waking up would cost a virtual machine more than its second core brings
# (`python -m benchmarks crowded`). The number of threads stays as it is: with another one sums round otherwise, and a
# picture that is drawn again would not be the same to the bit.
os.environ.setdefault("GOMP_SPINCOUNT", "5000")
