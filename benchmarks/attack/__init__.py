"""Attacks: hostile input, faults and load, with what broke, part by part."""
