"""Evaluation: gold against records, metrics with intervals, kept runs, reports, and calibrations.

Read `samples` (eval sets) and `matching` (gold against one record) first, then `anls` and `baseline`, `metrics` (F1 and
others, with bootstrap intervals), `runs` and `run_identity` (what is kept of a run), `judging` (one document),
`evaluate` (a set), `compare` (two runs), `report` with `text_report`, `html_report` and `curves`; for confidence
`discrimination`, `observations`, `calibration_fit`, `calibrate` and `calibration_text`; for what people approved `gold`
and `reviewed_records`.
"""
