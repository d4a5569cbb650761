"""The command line: the only part of gradcalc that reads and writes."""
