"""Measuring: predictions against truth and against themselves. docs/evaluation.md has the protocols."""
