"""Prove what was delivered: checks over the objects in the bucket, and their reports."""
