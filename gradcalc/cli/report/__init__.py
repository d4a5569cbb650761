"""`gradcalc report`: the gradcalc blocks of a Markdown file, run and filled in."""
