"""`python -m oneword_client`."""

import sys

from oneword_client.command_line import main

sys.exit(main())
