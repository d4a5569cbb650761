"""Programs over a range, drawn: a format is one module with a `render(found, style)` function."""
