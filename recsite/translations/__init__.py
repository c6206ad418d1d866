"""Checking that every string shown to people is translated."""
