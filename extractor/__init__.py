"""Structured fields out of messy reports, on your own machine, every value traced to its source."""

__version__ = "0.1.0"
