"""`gradcalc batch`: a stream of requests, a line of answer for each, in order."""
