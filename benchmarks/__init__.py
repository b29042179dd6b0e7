"""Ratios between what this project does and what the machine can do, both measured in one run. See README.md."""
