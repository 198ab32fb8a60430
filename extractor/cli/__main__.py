"""Run the command line: `python -m extractor.cli` is the same as `extractor`."""

import sys

from extractor.cli import main

sys.exit(main())
