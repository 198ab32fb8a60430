"""Measurement: gold against records, figures with intervals, kept runs, and reports that can be argued with."""
