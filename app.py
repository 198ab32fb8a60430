"""`python app.py` opens the web app, as `extractor serve` does and with the same options."""

import sys

from extractor.cli import main

if __name__ == "__main__":
    sys.exit(main(["serve", *sys.argv[1:]]))
